/** Says what a link names and this map does not have. */

import { counted } from "../ui/format.js";

/** @import { Missing } from "../state/link_bounds.js" */

/** @param {Missing} missing  @returns {string}  empty where nothing is */
export function missingNote({ tracks, names, groups, measures }) {
  const parts = [
    tracks > 0 && counted(tracks, "track"),
    names > 0 && "an album or artist",
    groups > 0 && counted(groups, "group"),
    measures > 0 && `${measures} ${measures > 1 ? "properties" : "property"} of tracks`,
  ].filter(Boolean);
  if (parts.length === 0) return "";
  const last = parts.pop();
  return `The link also names ${parts.length > 0 ? `${parts.join(", ")} and ${last}` : last} that this map does not have.`;
}

/**
 * @param {HTMLElement} bar  hidden until there is something to say
 * @returns {(missing: Missing) => void}
 */
export function wireLinkNote(bar) {
  const [text, close] = ["p", "button"].map((tag) => /** @type {HTMLElement} */ (bar.querySelector(tag)));
  close.addEventListener("click", () => (bar.hidden = true));
  return (missing) => {
    text.textContent = missingNote(missing);
    bar.hidden = !text.textContent;
  };
}
