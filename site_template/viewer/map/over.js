/** What lies over the map as elements of the page. */

/** @import { Place } from "./label_placement.js" */

/** From a word over the map to a name that is written on it, pixels. */
const ROOM = 4;

/** Words in boxes. @param {HTMLElement} surface  the map  @returns {HTMLElement[]} */
export const boxedWords = (surface) => [.../** @type {NodeListOf<HTMLElement>} */ (surface.querySelectorAll(":scope > :not(svg) > span"))].filter(isSeen);

/** @param {Element} node */
export const isSeen = (node) => node.getClientRects().length > 0;

/** Where names would lie under words in boxes. @param {HTMLElement} surface  the map, at the window's corner  @returns {Place[]} */
export const placesOver = (surface) =>
  boxedWords(surface).map((node) => {
    const { left, top, width, height } = node.getBoundingClientRect();
    return { x: left + width / 2, y: top + height / 2, width: width + ROOM, height: height + ROOM };
  });
