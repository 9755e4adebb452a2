/** "More of this, less of that": a list of tracks, and a position on the map, from a few added and subtracted tracks. */

import { mix, placeOf } from "../data/alchemy.js";
import { messageOf } from "../data/decode.js";
import { gettext } from "../data/language.js";
import { NO_GROUP, NO_TRACK } from "../data/types.js";
import { RANK } from "../state/appearance.js";
import { button, element } from "../ui/dom.js";
import { isolated, shortened, tracksText } from "../ui/format.js";
import { narrow } from "../ui/insets.js";
import { inSlices } from "../ui/slices.js";
import { ToolShell } from "./tool_shell.js";

/** @import { ToolParts } from "./tools.js" */
/** @import { TextData } from "../data/types.js" */

const COUNT = 20;
/** Maximum number of tracks of each sign; each requires random walks over the whole map. */
const MAX_TRACKS = 5;
const MAX_NAME_LENGTH = 40;
/** Number of tracks that determine the list's position on the map; the last ones may be anywhere. */
const PLACED = 10;

/** @returns {HTMLElement[]} */
const buttonsOfTool = () => [.../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".tool button"))];

export class Alchemy {
  #parts;
  #shell;
  /** Signs by track, in insertion order. @type {Map<number, boolean>} */
  #signs = new Map();
  #turn = 0;
  /** Whether the focused element has disappeared. */
  #takesFocus = false;

  /** @param {HTMLElement} host  @param {ToolParts & {text: TextData}} parts */
  constructor(host, parts) {
    this.#parts = parts;
    this.#shell = new ToolShell(host, parts, () => this.#forget());
  }

  /** @param {number} track  @param {boolean} isMore */
  add(track, isMore) {
    this.#signs.delete(track);
    this.#signs.set(track, isMore);
    const same = this.#of(isMore);
    if (same.length > MAX_TRACKS) this.#signs.delete(same[0]);
    // In a narrow window the card covers the list, and closing it removes the pressed button.
    this.#takesFocus = narrow.matches;
    if (narrow.matches) this.#parts.store.set({ pinned: NO_TRACK });
    return this.#find();
  }

  /** @param {boolean} isMore */
  #of(isMore) {
    return [...this.#signs].filter(([, sign]) => sign === isMore).map(([track]) => track);
  }

  #forget() {
    this.#turn++;
    this.#signs.clear();
    this.#parts.renderer.setLinks({ neighbors: [] });
  }

  async #find() {
    const { alike, renderer, map, announce, text } = this.#parts;
    const turn = ++this.#turn;
    const isCanceled = () => turn !== this.#turn;
    const [more, less] = [this.#of(true), this.#of(false)];
    if (more.length === 0) return this.#show(gettext("Add a track with “More of this” on its card."));
    try {
      const graph = await alike.graph((note) => isCanceled() || this.#show(note));
      const { rank } = renderer.appearance;
      const found = await inSlices(mix(graph, more, less, { count: COUNT, accepts: (track) => rank[track] !== RANK.HIDDEN }), isCanceled);
      if (!found) return;
      if (found.length === 0) return this.#show(gettext("No visible track is similar to all of these."));
      const place = placeOf(found.slice(0, PLACED), map);
      const track = isolated(text.titles[place]);
      const where = map.cluster[place] === NO_GROUP
        ? gettext("Its position on the map is next to {track}.", { track })
        : gettext("Its position on the map is next to {track}, in {cluster}.", { track, cluster: isolated(map.clusters[map.cluster[place]].name) });
      this.#show(where, found, place);
      announce(`${gettext("{sentence}.", { sentence: tracksText(found.length) })} ${where}`);
    } catch (reason) {
      if (!isCanceled()) this.#show(messageOf(reason));
    }
  }

  /**
   * @param {string} note
   * @param {readonly number[]} [found]
   * @param {number} [place]  a track
   */
  #show(note, found, place) {
    this.#parts.whenReleased(() => this.#fill(note, found, place));
  }

  /** @param {string} note  @param {readonly number[]} [found]  @param {number} [place] */
  #fill(note, found = [], place) {
    const { navigation, renderer } = this.#parts;
    // Its content is replaced, also for each message while data is loading.
    const focused = buttonsOfTool().findIndex((node) => node === document.activeElement);
    const takesFocus = this.#takesFocus || focused >= 0;
    this.#takesFocus = false;
    const signs = element("ul", { class: "chips tool-signs", "aria-label": gettext("More and less of") }, ...[...this.#signs].map(([track, isMore]) => this.#chip(track, isMore)));
    /** @type {HTMLElement[]} */
    const nodes = [signs, element("p", { class: "card-note", role: "status", dir: "auto" }, note)];
    if ([true, false].some((isMore) => this.#of(isMore).length === MAX_TRACKS)) {
      nodes.push(element("p", { class: "card-note" }, gettext("At most {count} tracks of each: another one replaces the first.", { count: MAX_TRACKS })));
    }
    if (place !== undefined) {
      const lead = () => {
        this.#shell.giveWay(); // first, because it removes its lines
        renderer.setLinks({ track: place, neighbors: found.filter((track) => track !== place).map((track) => ({ track, isElsewhere: false })) });
        navigation.flyToAll(found.slice(0, PLACED));
      };
      nodes.push(element("p", {}, button("card-action", gettext("Show the place"), lead)), this.#shell.list(gettext("Tracks"), found, ""));
    }
    this.#shell.show(gettext("More and less"), ...nodes);
    const buttons = buttonsOfTool();
    const first = buttons.find((node) => node.closest(".tool-signs")) ?? buttons[0];
    if (takesFocus) (buttons[focused] ?? first).focus();
  }

  /** @param {number} track  @param {boolean} isMore */
  #chip(track, isMore) {
    const title = shortened(this.#parts.text.titles[track], MAX_NAME_LENGTH);
    const turn = button("tool-sign", isMore ? "+" : "−", () => void this.add(track, !isMore));
    turn.setAttribute("aria-label", isMore ? gettext("More of {title}: change to less", { title }) : gettext("Less of {title}: change to more", { title }));
    const leave = button("tool-sign", "×", () => {
      this.#signs.delete(track);
      if (this.#signs.size > 0) void this.#find();
      else this.#shell.close();
    });
    leave.setAttribute("aria-label", gettext("Without {title}", { title }));
    return element("li", { class: "chip" }, turn, element("span", { class: "chip-name", dir: "auto", translate: "no" }, title), leave);
  }
}
