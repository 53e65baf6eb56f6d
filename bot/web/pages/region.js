// The mask editor: pointer, fingers and keyboard paint marks over the picture; Submit sends the mask and nothing else.
// Never here: what a mark is (marks.js) and where the picture is on the screen (view.js).

import { Marks, boxOf, sheet } from "./marks.js";
import { View } from "./view.js";

const SMALLEST = 0.0005; // a share below it is a slip of the finger
const EDGE = 2; // how thick the line around the selection is, in pixels of its shade
const SLIP = 3; // a drag of fewer screen pixels is no rectangle
const STEP = 8; // picture pixels per arrow key at full size; Shift makes it ten times as far

const editor = document.getElementById("editor");
const board = document.getElementById("board");
const said = editor.dataset;
const width = Number(said.width);
const height = Number(said.height);
const context = board.getContext("2d");
const marks = new Marks(width, height);
const view = new View(width, height);
const picture = new Image();
const shade = sheet(1, 1, { willReadFrequently: false });
const edge = sheet(1, 1, { willReadFrequently: false });

let tool = "rectangle";
let brush = 30; // per mille of the longer side
let unfinished = null; // the mark that is being drawn
let cursor = null; // the keyboard's place, in picture pixels
let fingers = new Map();
let pinch = null;
let dragging = null;
let marksChanged = true;
let drawing = false;

// -- drawing ------------------------------------------------------------------------------------------------

function redraw() {
  if (!drawing) requestAnimationFrame(draw);
  drawing = true;
}

function draw() {
  drawing = false;
  const ratio = window.devicePixelRatio || 1;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, view.roomWidth, view.roomHeight);
  const place = [view.left, view.top, width * view.scale, height * view.scale];
  if (picture.complete && picture.naturalWidth) context.drawImage(picture, ...place);
  if (marksChanged || unfinished) paintShade();
  context.drawImage(shade.canvas, ...place);
  if (unfinished) outline(unfinished);
  if (cursor && document.activeElement === board) cross(view.toScreen(cursor));
}

/** The selection as people see it: a tint that stands out from light and dark pictures alike. */
function paintShade() {
  const scale = Math.min(1, 1024 / Math.max(width, height));
  const size = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
  if (shade.canvas.width !== size[0] || shade.canvas.height !== size[1]) {
    for (const { canvas } of [shade, edge]) [canvas.width, canvas.height] = size;
  }
  marks.paint(shade, scale, unfinished && unfinished.points.length ? unfinished : null);
  if (!unfinished) paintEdge(size);
  shade.globalCompositeOperation = "source-in";
  shade.fillStyle = "rgba(235, 64, 120, .5)";
  shade.fillRect(0, 0, ...size);
  shade.globalCompositeOperation = "source-over";
  if (!unfinished) shade.drawImage(edge.canvas, 0, 0);
  marksChanged = Boolean(unfinished);
}

/** A white line around what is marked: its own shape, grown a little, without itself. */
function paintEdge(size) {
  edge.globalCompositeOperation = "source-over";
  edge.clearRect(0, 0, ...size);
  for (const right of [-EDGE, 0, EDGE]) {
    for (const down of [-EDGE, 0, EDGE]) edge.drawImage(shade.canvas, right, down);
  }
  edge.globalCompositeOperation = "destination-out";
  edge.drawImage(shade.canvas, 0, 0);
}

function outline(mark) {
  context.save();
  context.lineWidth = 2;
  context.strokeStyle = "#fff";
  context.setLineDash([6, 4]);
  if (mark.tool === "rectangle") {
    const box = boxOf(mark.points);
    const corner = view.toScreen(box);
    context.strokeRect(corner.x, corner.y, box.width * view.scale, box.height * view.scale);
  } else if (mark.tool === "lasso") {
    context.beginPath();
    mark.points.map((point) => view.toScreen(point)).forEach(({ x, y }, n) => (n ? context.lineTo(x, y) : context.moveTo(x, y)));
    context.stroke();
  }
  context.restore();
}

