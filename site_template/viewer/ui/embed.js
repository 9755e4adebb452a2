/** The page as a part of another: opened with `?embed`, it is the map, its names and what is pointed at, and keeps nothing. */

/** Whether the page was opened so. Outside of a browser there is no address. */
export const isEmbed = () => new URLSearchParams(globalThis.location?.search).has("embed");

/** @param {HTMLAnchorElement} link  to the whole page; the same view opens there */
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
