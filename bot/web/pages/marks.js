// What was painted: marks in the picture's own pixels, with undo, and the mask that they make.
// Never here: the screen, the pointer and the network.

/** A mark is {tool, points: [{x, y}, …], size}: a rectangle has two points, the others as many as were drawn. */
export class Marks {
  #done = [];
  #undone = [];

  constructor(width, height) {
    this.width = width;
    this.height = height;
  }

  get all() { return this.#done; }
  get canUndo() { return this.#done.length > 0; }
  get canRedo() { return this.#undone.length > 0; }

  add(mark) {
    this.#done.push(mark);
    this.#undone = [];
  }

  undo() {
    if (this.canUndo) this.#undone.push(this.#done.pop());
  }

  redo() {
    if (this.canRedo) this.#done.push(this.#undone.pop());
  }

  /** Clearing is a mark like any other, so that it can be undone. */
  clear() {
    this.add({ tool: "clear", points: [], size: 0 });
  }

  /** Paint all marks white on a transparent canvas whose pixels are `scale` of the picture's. */
  paint(context, scale, unfinished = null) {
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, context.canvas.width, context.canvas.height);
    context.setTransform(scale, 0, 0, scale, 0, 0);
    for (const mark of unfinished ? [...this.#done, unfinished] : this.#done) paintMark(context, mark);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.globalCompositeOperation = "source-over";
  }

  /** The share of the picture that is selected, 0 to 1, to about a thousandth. */
  share() {
    const side = 96;
    const context = sheet(side, side);
    context.save();
    this.paintInto(context, side / this.width, side / this.height);
    const seen = context.getImageData(0, 0, side, side).data;
    let alpha = 0;
    for (let at = 3; at < seen.length; at += 4) alpha += seen[at];
    return alpha / 255 / (side * side);
  }

  paintInto(context, across, down) {
    context.setTransform(across, 0, 0, down, 0, 0);
    for (const mark of this.#done) paintMark(context, mark);
    context.setTransform(1, 0, 0, 1, 0, 0);
  }

  /** A PNG of the picture's exact size: black ground, pure white selection, nothing between. */
  async png() {
    const context = sheet(this.width, this.height);
    this.paint(context, 1);
    const pixels = context.getImageData(0, 0, this.width, this.height);
    const data = pixels.data;
    for (let at = 0; at < data.length; at += 4) {
      const level = data[at + 3] >= 128 ? 255 : 0;
      data[at] = data[at + 1] = data[at + 2] = level;
      data[at + 3] = 255;
    }
    context.putImageData(pixels, 0, 0);
    return await new Promise((resolve) => context.canvas.toBlob(resolve, "image/png"));
  }
}

export function sheet(width, height, how = { willReadFrequently: true }) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  return canvas.getContext("2d", how);
}

function paintMark(context, { tool, points, size }) {
  context.globalCompositeOperation = tool === "eraser" || tool === "clear" ? "destination-out" : "source-over";
  context.fillStyle = context.strokeStyle = "#fff";
  context.lineCap = context.lineJoin = "round";
  context.lineWidth = size;
  context.beginPath();
  if (tool === "clear") {
    context.save();
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillRect(0, 0, context.canvas.width, context.canvas.height);
    context.restore();
  } else if (tool === "rectangle") {
    const { x, y, width, height } = boxOf(points);
    context.fillRect(x, y, width, height);
  } else if (tool === "lasso") {
    trace(context, points);
    context.closePath();
    context.fill();
  } else if (points.length === 1) {
    context.arc(points[0].x, points[0].y, size / 2, 0, 2 * Math.PI);
    context.fill();
  } else {
    trace(context, points);
    context.stroke();
  }
  context.globalCompositeOperation = "source-over";
}

function trace(context, points) {
  points.forEach(({ x, y }, n) => (n ? context.lineTo(x, y) : context.moveTo(x, y)));
}

/** The whole pixels between two corners, whichever way they were dragged. */
export function boxOf([one, other = one]) {
  const x = Math.floor(Math.min(one.x, other.x));
  const y = Math.floor(Math.min(one.y, other.y));
  return {
    x,
    y,
    width: Math.ceil(Math.max(one.x, other.x)) - x,
    height: Math.ceil(Math.max(one.y, other.y)) - y,
  };
}