function cross({ x, y }) {
  for (const [colour, thick] of [["#000", 4], ["#fff", 2]]) {
    context.strokeStyle = colour;
    context.lineWidth = thick;
    context.beginPath();
    context.moveTo(x - 12, y);
    context.lineTo(x + 12, y);
    context.moveTo(x, y - 12);
    context.lineTo(x, y + 12);
    context.stroke();
  }
}

// -- saying -------------------------------------------------------------------------------------------------

function say(words) {
  document.getElementById("share").textContent = words;
}

function trouble(words) {
  const place = document.getElementById("trouble");
  place.textContent = words;
  place.hidden = !words;
}

function fill(words, values) {
  return words.replace(/\[(\w+)\]/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** Say what is selected, and open Submit only for what can be repainted. */
function tally(before = "") {
  const share = marks.share();
  const nothing = share < SMALLEST;
  const all = share > 0.9995;
  document.getElementById("submit").disabled = nothing || all;
  const percent = Math.min(99, Math.max(1, Math.round(share * 100)));
  const now = nothing ? said.saidNothing : all ? said.saidAll : fill(said.saidSelected, { percent });
  say(before ? `${before} ${now}` : now);
  document.querySelector("[data-do=undo]").disabled = !marks.canUndo;
  document.querySelector("[data-do=redo]").disabled = !marks.canRedo;
  document.querySelector("[data-do=clear]").disabled = nothing;
  marksChanged = true;
  redraw();
}

// -- tools --------------------------------------------------------------------------------------------------

function choose(name) {
  finish({ keep: false });
  tool = name;
  board.dataset.tool = name;
  document.getElementById("size").disabled = name !== "brush" && name !== "eraser";
  for (const button of document.querySelectorAll("[data-tool]:not(canvas)")) {
    const chosen = button.dataset.tool === name;
    button.setAttribute("aria-checked", String(chosen));
    button.tabIndex = chosen ? 0 : -1;
  }
  redraw();
}

function size() {
  return Math.max(2, (brush / 200) * Math.max(width, height) * 0.5);
}

function within({ x, y }) {
  return { x: Math.min(Math.max(x, 0), width), y: Math.min(Math.max(y, 0), height) };
}

function begin(point) {
  trouble("");
  editor.dataset.begun = "";
  const at = within(point);
  unfinished = { tool, points: tool === "rectangle" ? [at, at] : [at], size: size() };
  redraw();
}

function lead(point) {
  const at = within(point);
  if (unfinished.tool === "rectangle") unfinished.points[1] = at;
  else unfinished.points.push(at);
  redraw();
}

/** End the mark that is being drawn; what is too small to be meant leaves nothing, and nothing is said of it. */
function finish({ keep = true } = {}) {
  const mark = unfinished;
  if (!mark) return;
  unfinished = null;
  if (keep && isMeant(mark)) marks.add(mark);
  tally();
}

function isMeant({ tool: kind, points }) {
  if (kind === "brush" || kind === "eraser") return points.length > 0;
  if (kind === "lasso" && points.length < 3) return false;
  const xs = points.map(({ x }) => x);
  const ys = points.map(({ y }) => y);
  const across = (Math.max(...xs) - Math.min(...xs)) * view.scale;
  const down = (Math.max(...ys) - Math.min(...ys)) * view.scale;
  return across >= SLIP && down >= SLIP;
}

const DEEDS = {
  undo() {
    marks.undo();
    tally(said.saidUndone);
  },
  redo() {
    marks.redo();
    tally(said.saidRedone);
  },
  clear() {
    marks.clear();
    tally(said.saidCleared);
  },
  nearer: () => zoom(1.4),
  farther: () => zoom(1 / 1.4),
  whole() {
    view.whole();
    redraw();
  },
};

function zoom(factor, x, y) {
  view.zoom(factor, x, y);
  redraw();
}

// -- pointer and fingers --------------------------------------------------------------------------------------

function spot(event) {
  const place = board.getBoundingClientRect();
  return { x: event.clientX - place.left, y: event.clientY - place.top };
}

// A ring around the board helps those who came there by key, and only those.
for (const [event, input] of [["pointerdown", "pointer"], ["keydown", "keys"]]) {
  document.addEventListener(event, () => (document.documentElement.dataset.input = input), { capture: true });
}

board.addEventListener("pointerdown", (event) => {
  event.preventDefault();
  board.focus({ preventScroll: true });
  board.setPointerCapture(event.pointerId);
  const at = spot(event);
  fingers.set(event.pointerId, at);
  cursor = null;
  if (fingers.size === 2) {
    finish({ keep: false }); // the first finger's mark was the beginning of a pinch
    dragging = null;
    pinch = pinched();
  } else if (fingers.size === 1 && (tool === "hand" || event.button === 1)) {
    dragging = at;
  } else if (fingers.size === 1 && event.button === 0) {
    begin(view.toPicture(at.x, at.y));
  }
});

board.addEventListener("pointermove", (event) => {
  if (!fingers.has(event.pointerId)) return;
  const at = spot(event);
  fingers.set(event.pointerId, at);
  if (pinch && fingers.size === 2) {
    const now = pinched();
    view.zoom(now.span / pinch.span, now.x, now.y);
    view.pan(now.x - pinch.x, now.y - pinch.y);
    pinch = now;
    redraw();
  } else if (dragging) {
    view.pan(at.x - dragging.x, at.y - dragging.y);
    dragging = at;
    redraw();
  } else if (unfinished) {
    for (const step of event.getCoalescedEvents?.() ?? []) {
      const passed = spot(step);
      if (unfinished.tool !== "rectangle") lead(view.toPicture(passed.x, passed.y));
    }
    lead(view.toPicture(at.x, at.y));
  }
});

for (const name of ["pointerup", "pointercancel"]) {
  board.addEventListener(name, (event) => {
    if (!fingers.delete(event.pointerId)) return;
    dragging = null;
    if (fingers.size < 2) pinch = null;
    if (fingers.size === 0) finish({ keep: name === "pointerup" });
  });
}

function pinched() {
  const [one, other] = [...fingers.values()];
  return {
    x: (one.x + other.x) / 2,
    y: (one.y + other.y) / 2,
    span: Math.max(1, Math.hypot(one.x - other.x, one.y - other.y)),
  };
}

board.addEventListener(
  "wheel",
  (event) => {
    event.preventDefault();
    const { x, y } = spot(event);
    zoom(Math.exp(-event.deltaY / 400), x, y);
  },
  { passive: false },
);

// -- keyboard -------------------------------------------------------------------------------------------------

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const TOOLS = { r: "rectangle", l: "lasso", b: "brush", e: "eraser", h: "hand" };

board.addEventListener("keydown", (event) => {
  const arrow = ARROWS[event.key];
  if (arrow && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    walk(arrow, event.shiftKey ? 10 : 1);
  } else if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    stamp();
  } else if (event.key === "Escape") {
    finish({ keep: false });
  }
});

document.addEventListener("keydown", (event) => {
  if (event.target.matches?.("input, textarea") || editor.hidden) return;
  const key = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) {
    const deed = key === "z" ? (event.shiftKey ? "redo" : "undo") : key === "y" ? "redo" : null;
    if (deed) {
      event.preventDefault();
      click(deed);
    }
  } else if (TOOLS[key]) choose(TOOLS[key]);
  else if (key === "+" || key === "=") click("nearer");
  else if (key === "-") click("farther");
  else if (key === "0") click("whole");
  else if (key === "delete") click("clear");
  else if (key === "[" || key === "]") resizeBrush(brush + (key === "]" ? 5 : -5));
});

