/** Common parts of on-demand tools: a heading, a close button, lists of tracks. */

import { gettext } from "../data/language.js";
import { button, element, icon, onEscape, tellToggled, withNames } from "../ui/dom.js";
import { narrow } from "../ui/insets.js";
import { foldedList } from "./folded_list.js";
import { trackRow } from "./track_row.js";

/** @import { ToolParts } from "./tools.js" */
/** @import { TextData } from "../data/types.js" */

const CLOSE = "m5.5 5.5 9 9M14.5 5.5l-9 9";
/** Initial number of rows of a list. */
const FIRST_ROWS = 6;

/** The open tool; all tools share one place. @type {ToolShell | null} */
let shown = null;

export class ToolShell {
  #host;
  #parts;
  #onClose;
  /** The element that gets the focus back. @type {HTMLElement | null} */
  opener = null;

  /**
   * @param {HTMLElement} host
   * @param {ToolParts & {text: TextData}} parts
   * @param {() => void} onClose
   */
  constructor(host, parts, onClose) {
    this.#host = host;
    this.#parts = parts;
    this.#onClose = onClose;
    onEscape(host, () => this.close());
  }

  /** @param {string} heading  @param {...Node} nodes */
  show(heading, ...nodes) {
    const close = element("button", { class: "icon-button", type: "button", "aria-label": gettext("Close"), title: gettext("Close (Escape)") }, icon(CLOSE));
    close.addEventListener("click", () => this.close());
    if (shown && shown !== this) shown.#onClose();
    shown = this;
    this.#host.setAttribute("aria-label", heading);
    this.#host.replaceChildren(
      element("header", { class: "picks-head" }, element("h2", {}, heading), element("span", { class: "picks-count" }), close),
      element("div", { class: "tool-body" }, ...nodes),
    );
    this.#host.hidden = false;
    tellToggled(this.#host);
  }

  close() {
    this.#parts.whenReleased(() => this.#close());
  }

  #close() {
    if (shown !== this) return;
    shown = null;
    const hadFocus = this.#host.contains(document.activeElement);
    this.#host.hidden = true;
    this.#host.replaceChildren();
    tellToggled(this.#host);
    this.#onClose();
    if (hadFocus) (this.opener?.isConnected ? this.opener : document.getElementById("map"))?.focus();
  }

  /** Closes the tool if there is no room for both it and the panel that it has opened. */
  giveWay() {
    if (narrow.matches) this.close();
  }

  /**
   * @param {string} heading
   * @param {readonly number[]} tracks
   * @param {string} none  message for an empty list
   */
  list(heading, tracks, none) {
    const { store, goTo, text } = this.#parts;
    const rows = tracks.map((track) => trackRow(text, track, "", () => goTo(track)));
    const select = button("text-button", gettext("Select these"), () => {
      store.set({ selected: [...tracks] });
      this.giveWay();
    });
    select.hidden = tracks.length === 0;
    return element(
      "section", { class: "alike", "aria-label": heading.replace(/[\u2068\u2069]/g, "") },
      element("div", { class: "alike-head" }, element("h3", { dir: "auto" }, ...withNames(heading)), select),
      ...(tracks.length > 0 ? foldedList(rows, FIRST_ROWS) : [element("p", { class: "card-note" }, none)]),
    );
  }
}
