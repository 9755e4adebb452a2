/** A drawing surface that writes SVG: code that draws on a canvas can also draw a saved picture. */

import { MIDDLE, rounded, textNode } from "./svg_text.js";

const ANCHORS = { left: "start", start: "start", center: "middle", end: "end", right: "end" };

/** Implements the canvas methods that the layers use, with the same initial state. */
export class Pen {
  fillStyle = "#000000";
  strokeStyle = "#000000";
  lineWidth = 1;
  lineJoin = /** @type {CanvasLineJoin} */ ("miter");
  lineCap = /** @type {CanvasLineCap} */ ("butt");
  globalAlpha = 1;
  font = "400 10px sans-serif";
  textAlign = /** @type {CanvasTextAlign} */ ("start");
  textBaseline = /** @type {CanvasTextBaseline} */ ("alphabetic");
  #dashes = /** @type {number[]} */ ([]);
  /** The current transform to pixels. */
  #plane = { k: 1, x: 0, y: 0 };
  #path = "";
  /** Functions that restore saved states, as a stack. @type {(() => void)[]} */
  #saved = [];
  /** The shapes, from bottom to top. @type {string[]} */
  #nodes = [];

  get svg() {
    return this.#nodes.join("");
  }

  save() {
    const [look, dashes, plane] = [{ ...this }, this.#dashes, this.#plane];
    this.#saved.push(() => {
      Object.assign(this, look);
      [this.#dashes, this.#plane] = [dashes, plane];
    });
  }

  restore() {
    this.#saved.pop()?.();
  }

  /** Supports only uniform scaling and translation. @type {CanvasTransform["transform"]} */
  transform(scale, _b, _c, _d, x, y) {
    const { k, x: left, y: top } = this.#plane;
    this.#plane = { k: k * scale, x: left + k * x, y: top + k * y };
  }

  /** @param {number[]} dashes */
  setLineDash(dashes) {
    this.#dashes = dashes;
  }

  beginPath() {
    this.#path = "";
  }

  /** @param {number} x  @param {number} y */
  moveTo(x, y) {
    this.#add("M", x, y);
  }

  /** @param {number} x  @param {number} y */
  lineTo(x, y) {
    this.#add(this.#path ? "L" : "M", x, y);
  }

  /** @param {number} cx  @param {number} cy  @param {number} x  @param {number} y */
  quadraticCurveTo(cx, cy, x, y) {
    this.#add("Q", cx, cy, x, y);
  }

  closePath() {
    this.#path += "Z";
  }

  /** Adds a full circle; no layer draws partial ones. @param {number} x  @param {number} y  @param {number} radius */
  arc(x, y, radius) {
    this.roundRect(x - radius, y - radius, 2 * radius, 2 * radius, radius);
  }

  /** @param {number} x  @param {number} y  @param {number} width  @param {number} height  @param {number} radius  @satisfies {CanvasPath["roundRect"]} */
  roundRect(x, y, width, height, radius = 0) {
    const [right, bottom, r] = [x + width, y + height, Math.min(radius, width / 2, height / 2)];
    const corner = (/** @type {number} */ toX, /** @type {number} */ toY) => {
      this.#path += `A${rounded(r * this.#plane.k)} ${rounded(r * this.#plane.k)} 0 0 1 `;
      this.#add("", toX, toY);
    };
    this.#add("M", x + r, y);
    this.#add("L", right - r, y);
    corner(right, y + r);
    this.#add("L", right, bottom - r);
    corner(right - r, bottom);
    this.#add("L", x + r, bottom);
    corner(x, bottom - r);
    this.#add("L", x, y + r);
    corner(x + r, y);
    this.closePath();
  }

  /** @param {CanvasFillRule} [rule] */
  fill(rule = "nonzero") {
    this.#shape(`fill="${this.fillStyle}" fill-rule="${rule}"`);
  }

  stroke() {
    this.#shape(`fill="none" ${this.#strokeLook()}`);
  }

  /** @param {string} text  @param {number} x  @param {number} y */
  fillText(text, x, y) {
    this.#text(text, x, y, `fill="${this.fillStyle}"`);
  }

  /** @param {string} text  @param {number} x  @param {number} y */
  strokeText(text, x, y) {
    this.#text(text, x, y, `fill="none" ${this.#strokeLook()}`);
  }

  /** @param {HTMLCanvasElement} image  @param {number} x  @param {number} y  @param {number} width  @param {number} height  @satisfies {CanvasDrawImage["drawImage"]} */
  drawImage(image, x, y, width, height) {
    const { k } = this.#plane;
    const [left, top] = this.#place(x, y);
    try {
      this.#nodes.push(`<image x="${left}" y="${top}" width="${rounded(width * k)}" height="${rounded(height * k)}" href="${image.toDataURL()}"${this.#alpha()}/>`);
    } catch (reason) {
      // A page opened from disk can show an image, but not read its pixels, so the point below it is drawn instead.
      if (!(reason instanceof DOMException)) throw reason;
    }
  }

  /** @param {number} x  @param {number} y */
  #place(x, y) {
    const { k, x: left, y: top } = this.#plane;
    return [rounded(x * k + left), rounded(y * k + top)];
  }

  /** @param {string} command  @param {...number} points  x, y, x, y, ... */
  #add(command, ...points) {
    const places = [];
    for (let i = 0; i < points.length; i += 2) places.push(...this.#place(points[i], points[i + 1]));
    this.#path += command + places.join(" ");
  }

  #alpha() {
    return this.globalAlpha < 1 ? ` opacity="${this.globalAlpha}"` : "";
  }

  #strokeLook() {
    const { k } = this.#plane;
    const dashes = this.#dashes.length > 0 ? ` stroke-dasharray="${this.#dashes.map((dash) => rounded(dash * k)).join(" ")}"` : "";
    return `stroke="${this.strokeStyle}" stroke-width="${Math.round(100 * this.lineWidth * k) / 100}" stroke-linejoin="${this.lineJoin}" stroke-linecap="${this.lineCap}"${dashes}`;
  }

  /** @param {string} look  attributes */
  #shape(look) {
    if (this.#path) this.#nodes.push(`<path d="${this.#path}" ${look}${this.#alpha()}/>`);
  }

  /** @param {string} text  @param {number} x  @param {number} y  @param {string} look  attributes */
  #text(text, x, y, look) {
    const [weight, size] = this.font.split(" ");
    const { k } = this.#plane;
    const px = parseFloat(size) * k;
    const [left, middle] = this.#place(x, y);
    const base = this.textBaseline === "middle" ? middle + MIDDLE * px : middle;
    this.#nodes.push(textNode(text, left, base, `font-size="${rounded(px)}" font-weight="${weight}" text-anchor="${ANCHORS[this.textAlign]}" ${look}${this.#alpha()}`));
  }
}
