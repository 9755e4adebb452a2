/** Draws the same points with regl-scatterplot, which uses WebGL. */

import createScatterplot from "regl-scatterplot";
import { readPoints } from "./points.js";

const canvas = /** @type {HTMLCanvasElement} */ (document.querySelector("canvas"));
const { x, y, cluster } = await readPoints();
const scatterplot = createScatterplot({ canvas, width: innerWidth, height: innerHeight, pointSize: 2, colorBy: "valueA" });
await scatterplot.draw({
  x: Float32Array.from(x, (value) => value / 32768 - 1),
  y: Float32Array.from(y, (value) => value / 32768 - 1),
  valueA: Float32Array.from(cluster, (value) => value + 1),
});
document.documentElement.dataset.state = "ready";
