/** Caches lines of text as bitmaps. Stroking halos again would take most of a frame that is full of names. */

/** Maximum number of cached sprites, several times what one view can show. */
const MAX_SPRITES = 1200;

/**
 * @typedef {object} TextLook
 * @property {string} font
 * @property {number} [tracking]  letter spacing in pixels, if the browser supports it
 * @property {string} color  #rrggbb
 * @property {string} halo  #rrggbb
 * @property {number} haloWidth  pixels
 * @property {number} height  pixels, of the line
 */

/** @typedef {{image: HTMLCanvasElement, width: number, pad: number}} Sprite  width of the text, and padding for its halo, pixels */

export class TextSprites {
  /** @type {Map<string, Sprite>} */
  #sprites = new Map();
  #ruler = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));
  /** @type {Map<string, number>} */
  #widths = new Map();

  /** @param {string} font  @param {string} text  @param {number} [tracking]  pixels  @returns {number} pixels */
  widthOf(font, text, tracking = 0) {
    const key = `${font}\n${tracking}\n${text}`;
    let width = this.#widths.get(key);
    if (width === undefined) {
      if (this.#widths.size > 4 * MAX_SPRITES) this.#widths.clear();
      this.#ruler.font = font;
      this.#ruler.letterSpacing = `${tracking}px`;
      width = this.#ruler.measureText(text).width;
      this.#widths.set(key, width);
    }
    return width;
  }

  /**
   * @param {string} text
   * @param {TextLook} look
   * @param {number} ratio  device pixels per pixel
   * @returns {Sprite}
   */
  get(text, look, ratio) {
    const key = `${look.font}\n${look.tracking}\n${look.color}\n${look.halo}\n${ratio}\n${text}`;
    let sprite = this.#sprites.get(key);
    if (!sprite) {
      if (this.#sprites.size >= MAX_SPRITES) this.#sprites.clear();
      sprite = this.#draw(text, look, ratio);
      this.#sprites.set(key, sprite);
    }
    return sprite;
  }

  /**
   * @param {string} text
   * @param {TextLook} look
   * @param {number} ratio
   * @returns {Sprite}
   */
  #draw(text, { font, tracking = 0, color, halo, haloWidth, height }, ratio) {
    const pad = haloWidth;
    const width = this.widthOf(font, text, tracking);
    const image = document.createElement("canvas");
    image.width = Math.max(1, Math.ceil((width + 2 * pad) * ratio));
    image.height = Math.ceil((height + 2 * pad) * ratio);
    const context = /** @type {CanvasRenderingContext2D} */ (image.getContext("2d"));
    context.scale(ratio, ratio);
    context.font = font;
    context.letterSpacing = `${tracking}px`;
    context.textBaseline = "middle";
    context.lineJoin = "round";
    context.lineWidth = haloWidth;
    context.strokeStyle = halo;
    context.globalAlpha = 0.85;
    context.strokeText(text, pad, pad + height / 2);
    context.globalAlpha = 1;
    context.fillStyle = color;
    context.fillText(text, pad, pad + height / 2);
    return { image, width, pad };
  }
}
