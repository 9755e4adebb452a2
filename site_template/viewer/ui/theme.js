/** Light or dark: what the system says, unless a person chose, which is remembered. */

import { gettext } from "../data/language.js";
import { readStored, writeStored } from "./storage.js";

/** @import { Store } from "../state/store.js" */
/** @import { Theme, ThemeName } from "../data/types.js" */

const STORAGE_KEY = "spotmap.theme";

const systemPrefersDark = matchMedia("(prefers-color-scheme: dark)");

/** @returns {ThemeName} */
export function initialTheme() {
  const chosen = readStored(STORAGE_KEY);
  if (chosen === "light" || chosen === "dark") return chosen;
  return systemPrefersDark.matches ? "dark" : "light";
}

/**
 * What the style sheet says of a theme; the page must already wear it.
 *
 * @param {ThemeName} name
 * @returns {Theme}
 */
export function readTheme(name) {
  const style = getComputedStyle(document.documentElement);
  /** @param {string} property */
  const color = (property) => style.getPropertyValue(property).trim();
  return {
    name,
    background: color("--map-background"),
    noise: color("--map-noise"),
    text: color("--text"),
    muted: color("--text-muted"),
    accent: color("--accent"),
  };
}

/**
 * Keeps page and button at the state's theme. To be called before whatever reads the theme subscribes.
 *
 * @param {HTMLButtonElement} button
 * @param {Store} store
 */
export function wireTheme(button, store) {
  const wear = () => {
    const { theme } = store.get();
    document.documentElement.dataset.theme = theme;
    button.setAttribute("aria-label", theme === "dark" ? gettext("Switch to the light theme") : gettext("Switch to the dark theme"));
    button.title = /** @type {string} */ (button.getAttribute("aria-label"));
  };
  wear();
  store.subscribe(["theme"], wear);
  // Ink is dark and paper white.
  let onScreen = store.get().theme;
  addEventListener("beforeprint", () => {
    onScreen = store.get().theme;
    store.set({ theme: "light" });
  });
  addEventListener("afterprint", () => store.set({ theme: onScreen }));
  systemPrefersDark.addEventListener("change", () => store.set({ theme: initialTheme() }));
  button.addEventListener("click", () => {
    const theme = store.get().theme === "dark" ? "light" : "dark";
    writeStored(STORAGE_KEY, theme);
    store.set({ theme });
  });
}
