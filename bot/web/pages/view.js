// Where the picture is on the screen: zoom, pan, and the way from a screen point to a picture's pixel and back.
// Never here: marks and tools.

const NEAREST = 16;

export class View {
  scale = 1;
  left = 0;
  top = 0;

  constructor(width, height) {
    this.width = width;
    this.height = height;
    this.roomWidth = width;
    this.roomHeight = height;
  }

  /** The room changed its size: what was in the middle stays there; at first the whole picture is shown. */
  resize(roomWidth, roomHeight, { first = false } = {}) {
    const wasWhole = first || this.isWhole;
    this.roomWidth = roomWidth;
    this.roomHeight = roomHeight;
    if (wasWhole) this.whole();
    else this.#hold();
  }

  get wholeScale() {
    return Math.min(this.roomWidth / this.width, this.roomHeight / this.height);
  }

  get isWhole() {
    return Math.abs(this.scale - this.wholeScale) < 1e-6;
  }

  whole() {
    this.scale = this.wholeScale;
    this.#hold();
  }

  /** Zoom by a factor; the point of the screen under the pointer or between two fingers stays where it is. */
  zoom(factor, x = this.roomWidth / 2, y = this.roomHeight / 2) {
    const before = this.toPicture(x, y);
    this.scale = Math.min(Math.max(this.scale * factor, this.wholeScale), NEAREST);
    this.left = x - before.x * this.scale;
    this.top = y - before.y * this.scale;
    this.#hold();
  }

  pan(x, y) {
    this.left += x;
    this.top += y;
    this.#hold();
  }

  /** Bring a pixel into sight: the keyboard's cursor must not leave the screen. */
  reveal({ x, y }, margin = 24) {
    const seen = this.toScreen({ x, y });
    this.pan(
      Math.max(margin - seen.x, 0) - Math.max(seen.x - this.roomWidth + margin, 0),
      Math.max(margin - seen.y, 0) - Math.max(seen.y - this.roomHeight + margin, 0),
    );
  }

  toPicture(x, y) {
    return { x: (x - this.left) / this.scale, y: (y - this.top) / this.scale };
  }

  toScreen({ x, y }) {
    return { x: x * this.scale + this.left, y: y * this.scale + this.top };
  }

  /** A smaller picture is centred, a larger one covers the room. */
  #hold() {
    const hold = (at, size, room) => (size <= room ? (room - size) / 2 : Math.min(0, Math.max(room - size, at)));
    this.left = hold(this.left, this.width * this.scale, this.roomWidth);
    this.top = hold(this.top, this.height * this.scale, this.roomHeight);
  }
}
