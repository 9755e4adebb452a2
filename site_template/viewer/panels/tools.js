/** Opens the on-demand tools, two people and alchemy, one at a time. */

import { messageOf } from "../data/decode.js";
import { gettext } from "../data/language.js";
import { button, element, tellToggled } from "../ui/dom.js";
import { createPressGuard } from "../ui/presses.js";

/** @import { AlikeGraph } from "./alike_graph.js" */
/** @import { PathTool } from "./path_tool.js" */
/** @import { MapData, TextData } from "../data/types.js" */
/** @import { Navigation } from "../map/navigation.js" */
/** @import { Renderer } from "../map/renderer.js" */
/** @import { Store } from "../state/store.js" */
/**
 * @typedef {object} ToolParts  arguments of every tool
 * @property {MapData} map
 * @property {Store} store
 * @property {Renderer} renderer
 * @property {Navigation} navigation
 * @property {AlikeGraph} alike
 * @property {PathTool} pathTool
 * @property {(() => Promise<any>) | null} readPeople  reads `people.json`; null if there is only one person
 * @property {() => Promise<any>} readScript
 * @property {(track: number) => void} goTo  pins the track and brings it into view
 * @property {(text: string) => void} announce
 * @property {(act: () => void) => void} whenReleased  of the tools' place
 */

export class Tools {
  #host;
  #whenReleased;
  #opener;
  #parts;
  /** @type {TextData | null} */
  #text = null;
  /** @type {Record<string, any>} */
  #made = {};
  /** Counter of requests to open or close a tool. */
  #turn = 0;
  #closings = 0;

  /**
   * @param {HTMLElement} host
   * @param {HTMLButtonElement} opener  compares people
   * @param {Omit<ToolParts, "whenReleased">} parts
   */
  constructor(host, opener, parts) {
    this.#host = host;
    this.#whenReleased = createPressGuard(host);
    this.#opener = opener;
    this.#parts = parts;
    opener.addEventListener("click", async () => {
      const isCanceled = this.#begin();
      const tool = await this.#tool("TwoPeople");
      if (!isCanceled()) void tool?.show(opener, isCanceled);
    });
  }

  /** @param {TextData} text */
  setText(text) {
    this.#text = text;
    this.#opener.hidden = !this.#parts.readPeople;
  }

  /** Adds a track to alchemy, as "more" or "less". @param {number} track  @param {boolean} isMore */
  async mix(track, isMore) {
    this.#begin();
    const closings = this.#closings;
    const tool = await this.#tool("Alchemy");
    // Several tracks may be added while it is loading.
    if (closings === this.#closings) void tool?.add(track, isMore);
  }

  /** Says that a tool is loading, unless one is open. @returns {() => boolean}  whether it was closed, or another one was requested, in the meantime */
  #begin() {
    const turn = ++this.#turn;
    if (this.#host.hidden) this.#say(gettext("Loading the details"));
    return () => turn !== this.#turn;
  }

  /** @param {"Alchemy" | "TwoPeople"} name */
  async #tool(name) {
    try {
      const tools = await this.#parts.readScript();
      // The press may close it.
      await new Promise((/** @type {(value: void) => void} */ resolve) => this.#whenReleased(resolve));
      return (this.#made[name] ??= new tools[name](this.#host, { ...this.#parts, text: this.#text, whenReleased: this.#whenReleased }));
    } catch (reason) {
      this.#say(messageOf(reason));
      return null;
    }
  }

  /** @param {string} note */
  #say(note) {
    const close = button("text-button", gettext("Close"), () => {
      this.#turn++;
      this.#closings++;
      this.#show();
    });
    this.#show(element("div", { class: "tool-body" }, element("p", { role: "status" }, note), close));
  }

  /** @param {...Node} nodes  none to clear */
  #show(...nodes) {
    this.#host.replaceChildren(...nodes);
    this.#host.hidden = nodes.length === 0;
    tellToggled(this.#host);
  }
}