/** A key does what its button does: nothing, while that is off. */
function click(deed) {
  document.querySelector(`[data-do=${deed}]`).click();
}

function walk([right, down], times) {
  if (tool === "hand") {
    view.pan(-right * 40 * times, -down * 40 * times);
    redraw();
    return;
  }
  const step = Math.max(1, (STEP * times) / Math.max(1, view.scale / view.wholeScale));
  const from = cursor ?? { x: width / 2, y: height / 2 };
  cursor = within({ x: from.x + right * step, y: from.y + down * step });
  view.reveal(cursor);
  if (unfinished) lead(cursor);
  say(fill(said.saidCursor, { x: Math.round(cursor.x), y: Math.round(cursor.y) }));
  redraw();
}

/** Enter: begins and ends a rectangle, sets a corner of a lasso (on its first corner it closes), dabs with a brush. */
function stamp() {
  cursor ??= { x: width / 2, y: height / 2 };
  if (tool === "rectangle") {
    if (unfinished) finish();
    else {
      begin(cursor);
      say(said.saidCorner);
    }
  } else if (tool === "lasso") {
    const [first] = unfinished?.points ?? [];
    const near = first && Math.hypot(first.x - cursor.x, first.y - cursor.y) <= STEP;
    if (!unfinished) {
      begin(cursor);
      say(said.saidPoint);
    } else if (near && unfinished.points.length > 2) finish();
    else {
      lead(cursor);
      say(said.saidPoint);
    }
  } else if (tool !== "hand") {
    begin(cursor);
    finish();
  }
  redraw();
}

