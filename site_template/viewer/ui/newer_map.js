/** Asks now and then whether the site has a newer map than this page shows, and offers it in words. */

import { show } from "./dom.js";

/** So often while somebody looks at the page. */
const INTERVAL_MS = 120_000;
/** However often the page is left and looked at again, it asks no sooner than this after the last time. */
const PAUSE_MS = 10_000;
const GENERATION = /data-generation="([0-9a-zA-Z]+)"/;

/**
 * The browser's own cache is passed by, and holds the newer page from then on: where no service worker does, this is what brings
 * a new build to those who visited an old one on a host that lets pages be kept for days.
 *
 * @returns {Promise<string>}  the generation that the address of this page has now; empty where none could be had
 */
async function newestGeneration() {
  const response = await fetch(location.href, { cache: "no-cache" }).catch(() => null);
  const text = response?.ok ? await response.text().catch(() => "") : "";
  return GENERATION.exec(text)?.[1] ?? "";
}

/**
 * Tells whether the page was just opened and nobody has done anything in it since: nothing is lost if it is loaded once more.
 *
 * @returns {() => boolean}
 */
export function watchFreshness() {
  const [navigation] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
  // What was loaded again is as new as can be; to load that again might never end.
  let isFresh = navigation?.type === "navigate";
  for (const event of ["pointerdown", "keydown", "wheel"]) {
    addEventListener(event, () => (isFresh = false), { once: true, capture: true, passive: true });
  }
  return () => isFresh;
}

/**
 * A page that came old out of the browser's cache is replaced at once, as long as nobody has touched it; later it is offered.
 *
 * @param {HTMLElement} bar  hidden until there is something to offer
 * @param {string} generation  that this page shows
 * @param {() => boolean} isFresh
 */
export function offerNewerMap(bar, generation, isFresh) {
  if (location.protocol === "file:") return;
  let [askedAt_ms, timer, declined] = [-Infinity, 0, generation];
  let newest = generation;
  const ask = async () => {
    const isFirst = askedAt_ms === -Infinity;
    askedAt_ms = performance.now();
    newest = (await newestGeneration()) || newest;
    if (isFirst && newest !== generation && isFresh()) return location.reload();
    bar.hidden = newest === generation || newest === declined;
    timer = setTimeout(askSoon, INTERVAL_MS);
  };
  const askSoon = () => {
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(ask, Math.max(0, askedAt_ms + PAUSE_MS - performance.now()));
  };
  document.addEventListener("visibilitychange", askSoon);
  for (const event of ["focus", "online", "pageshow"]) addEventListener(event, askSoon);
  /** @type {HTMLElement} */ (bar.querySelector('[data-action="reload"]')).addEventListener("click", () => location.reload());
  /** @type {HTMLElement} */ (bar.querySelector('[data-action="close"]')).addEventListener("click", () => {
    declined = newest;
    show(bar, false);
  });
  askSoon();
}
