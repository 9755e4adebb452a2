/** Conversions between map units, the plane and pixels. Pure. */

/** @import { Insets, Size, Transform, View } from "../data/types.js" */

/** Side of the plane. Map units are divided by 64 to give D3's transform readable numbers. */
export const PLANE_SIZE = 1024;
const UNITS_PER_PLANE = 64;
const MAX_UNIT = 65535;

/** Minimum extent of a view (map units), for a single track or many on one spot. */
const MIN_EXTENT = 8192;

/** @param {number} x  map units */
export const planeX = (x) => x / UNITS_PER_PLANE;

/** @param {number} y  map units */
export const planeY = (y) => (MAX_UNIT - y) / UNITS_PER_PLANE;

/** @param {number} x  plane */
export const mapX = (x) => x * UNITS_PER_PLANE;

/** @param {number} y  plane */
export const mapY = (y) => MAX_UNIT - y * UNITS_PER_PLANE;

/** Returns the map units per pixel. @param {Transform} transform */
export const unitsPerPixel = (transform) => UNITS_PER_PLANE / transform.k;

/**
 * @param {Transform} transform
 * @param {number} x  map units
 * @param {number} y  map units
 * @returns {[number, number]} pixels
 */
export function toScreen(transform, x, y) {
  return [planeX(x) * transform.k + transform.x, planeY(y) * transform.k + transform.y];
}

/**
 * @param {Transform} transform
 * @param {number} left  pixels
 * @param {number} top  pixels
 * @returns {[number, number]} map units
 */
export function toMap(transform, left, top) {
  return [mapX((left - transform.x) / transform.k), mapY((top - transform.y) / transform.k)];
}

/**
 * Returns the visible part of the map.
 *
 * @param {Transform} transform
 * @param {Size} size
 * @param {number} margin  pixels around the window that count as visible
 * @returns {[number, number, number, number]} x0, y0, x1, y1 in map units
 */
export function visibleExtent(transform, size, margin) {
  const [x0, y1] = toMap(transform, -margin, -margin);
  const [x1, y0] = toMap(transform, size.width + margin, size.height + margin);
  return [x0, y0, x1, y1];
}

/**
 * Returns the transform that fits an extent into the free part of the window.
 *
 * @param {readonly [number, number, number, number]} extent  x0, y0, x1, y1 in map units
 * @param {Size} size
 * @param {Insets} insets
 * @returns {Transform}
 */
export function fitTransform(extent, size, insets) {
  const [x0, y0, x1, y1] = extent;
  const width = planeX(Math.max(x1 - x0, MIN_EXTENT));
  const height = planeX(Math.max(y1 - y0, MIN_EXTENT));
  const free = freeArea(size, insets);
  const k = Math.min(free.width / width, free.height / height);
  return centeredTransform((x0 + x1) / 2, (y0 + y1) / 2, k, size, insets);
}

/**
 * Returns the side of a square that is as large as an extent on the screen, in pixels. Unlike the window's size, it tells how much room
 * panels and the map's shape leave for names.
 *
 * @param {readonly [number, number, number, number]} extent  x0, y0, x1, y1 in map units
 * @param {number} scale
 */
export function sideOf([x0, y0, x1, y1], scale) {
  return planeX(Math.sqrt(Math.max(x1 - x0, MIN_EXTENT) * Math.max(y1 - y0, MIN_EXTENT))) * scale;
}

/**
 * Returns the extent of some tracks, without outliers.
 *
 * @param {{x: ArrayLike<number>, y: ArrayLike<number>}} positions  map units
 * @param {readonly number[]} tracks  at least one
 * @param {number} [strays]  share of tracks to leave out at each end
 * @returns {[number, number, number, number]} x0, y0, x1, y1 in map units
 */
export function extentOfMost({ x, y }, tracks, strays = 0.05) {
  const [across, up] = [x, y].map((axis) => Float64Array.from(tracks, (track) => axis[track]).sort());
  const [low, high] = [strays, 1 - strays].map((share) => Math.round(share * (tracks.length - 1)));
  return [across[low], up[low], across[high], up[high]];
}

/**
 * Returns the transform at scale k that centers a position in the free part of the window.
 *
 * @param {number} x  map units
 * @param {number} y  map units
 * @param {number} k
 * @param {Size} size
 * @param {Insets} insets
 * @returns {Transform}
 */
export function centeredTransform(x, y, k, size, insets) {
  const free = freeArea(size, insets);
  return {
    k,
    x: insets.left + free.width / 2 - planeX(x) * k,
    y: insets.top + free.height / 2 - planeY(y) * k,
  };
}

/**
 * Returns the zoom factor, relative to the whole map, for a single track: about twenty other tracks would be in view if they were evenly
 * distributed.
 *
 * @param {number} count  tracks on the map
 */
export const closeUp = (count) => Math.min(6, Math.max(2.5, Math.sqrt(count / 20)));

/**
 * Returns the view of a transform, independent of the window size.
 *
 * @param {Transform} transform
 * @param {Size} size
 * @param {Insets} insets
 * @returns {View}
 */
export function viewOf(transform, size, insets) {
  const free = freeArea(size, insets);
  const [x, y] = toMap(transform, insets.left + free.width / 2, insets.top + free.height / 2);
  return { x, y, span: Math.min(free.width, free.height) * unitsPerPixel(transform) };
}

/**
 * @param {View} view
 * @param {Size} size
 * @param {Insets} insets
 * @returns {Transform}
 */
export function transformOfView({ x, y, span }, size, insets) {
  const free = freeArea(size, insets);
  return centeredTransform(x, y, (Math.min(free.width, free.height) * UNITS_PER_PLANE) / span, size, insets);
}

/**
 * @param {Size} size
 * @param {Insets} insets
 * @returns {Size}
 */
function freeArea(size, insets) {
  return {
    width: Math.max(80, size.width - insets.left - insets.right),
    height: Math.max(80, size.height - insets.top - insets.bottom),
  };
}
