/** A list that shows its first rows, and the rest on demand, to save space. */

import { gettext } from "../data/language.js";
import { button, element } from "../ui/dom.js";

/**
 * @param {readonly HTMLElement[]} rows
 * @param {number} first  number of rows to show
 * @param {Record<string, string>} [attributes]  of the list
 * @param {() => void} [onGrow]  called when all rows are shown
 * @returns {HTMLElement[]}
 */
export function foldedList(rows, first, attributes, onGrow) {
  const items = rows.map((row, index) => element("li", { hidden: index >= first }, row));
  const more = button("text-button", gettext("{count} more", { count: items.length - first }), () => {
    for (const item of items) item.hidden = false;
    more.remove();
    rows[first].focus({ preventScroll: true });
    onGrow?.();
  });
  more.hidden = items.length <= first;
  return [element("ol", { class: "alike-list", ...attributes }, ...items), more];
}