// -- the bar ----------------------------------------------------------------------------------------------------

for (const button of document.querySelectorAll("button[data-tool]")) {
  button.addEventListener("click", () => choose(button.dataset.tool));
}

document.querySelector("[role=radiogroup]").addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const all = [...document.querySelectorAll("button[data-tool]")];
  const next = all[(all.indexOf(event.target) + step + all.length) % all.length];
  choose(next.dataset.tool);
  next.focus();
});

const more = document.getElementById("more");
const unfold = (open) => more.setAttribute("aria-expanded", String(open));
more.addEventListener("click", () => unfold(more.getAttribute("aria-expanded") === "false"));
board.addEventListener("pointerdown", () => {
  unfold(false);
  document.getElementById("keys").open = false;
});
document.querySelector(".tools").addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  if (document.getElementById("extras").contains(event.target)) (more.offsetParent ? more : board).focus();
  unfold(false);
  document.getElementById("keys").open = false;
});
document.getElementById("trouble").addEventListener("click", () => trouble(""));

for (const button of document.querySelectorAll("[data-do]")) {
  button.addEventListener("click", () => DEEDS[button.dataset.do]());
}

function resizeBrush(to) {
  brush = Math.min(100, Math.max(1, to));
  document.getElementById("size").value = String(brush);
}

document.getElementById("size").addEventListener("input", (event) => resizeBrush(Number(event.target.value)));

// -- sending ----------------------------------------------------------------------------------------------------

/** The mask alone, or with the words beside it where the page asks for any. */
async function parcel() {
  const [mask, field] = [await marks.png(), document.getElementById("words")];
  if (!field) return { body: mask, headers: { "Content-Type": "image/png" } };
  const form = new FormData();
  form.append("mask", mask, "mask.png");
  form.append("words", field.value);
  return { body: form };
}

document.getElementById("submit").addEventListener("click", async (event) => {
  const button = event.currentTarget;
  button.disabled = true;
  trouble("");
  say(said.saidSending);
  let words = said.saidOffline;
  try {
    const answer = await fetch(said.submit, {
      method: "POST",
      ...(await parcel()),
      credentials: "omit",
      referrerPolicy: "no-referrer",
    });
    const told = await answer.json();
    words = told.said;
    if (answer.ok) {
      editor.hidden = true;
      document.getElementById("done-words").textContent = words;
      const done = document.getElementById("done");
      done.hidden = false;
      done.focus();
      return;
    }
  } catch {
    // Offline, or the answer was not ours: nothing is lost, the mask is still here.
  }
  trouble(words);
  tally();
});

// -- beginning --------------------------------------------------------------------------------------------------

new ResizeObserver(([entry]) => {
  const first = board.width === 300 && board.height === 150; // a canvas that nobody sized yet
  const ratio = window.devicePixelRatio || 1;
  const room = entry.contentRect;
  board.width = Math.max(1, Math.round(room.width * ratio));
  board.height = Math.max(1, Math.round(room.height * ratio));
  view.resize(room.width, room.height, { first });
  draw();
}).observe(board.parentElement);

picture.addEventListener("load", () => {
  editor.dataset.ready = "yes";
  redraw();
});
picture.addEventListener("error", () => trouble(said.saidPicture));
picture.src = said.picture;
choose("rectangle");
tally();
