/** Gives text to the person: into the clipboard or as a file. Nothing leaves the browser. */

import { gettext } from "../data/language.js";
import { element } from "./dom.js";

/** @param {string} text  @param {string} instead  what the person may do where the browser does not let the page copy */
export async function copyText(text, instead) {
  if (navigator.clipboard && isSecureContext) {
    await navigator.clipboard.writeText(text);
    return;
  }
  // Pages from disk and from plain http have no clipboard, but may copy what is marked.
  const field = element("textarea", { class: "visually-hidden", "aria-hidden": "true", tabindex: "-1" });
  const before = /** @type {HTMLElement | null} */ (document.activeElement);
  field.value = text;
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  before?.focus();
  if (!copied) throw new Error(`${gettext("The browser does not let this page copy.")} ${instead}`);
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
  // Characters that some system does not allow in the name of a file.
  const link = element("a", { href: address, download: name.replace(/[\\/:*?\x22<>|\p{Control}]+/gu, " ").trim(), hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

/**
 * An SVG document as PNG.
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
    // As an address with the document in it: the page's policy allows its images no other.
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
  throw new Error(gettext("This browser cannot make a picture so large. Save it as SVG."));
}
