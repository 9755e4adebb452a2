/** Reports items of a link that this map does not have. */

import { gettext, ngettext } from "../data/language.js";
import { show } from "../ui/dom.js";
import { tracksText } from "../ui/format.js";

/** @import { Missing } from "../state/link_bounds.js" */

/** @param {Missing} missing  @returns {string}  empty if nothing is missing */
export function missingNote({ tracks, names, groups, measures }) {
  const parts = [
    tracks > 0 && tracksText(tracks),
    names > 0 && gettext("an album or artist"),
    groups > 0 && ngettext("{count} group", "{count} groups", groups),
    measures > 0 && ngettext("{count} property of tracks", "{count} properties of tracks", measures),
  ].filter(Boolean);
  if (parts.length === 0) return "";
  const last = parts.pop();
  return gettext("The link also names {things} that this map does not have.", { things: [...(parts.length > 0 ? [parts.join(", ")] : []), last].join(gettext(" and ")) });
}

/**
 * @param {HTMLElement} bar  hidden until something is missing
 * @returns {(missing: Missing) => void}
 */
export function wireLinkNote(bar) {
  const [text, close] = ["p", "button"].map((tag) => /** @type {HTMLElement} */ (bar.querySelector(tag)));
  close.addEventListener("click", () => show(bar, false));
  return (missing) => {
    text.textContent = missingNote(missing);
    bar.hidden = !text.textContent;
  };
}
