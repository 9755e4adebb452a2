/** Copies text to the clipboard or saves it as a file. Nothing leaves the browser. */

import { gettext } from "../data/language.js";
import { element } from "./dom.js";

/** @param {string} text  @param {string} instead  message with an alternative, if the browser does not allow copying */
export async function copyText(text, instead) {
  // Pages from plain HTTP and in some frames may not use the clipboard API, but can copy selected text.
  if (await navigator.clipboard?.writeText(text).then(() => true, () => false)) return;
  const field = element("textarea", { class: "visually-hidden", "aria-hidden": "true", tabindex: "-1" });
  const before = /** @type {HTMLElement | null} */ (document.activeElement);
  field.value = text;
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  before?.focus();
  if (!copied) throw new Error(`${gettext("The browser does not allow this page to copy.")} ${instead}`);
}

/**
 * @param {string} name  of the file
 * @param {string} type
 * @param {string} text
 */
export const saveText = (name, type, text) => saveFile(name, new Blob([text], { type: `${type};charset=utf-8` }));

/**
 * @param {string} name
 * @param {Blob} file
 */
export function saveFile(name, file) {
  const address = URL.createObjectURL(file);
  // Characters that some systems do not allow in file names.
  const link = element("a", { href: address, download: name.replace(/[\\/:*?\x22<>|\p{Control}]+/gu, " ").trim(), hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

/**
 * Renders an SVG document as PNG.
 *
 * @param {Blob} svg
 * @param {number} width  pixels
 * @param {number} height  pixels
 * @returns {Promise<Blob>}
 */
export async function rasterized(svg, width, height) {
  const reader = new FileReader();
  await new Promise((resolve) => {
    reader.onload = resolve;
    // As a data URL, the only kind that the page's content security policy allows for images.
    reader.readAsDataURL(svg);
  });
  const canvas = element("canvas");
  Object.assign(canvas, { width, height });
  const image = element("img", { src: /** @type {string} */ (reader.result) });
  try {
    await image.decode();
    canvas.getContext("2d")?.drawImage(image, 0, 0, width, height);
    const file = await new Promise((/** @type {(file: Blob | null) => void} */ resolve) => canvas.toBlob(resolve, "image/png"));
    if (file) return file;
  } catch (reason) {
    if (!(reason instanceof DOMException)) throw reason;
  }
  throw new Error(gettext("This browser cannot create such a large picture. Save it as SVG."));
}
