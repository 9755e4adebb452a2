/** The boundaries layer: soft shapes in the color of each group, around its dense areas. */

import { MovableCanvas } from "./canvas.js";
import { withAlpha } from "../ui/palette.js";
import { planeX, planeY } from "./viewport.js";

/** @import { Group, ThemeName, Transform } from "../data/types.js" */

const FILL = { light: 0.1, dark: 0.11 };
const STROKE = { light: 0.5, dark: 0.45 };

/** Returns the opacity of boundaries. @param {ThemeName} theme */
export const boundaryOpacity = (theme) => ({ fill: FILL[theme], stroke: STROKE[theme] });

/**
 * Returns the rings as one smooth path on the plane. A ring's points become control points between the midpoints of its sides.
 *
 * @template {Pick<Path2D, "moveTo" | "quadraticCurveTo" | "closePath">} Path
 * @param {readonly number[][]} rings
 * @param {Path} path  takes them
 */
export function traceRings(rings, path) {
  for (const ring of rings) {
    const count = ring.length / 2;
    if (count < 3) continue;
    const x = (/** @type {number} */ i) => planeX(ring[2 * (i % count)]);
    const y = (/** @type {number} */ i) => planeY(ring[2 * (i % count) + 1]);
    path.moveTo((x(0) + x(1)) / 2, (y(0) + y(1)) / 2);
    for (let i = 1; i <= count; i++) {
      path.quadraticCurveTo(x(i), y(i), (x(i) + x(i + 1)) / 2, (y(i) + y(i + 1)) / 2);
    }
    path.closePath();
  }
  return path;
}

export class BoundariesLayer extends MovableCanvas {
  /** @type {WeakMap<Group, Path2D>} */
  #paths = new WeakMap();

  /** @param {Group} group */
  #pathOf(group) {
    let path = this.#paths.get(group);
    if (!path) {
      path = traceRings(group.boundaries, new Path2D());
      this.#paths.set(group, path);
    }
    return path;
  }

  /**
   * @param {Transform} transform
   * @param {readonly Group[]} groups
   * @param {(group: number) => string} colorOfGroup
   * @param {ThemeName} theme
   */
  draw(transform, groups, colorOfGroup, theme) {
    this.clear();
    this.context.transform(transform.k, 0, 0, transform.k, transform.x, transform.y);
    this.context.lineWidth = 1.25 / transform.k;
    this.context.lineJoin = "round";
    for (const group of groups) {
      const color = colorOfGroup(group.index);
      const path = this.#pathOf(group);
      this.context.fillStyle = withAlpha(color, FILL[theme]);
      this.context.fill(path, "evenodd");
      this.context.strokeStyle = withAlpha(color, STROKE[theme]);
      this.context.stroke(path);
    }
    this.present(transform);
    this.follow(transform);
  }
}
