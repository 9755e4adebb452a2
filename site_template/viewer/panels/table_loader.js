/** Opens and closes the table of tracks, and loads the script for it on demand. */

import { messageOf } from "../data/decode.js";
import { onEscape, tellToggled } from "../ui/dom.js";

/** @import { TablePanel, TableParts } from "./table_panel.js" */
/** @import { TextData } from "../data/types.js" */
/** @typedef {Omit<TableParts, "text" | "leave"> & {readScript: () => Promise<typeof TablePanel>}} LoaderParts */

export class TableLoader {
  #host;
  #button;
  #parts;
  /** @type {TextData | null} */
  #text = null;
  /** @type {TablePanel | null} */
  #table = null;

  /**
   * @param {HTMLElement} host
   * @param {HTMLButtonElement} button  opens it
   * @param {LoaderParts} parts
   */
  constructor(host, button, parts) {
    this.#host = host;
    this.#button = button;
    this.#parts = parts;
    button.addEventListener("click", () => void this.#turn(host.hidden === true));
    this.#find("[data-action='close']").addEventListener("click", () => this.#leave());
    onEscape(host, () => this.#leave());
  }

  /** @param {TextData} text */
  setText(text) {
    this.#text = text;
    this.#button.hidden = false;
  }

  /** @param {boolean} on */
  async #turn(on) {
    this.#host.hidden = !on;
    this.#button.setAttribute("aria-expanded", String(on));
    tellToggled(this.#host);
    if (!on) return;
    const { readScript, ...parts } = this.#parts;
    const text = /** @type {TextData} */ (this.#text);
    try {
      const Made = await readScript();
      this.#table ??= new Made(this.#host, { ...parts, text, leave: () => this.#leave() });
      this.#table.show();
    } catch (reason) {
      this.#find(".table-status").textContent = messageOf(reason);
    }
  }

  #leave() {
    void this.#turn(false);
    this.#button.focus();
  }

  /** @param {string} selector */
  #find(selector) {
    return /** @type {HTMLElement} */ (this.#host.querySelector(selector));
  }
}
