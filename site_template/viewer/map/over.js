/** Page elements over the map. */

import { narrow } from "../ui/insets.js";

/** @import { Place } from "./label_placement.js" */

/** Distance between a word over the map and a name on the map, pixels. */
const ROOM = 4;

/** Returns the words in boxes. @param {HTMLElement} surface  the map  @returns {HTMLElement[]} */
export const boxedWords = (surface) => [.../** @type {NodeListOf<HTMLElement>} */ (surface.querySelectorAll(":scope > :not(svg) > span"))].filter(isSeen);

/** @param {Element} node */
export const isSeen = (node) => node.getClientRects().length > 0;

/** Returns the card of a pinned track, which is docked at the side of a wide window. In narrow windows it leaves no map beside it. */
const dockedCard = () => (narrow.matches ? [] : [...document.querySelectorAll("#card.is-pinned")].filter(isSeen));

/** Returns the areas under words in boxes, and under a docked card. @param {HTMLElement} surface  the map, at the window's corner  @returns {Place[]} */
export const placesOver = (surface) =>
  [...boxedWords(surface), ...dockedCard()].map((node) => {
    const { left, top, width, height } = node.getBoundingClientRect();
    return { x: left + width / 2, y: top + height / 2, width: width + ROOM, height: height + ROOM };
  });
