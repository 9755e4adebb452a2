/** The light or dark theme: the system's preference, unless the user chose one, which is stored. */

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
 * Reads the values of a theme from the style sheet; the page must already use the theme.
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
 * Applies the state's theme to page and button. Call it before code that reads the theme subscribes.
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
  // Print with the light theme.
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
