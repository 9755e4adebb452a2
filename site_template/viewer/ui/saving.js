/** Gives text to the person: into the clipboard or as a file. Nothing leaves the browser. */

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
  if (!copied) throw new Error(`The browser does not let this page copy. ${instead}`);
}

/**
 * @param {string} name  of the file
 * @param {string} type
 * @param {string} text
 */
export function saveText(name, type, text) {
  const address = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  // Characters that some system does not allow in the name of a file.
  const link = element("a", { href: address, download: name.replace(/[\\/:*?"<>|\p{Control}]+/gu, " ").trim(), hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}
