/** What lies over the map as elements of the page. */

import { narrow } from "../ui/insets.js";

/** @import { Place } from "./label_placement.js" */

/** From a word over the map to a name that is written on it, pixels. */
const ROOM = 4;

/** Words in boxes. @param {HTMLElement} surface  the map  @returns {HTMLElement[]} */
export const boxedWords = (surface) => [.../** @type {NodeListOf<HTMLElement>} */ (surface.querySelectorAll(":scope > :not(svg) > span"))].filter(isSeen);

/** @param {Element} node */
export const isSeen = (node) => node.getClientRects().length > 0;

/** The card of a pinned track, which stays at the side of a wide window. In narrow ones nothing of the map is beside it. */
const dockedCard = () => (narrow.matches ? [] : [...document.querySelectorAll("#card.is-pinned")].filter(isSeen));

/** Where names would lie under words in boxes, or under a card that stays. @param {HTMLElement} surface  the map, at the window's corner  @returns {Place[]} */
export const placesOver = (surface) =>
  [...boxedWords(surface), ...dockedCard()].map((node) => {
    const { left, top, width, height } = node.getBoundingClientRect();
    return { x: left + width / 2, y: top + height / 2, width: width + ROOM, height: height + ROOM };
  });
