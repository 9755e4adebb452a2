/** The list of forgotten favorites in the legend. */

import { gettext, ngettext } from "../data/language.js";
import { formatTrait } from "../data/traits.js";
import { forgottenCoasts } from "../data/listening.js";
import { button, element } from "../ui/dom.js";
import { trackRow } from "./track_row.js";

/** @import { Store } from "../state/store.js" */
/** @import { TraitLoader } from "../state/trait_loader.js" */
/** @import { TextData, Trait } from "../data/types.js" */

const PLAYS = "facet.plays";
const LAST = "last_played";
export const HEAT = "heat";
/** Initial number of rows, and rows to add per press. */
const ROWS = 12;

/** @typedef {{store: Store, traitLoader: TraitLoader, goTo: (track: number) => void}} Parts */

/**
 * Fills the legend's section on listening, once.
 *
 * @param {HTMLElement} host
 * @param {Parts} parts
 * @param {TextData} text
 */
export async function showCoasts(host, parts, text) {
  const [status, within] = /** @type {Iterable<HTMLElement>} */ (host.querySelectorAll("p, div"));
  const tell = (/** @type {string} */ note) => {
    status.textContent = note;
  };
  if (within.hasChildNodes() || !(await parts.traitLoader.load([PLAYS, LAST], tell))) return;
  within.replaceChildren(...coastNodes(parts, text, tell));
}

/**
 * @param {Parts} parts
 * @param {TextData} text
 * @param {(note: string) => void} tell
 * @returns {Node[]}
 */
function coastNodes({ store, traitLoader, goTo }, text, tell) {
  const { traits } = store.get();
  const [plays, last] = [PLAYS, LAST].map((id) => /** @type {Trait} */ (traits.get(id)));
  const { tracks, least, before } = forgottenCoasts(plays.values, last.values);
  const ways = element(
    "p",
    { class: "listening-ways" },
    button("text-button", gettext("Color by where you listen"), async () => {
      const { colorBy } = store.get();
      if ((await traitLoader.load([HEAT], tell)) && store.get().colorBy === colorBy) store.set({ colorBy: HEAT });
    }),
    button("text-button", gettext("Size by plays"), async () => {
      const { sizeBy } = store.get();
      if ((await traitLoader.loadSizes(PLAYS, tell)) && store.get().sizeBy === sizeBy) store.set({ sizeBy: PLAYS });
    }),
  );
  const head = element("div", { class: "alike-head" }, element("h2", {}, gettext("Forgotten coasts")));
  if (tracks.length === 0) return [ways, head, element("p", {}, gettext("Everything that you played most, you also played in the last two years of your history."))];
  head.append(button("text-button", gettext("Select these"), () => store.set({ selected: tracks })));
  const said = ngettext(
    "{count} former favorite: played at least {plays} times, and not since {day}, two years before your newest play.",
    "{count} former favorites: played at least {plays} times, and not since {day}, two years before your newest play.",
    tracks.length,
    { plays: least, day: formatTrait(last, before) },
  );
  const list = element("ol", { class: "alike-list", "aria-label": gettext("Forgotten coasts") });
  const more = button("text-button", "", () => addRows());
  const addRows = () => {
    const from = list.children.length;
    const rows = tracks.slice(from, from + ROWS).map((track) => {
      const note = ngettext("{count} play, on {day}", "{count} plays, the last on {day}", plays.values[track], { day: formatTrait(last, last.values[track]) });
      return element("li", {}, trackRow(text, track, note, () => goTo(track)));
    });
    list.append(...rows);
    more.hidden = list.children.length === tracks.length;
    more.textContent = gettext("{count} more", { count: tracks.length - list.children.length });
    if (from > 0) rows[0].querySelector("button")?.focus();
  };
  addRows();
  return [ways, head, element("p", {}, said), list, more];
}
