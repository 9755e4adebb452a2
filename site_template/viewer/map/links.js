/** The lines of the marks layer: from the pinned track to its nearest neighbors, and along a path. */

/** @import { Surface } from "./canvas.js" */
/** @import { Theme } from "../data/types.js" */
/**
 * @typedef {object} Links  all lines to draw
 * @property {number} track  start of the lines to the neighbors
 * @property {readonly {track: number, isElsewhere: boolean}[]} neighbors  neighbors of that track
 * @property {readonly number[]} path  tracks in order
 * @property {ReadonlySet<number>} hard  indices in the path after which the transition is hard
 */

const DASHES = [2, 5];

/**
 * @param {Surface} context  with pixels as its unit
 * @param {Links} links
 * @param {(track: number) => [number, number]} positionOf  pixels
 * @param {Theme} theme
 */
export function drawLinks(context, { track, neighbors, path, hard }, positionOf, theme) {
  context.save();
  context.strokeStyle = theme.accent;
  context.lineJoin = context.lineCap = "round";
  for (const { track: other, isElsewhere } of neighbors) {
    context.globalAlpha = isElsewhere ? 0.55 : 0.8;
    context.lineWidth = isElsewhere ? 1 : 1.5;
    context.setLineDash(isElsewhere ? DASHES : []);
    trace(context, [positionOf(track), positionOf(other)]);
  }
  const corners = path.map(positionOf);
  context.setLineDash([]);
  for (const [color, width, alpha] of /** @type {const} */ ([[theme.background, 6, 0.75], [theme.accent, 2.25, 0.95]])) {
    Object.assign(context, { strokeStyle: color, lineWidth: width, globalAlpha: alpha });
    let from = 0;
    for (const index of [...hard].filter((each) => each + 1 < corners.length)) {
      trace(context, corners.slice(from, index + 1));
      context.setLineDash(DASHES);
      trace(context, corners.slice(index, index + 2));
      context.setLineDash([]);
      from = index + 1;
    }
    trace(context, corners.slice(from));
  }
  context.globalAlpha = 1;
  corners.forEach(([x, y], index) => {
    const isEnd = index === 0 || index === corners.length - 1;
    context.beginPath();
    context.arc(x, y, isEnd ? 5.5 : 3.5, 0, 2 * Math.PI);
    context.fillStyle = isEnd ? theme.accent : theme.background;
    context.lineWidth = 2;
    context.fill();
    context.stroke();
  });
  context.restore();
}

/**
 * @param {Surface} context
 * @param {readonly [number, number][]} corners
 */
function trace(context, corners) {
  context.beginPath();
  for (const [x, y] of corners) context.lineTo(x, y);
  context.stroke();
}
