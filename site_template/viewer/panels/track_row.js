/** A row for a track in a list of similar tracks; pressing it goes to the track. */

import { gettext } from "../data/language.js";
import { element, withNames } from "../ui/dom.js";

/** @import { TextData } from "../data/types.js" */

/**
 * @param {TextData} text
 * @param {number} track
 * @param {string} note  the reason why it is listed, or empty
 * @param {(event: MouseEvent) => void} onPress
 */
export function trackRow({ titles, artistsOf }, track, note, onPress) {
  const row = element(
    "button",
    { class: "alike-row", type: "button", "data-track": String(track) },
    element("span", { class: "alike-title", dir: "auto", translate: "no" }, titles[track]),
    element("span", { class: "alike-artists", dir: "auto", translate: "no" }, artistsOf(track).join(", ") || gettext("Unknown artist")),
  );
  if (note) row.append(element("span", { class: "alike-note", dir: "auto" }, ...withNames(note)));
  row.addEventListener("click", onPress);
  return row;
}
