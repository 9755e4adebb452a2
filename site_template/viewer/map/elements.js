/** Converts page elements over the map (lines, discs and words) to SVG shapes with the style sheet's appearance. */

import { shortened } from "../ui/format.js";
import { boxedWords, isSeen } from "./over.js";
import { haloedText, MIDDLE, rounded, textNode } from "./svg_text.js";

/** Geometry attributes of an element, and style properties. */
const GEOMETRY = ["d", "cx", "cy", "r"];
const LOOK = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-linejoin", "stroke-linecap", "opacity"];

/** @param {HTMLElement} surface  the map, at the window's corner  @returns {string}  in window pixels */
export function elementsOver(surface) {
  const shapes = [...surface.querySelectorAll(":scope svg :is(path[d], circle)")].filter(isSeen).map(shapeOf);
  const words = [.../** @type {NodeListOf<SVGTextElement>} */ (surface.querySelectorAll(":scope svg text"))].filter(isSeen).map(wordsOf);
  const labels = boxedWords(surface).map(labelOf);
  return [...shapes, ...words, ...labels].join("");
}

/** @param {Element} node */
function shapeOf(node) {
  const style = getComputedStyle(node);
  const own = GEOMETRY.filter((name) => node.hasAttribute(name)).map((name) => `${name}="${node.getAttribute(name)}"`);
  return `<${node.localName} ${[...own, ...LOOK.map((name) => `${name}="${style.getPropertyValue(name)}"`)].join(" ")}/>`;
}

/** @param {CSSStyleDeclaration} style */
const fontOf = (style) => `font-size="${parseFloat(style.fontSize)}" font-weight="${style.fontWeight}"`;

/** @param {SVGTextElement} node */
function wordsOf(node) {
  const style = getComputedStyle(node);
  const [x, y] = ["x", "y"].map((name) => Number(node.getAttribute(name)));
  const halo = `stroke="${style.stroke}" stroke-width="${parseFloat(style.strokeWidth)}"`;
  return haloedText(node.textContent ?? "", x, y, `${fontOf(style)} text-anchor="${style.textAnchor}"`, halo, style.fill);
}

/** Converts a word in a box, whose outline is its shadow. @param {HTMLElement} node */
function labelOf(node) {
  const style = getComputedStyle(node);
  const { left, top, width, height } = node.getBoundingClientRect();
  const [rim, , , , thickness] = style.boxShadow.match(/rgba?\([^)]*\)|[\d.]+px/g) ?? ["none"];
  const radius = Math.min(height / 2, parseFloat(style.borderTopLeftRadius));
  const box = `x="${rounded(left)}" y="${rounded(top)}" width="${rounded(width)}" height="${rounded(height)}" rx="${rounded(radius)}"`;
  const text = textNode(fitted(node), left + width / 2, top + height / 2 + MIDDLE * parseFloat(style.fontSize), `${fontOf(style)} text-anchor="middle" fill="${style.color}"`);
  return `<rect ${box} fill="${style.backgroundColor}" stroke="${rim}" stroke-width="${parseFloat(thickness ?? "0")}"/>${text}`;
}

/** Returns the part of a text that is not cut off. @param {HTMLElement} node */
function fitted(node) {
  const text = node.textContent ?? "";
  const { clientWidth, scrollWidth } = node;
  return scrollWidth > clientWidth ? shortened(text, Math.floor((text.length * clientWidth) / scrollWidth)) : text;
}
