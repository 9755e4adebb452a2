/** The page that most people would write first: D3's zoom, and one arc per point on a canvas, at most once per frame. */

import { schemeTableau10, select, zoom, zoomIdentity } from "d3";
import { readPoints } from "./points.js";

const canvas = /** @type {HTMLCanvasElement} */ (document.querySelector("canvas"));
const context = canvas.getContext("2d");
const { x, y, cluster } = await readPoints();
let transform = zoomIdentity;
let frame = 0;
canvas.width = innerWidth;
canvas.height = innerHeight;
const scale = Math.min(innerWidth, innerHeight) / 65536;

function draw() {
  frame = 0;
  context.clearRect(0, 0, canvas.width, canvas.height);
  for (let i = 0; i < x.length; i++) {
    context.beginPath();
    context.arc(transform.applyX(x[i] * scale), transform.applyY((65535 - y[i]) * scale), 1.5, 0, 2 * Math.PI);
    context.fillStyle = cluster[i] < 0 ? "#aaaaaa" : schemeTableau10[cluster[i] % 10];
    context.fill();
  }
}

select(canvas).call(
  zoom().on("zoom", (event) => {
    transform = event.transform;
    frame ||= requestAnimationFrame(draw);
  }),
);
draw();
document.documentElement.dataset.state = "ready";
