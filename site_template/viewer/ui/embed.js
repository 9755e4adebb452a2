/** The page embedded in another page. With `?embed`, it shows only the map, its names and the hovered track, and stores nothing. */

/** Returns whether the page was opened with `?embed`. (Outside of a browser there is no address.) */
export const isEmbed = () => new URLSearchParams(globalThis.location?.search).has("embed");

/** @param {HTMLAnchorElement} link  to the full page, which opens with the same view */
export function wireEmbed(link) {
  if (!isEmbed()) return;
  document.documentElement.dataset.embed = "";
  link.hidden = false;
  const lead = () => {
    const address = new URL(location.href);
    address.search = "";
    link.href = address.href;
  };
  for (const event of ["pointerdown", "focus", "click"]) link.addEventListener(event, lead);
  lead();
}
