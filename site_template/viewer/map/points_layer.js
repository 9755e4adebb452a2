/** The points layer. Pictures are painted in slices while the last finished one is moved. */

import { MovableCanvas } from "./canvas.js";
import { packedPixel } from "../ui/palette.js";
import { LARGEST } from "./hit.js";
import { Picture } from "./picture.js";
import { RANK } from "../state/appearance.js";
import { blended, createBrush, translucentPaint, solidPaint } from "./splat.js";
import { shadeByDensity, tiersOf } from "./tiers.js";
import { unitsPerPixel, visibleExtent } from "./viewport.js";

/** @import { Grid } from "../data/grid.js" */
/** @import { Appearance } from "../state/appearance.js" */
/** @import { Brush, Paint } from "./splat.js" */
/** @import { Tier } from "./tiers.js" */
/** @import { Size, Theme, Transform } from "../data/types.js" */

/** Margin in device pixels around the canvas, larger than the largest brush, so that discs at the edge need no clipping. */
const MARGIN = 40;

/** Shading of dense areas: lighter in the dark theme, darker in the light theme. */
const SHADE = { dark: { pixel: packedPixel("#ffffff"), most: 0.55 }, light: { pixel: packedPixel("#0a1020"), most: 0.42 } };
/** Opacity of hidden and dimmed points, of 255. */
const FAINT = { hidden: 16, dimmed: 88 };
/** Painting time per frame: for the first picture, while the map moves, and while it rests. */
const BUDGET_MS = { first: 120, moving: 2.5, resting: 11 };
/** While the map moves, the next picture is started when the last one is stretched this much, or this close to its edge (pixels). */
const NEXT_PICTURE = { stretch: 1.04, spare: 64 };
/** Typical distance of neighbors, in pixels, from which on points are separate and need no shading. */
const APART = 2.5;
const MAX_BRUSHES = 256;
/** If painting took longer, the picture is shown in the next frame. */
const SHORT_MS = 1.5;

/**
 * Returns the radius of a point: a share of the typical distance of neighbors, within limits.
 *
 * @param {number} spacing  typical distance of neighbors, pixels
 * @returns {number} pixels
 */
export function pointRadius(spacing) {
  return Math.min(6.5, Math.max(0.75, 0.55 * spacing ** 0.75));
}

/** Rounds a radius to steps, so that sized points need few brushes at any zoom. @param {number} radius  pixels */
const inSteps = (radius) => 1.05 ** Math.round(Math.log(radius) / Math.log(1.05));

export class PointsLayer extends MovableCanvas {
  #grid;
  #spacing;
  /** @type {Tier[]} */
  #tiers = [];
  /** Tiers that are not shaded yet. @type {Tier[]} */
  #unshaded = [];
  #shade = SHADE.dark;
  /** @type {Size} */
  #size = { width: 0, height: 0 };
  #image = new ImageData(1, 1);
  #pixels = new Int32Array(1);
  /** Whether the pixels are new and blank. Clearing them would take as long as painting, because memory is allocated on first access. */
  #areBlank = true;
  #paints = { hidden: translucentPaint(FAINT.hidden), dimmed: translucentPaint(FAINT.dimmed), solid: solidPaint(0) };
  #emphasis = 1;
  #isSized = false;
  /** Cached brushes: large ones are slow to make, and are needed again at every zoom. @type {Map<string, Brush>} */
  #made = new Map();
  /** The picture being painted. @type {{transform: Transform, picture: Picture, isFinished: boolean} | null} */
  #pending = null;
  /** Whether the picture on the canvas is up to date, for any transform. */
  #fresh = false;
  #wasShown = false;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {Grid} grid
   */
  constructor(canvas, grid) {
    super(canvas);
    this.#grid = grid;
    this.#spacing = grid.typicalSpacing();
  }

  /** Sets new positions; call `style` next. @param {Grid} grid */
  place(grid) {
    this.#grid = grid;
    this.#spacing = grid.typicalSpacing();
  }

  /**
   * @param {Size} size
   * @param {number} ratio  device pixels per pixel
   */
  resize(size, ratio) {
    super.resize(size, ratio);
    this.#size = size;
    this.#image = new ImageData(this.extent.width + 2 * MARGIN, this.extent.height + 2 * MARGIN);
    this.#pixels = new Int32Array(this.#image.data.buffer);
    this.#areBlank = true;
    this.#pending = null;
    this.#made.clear();
  }

  forget() {
    super.forget();
    this.#fresh = false;
    this.#pending = null;
  }

  /**
   * @param {Appearance} appearance
   * @param {(group: number) => string} colorOfGroup
   * @param {Theme} theme
   * @param {boolean} emphasized  whether the shown points are highlighted among dimmed ones
   */
  applyStyle(appearance, colorOfGroup, theme, emphasized) {
    const pixelOf = (/** @type {number} */ group) => packedPixel(colorOfGroup(group));
    this.#tiers = tiersOf(this.#grid, appearance, pixelOf, Object.keys(RANK).length);
    this.#unshaded = [...this.#tiers];
    this.#shade = SHADE[theme.name];
    this.#isSized = appearance.size !== null;
    this.#paints.solid = solidPaint(packedPixel(theme.background));
    this.#emphasis = emphasized ? 1.35 : 1;
    this.#pending = null;
    this.#fresh = false;
  }

  /** Returns whether the canvas is up to date for this transform. @param {Transform} transform */
  isCurrent(transform) {
    return this.#fresh && super.isCurrent(transform);
  }

