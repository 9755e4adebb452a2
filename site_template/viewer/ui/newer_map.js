/** Checks regularly whether the site has a newer map than this page, and offers to load it. */

import { show } from "./dom.js";

/** Interval of checks while the page is visible. */
const INTERVAL_MS = 120_000;
/** Minimum time between checks, however often the page becomes visible. */
const PAUSE_MS = 10_000;
const GENERATION = /data-generation="([0-9a-zA-Z]+)"/;

/**
 * The request bypasses and updates the browser's cache. Without a service worker, this brings a new build to returning visitors of a
 * host whose pages are cached for days.
 *
 * @returns {Promise<string>}  the current generation at this page's address; empty if it could not be fetched
 */
async function newestGeneration() {
  const response = await fetch(location.href, { cache: "no-cache" }).catch(() => null);
  const text = response?.ok ? await response.text().catch(() => "") : "";
  return GENERATION.exec(text)?.[1] ?? "";
}

/**
 * Returns a function that tells whether the page was just opened and not used yet, so that a reload loses nothing.
 *
 * @returns {() => boolean}
 */
export function watchFreshness() {
  const [navigation] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
  // A reloaded page is already the newest; reloading it again might loop forever.
  let isFresh = navigation?.type === "navigate";
  // A screen reader only clicks.
  for (const event of ["pointerdown", "keydown", "wheel", "click"]) {
    addEventListener(event, () => (isFresh = false), { once: true, capture: true, passive: true });
  }
  return () => isFresh;
}

/**
 * An outdated page from the browser's cache is reloaded immediately if it has not been used yet; later, the reload is offered.
 *
 * @param {HTMLElement} bar  hidden until there is a newer map
 * @param {string} generation  of this page
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
