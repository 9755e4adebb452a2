/** A search field for the rows of a long legend. */

import { element } from "../ui/dom.js";
import { gettext } from "../data/language.js";
import { normalized } from "../data/search.js";

/** Number of rows from which on a legend has a search field. */
const LONG = 30;

/**
 * @param {readonly HTMLElement[]} lists  contain rows (`li`) with a name each
 * @param {readonly string[]} names  of the rows, in their order
 * @param {string} text  label of the field
 * @returns {HTMLElement[]}  the field and its status; empty for a short list
 */
export function createLegendFind(lists, names, text) {
  if (names.length <= LONG) return [];
  const label = gettext("Find among {count}", { count: names.length });
  const input = element("input", { class: "legend-find", type: "search", placeholder: label, "aria-label": label, autocomplete: "off", spellcheck: "false" });
  const note = element("p", { class: "legend-note", role: "status", hidden: true }, gettext("No name matches."));
  const keys = names.map((name) => normalized(name));
  const rows = lists.flatMap((list) => [.../** @type {NodeListOf<HTMLElement>} */ (list.querySelectorAll(".legend-list > li"))]);
  const find = () => {
    const terms = normalized(input.value).split(" ");
    let found = 0;
    keys.forEach((name, row) => {
      const isFound = terms.every((term) => name.includes(term));
      rows[row].hidden = !isFound;
      if (isFound) found++;
    });
    note.hidden = found > 0;
  };
  input.addEventListener("input", find);
  input.value = text;
  find();
  return [input, note];
}