  /**
   * Paints for some milliseconds, and shows the picture when it is finished. Call it in every frame until `isCurrent`.
   *
   * @param {Transform} transform
   * @param {boolean} isMoving
   */
  advance(transform, isMoving) {
    const start = performance.now();
    // Paint the first picture in one go if that is short, because there is nothing yet that it could block.
    const isFirst = !this.#wasShown;
    const deadline = start + (isFirst ? BUDGET_MS.first : isMoving ? BUDGET_MS.moving : BUDGET_MS.resting);
    const { stretch, spare } = NEXT_PICTURE;
    const isDue = !this.#fresh || !(isMoving ? this.covers(transform, this.#size, stretch, spare) : this.isCurrent(transform));
    const isLate = () => performance.now() > deadline;
    if (isDue && this.#isShaded(transform) && !this.#shadeUntil(isFirst ? () => false : isLate)) return this.follow(transform);
    if (!this.#pending && isDue) this.#pending = { transform, picture: this.#begin(transform), isFinished: false };
    if (this.#pending && !this.#pending.isFinished) {
      this.#pending.isFinished = this.#pending.picture.advance(isLate);
    }
    const wasShort = isFirst || performance.now() <= start + SHORT_MS;
    if (this.#pending?.isFinished && wasShort) {
      this.fit();
      this.context.putImageData(this.#image, -MARGIN, -MARGIN);
      this.present(this.#pending.transform);
      this.#fresh = true;
      this.#pending = null;
      // For measurements: performance.getEntriesByName("map-shown").
      if (!this.#wasShown) performance.mark("map-shown");
      this.#wasShown = true;
    }
    this.follow(transform);
  }

  /** Returns whether points are shaded. Sized and separate points need no shading. @param {Transform} transform */
  #isShaded(transform) {
    return !this.#isSized && this.spacingAt(transform) < APART;
  }

  /** @param {() => boolean} isLate  @returns {boolean}  whether all tiers are shaded */
  #shadeUntil(isLate) {
    const { pixel, most } = this.#shade;
    const shade = (/** @type {number} */ plain, /** @type {number} */ share) => blended(plain, pixel, Math.round(255 * most * share));
    for (let tier; !isLate() && (tier = this.#unshaded.pop()); ) shadeByDensity(tier, this.#grid.columns, shade);
    return this.#unshaded.length === 0;
  }

  /** @param {Transform} transform */
  #begin(transform) {
    const { ratio, overscan } = this;
    const stride = this.#image.width;
    const target = { pixels: this.#pixels, stride, height: this.#image.height };
    if (!this.#areBlank) target.pixels.fill(0);
    this.#areBlank = false;
    const perUnit = ratio / unitsPerPixel(transform);
    const projection = {
      scaleX: perUnit,
      scaleY: -perUnit,
      x: (transform.x + overscan) * ratio + MARGIN,
      y: (transform.y + overscan) * ratio + MARGIN + 65535 * perUnit,
    };
    const extent = visibleExtent(transform, this.#size, overscan + MARGIN / ratio);
    const brushOf = this.#brushes(transform, stride);
    const isDense = this.#isShaded(transform);
    const strokes = this.#tiers.flatMap((tier) => {
      const runs = this.#grid.runs(...extent, tier.starts);
      return runs.length > 0 ? [{ points: isDense ? { ...tier, color: tier.shadedColor } : tier, runs, ...brushOf(tier) }] : [];
    });
    return new Picture(target, projection, strokes);
  }

  /**
   * @param {Transform} transform
   * @param {number} stride
   * @returns {(tier: Tier) => {brush: Brush, paint: Paint}}
   */
  #brushes(transform, stride) {
    const { ratio } = this;
    const { hidden, dimmed, solid } = this.#paints;
    return ({ rank, growth }) => {
      const { radius, outline } = this.lookAt(transform, rank, growth);
      const name = `${radius} ${outline} ${ratio} ${stride}`;
      const brush = this.#made.get(name) ?? createBrush(radius * ratio, outline * ratio, stride);
      if (this.#made.size >= MAX_BRUSHES) this.#made.clear();
      this.#made.set(name, brush);
      return { brush, paint: rank === RANK.HIDDEN ? hidden : rank === RANK.DIMMED ? dimmed : solid };
    };
  }

  /**
   * Returns the appearance of points of a rank: pixels, and 0..1.
   *
   * @param {Transform} transform
   * @param {number} rank
   * @param {number} growth  factor of their radius
   */
  lookAt(transform, rank, growth) {
    const radius = this.radiusAt(transform);
    if (rank <= RANK.DIMMED) return { radius: Math.min(radius * 0.8, 3), outline: 0, opacity: (rank === RANK.HIDDEN ? FAINT.hidden : FAINT.dimmed) / 255 };
    const grown = radius * growth * (rank === RANK.QUIET ? 0.8 : this.#emphasis);
    const outline = radius * growth > 2.4 ? 0.9 : 0;
    return { radius: growth === 1 ? grown : Math.min(inSteps(grown), LARGEST, (MARGIN - 2) / this.ratio - 1), outline, opacity: 1 };
  }

  /**
   * @param {Transform} transform
   * @returns {number} pixels
   */
  radiusAt(transform) {
    return pointRadius(this.spacingAt(transform));
  }

  /**
   * @param {Transform} transform
   * @returns {number} typical distance of neighbors, pixels
   */
  spacingAt(transform) {
    return this.#spacing / unitsPerPixel(transform);
  }
}
