/** The growth of the library: a time slider over the days on which tracks were added, with a replay. */

import { element, onEscape, tellToggled } from "../ui/dom.js";
import { gettext } from "../data/language.js";
import { tracksText } from "../ui/format.js";
import { addedBy, replayDay, sliderRange } from "./timeline_math.js";
import { formatTrait } from "../data/traits.js";

/** @import { Store } from "../state/store.js" */
/** @import { TraitLoader } from "../state/trait_loader.js" */
/** @import { Trait } from "../data/types.js" */

const REPLAY_MS = 14_000;
/** With reduced motion, the replay consists of this many stills. */
const STILLS = 12;
const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");

/**
 * @param {HTMLElement} host
 * @param {HTMLButtonElement} button
 * @param {Store} store
 * @param {TraitLoader} traitLoader
 * @param {(text: string) => void} announce
 * @param {HTMLElement} progress  shows what is loading before the panel opens
 * @param {(isOpen: boolean, tell: (note: string) => void) => void} onToggle  its messages are shown below the slider
 */
export function wireTimeline(host, button, store, traitLoader, announce, progress, onToggle) {
  const find = (/** @type {string} */ selector) => /** @type {HTMLElement} */ (host.querySelector(selector));
  const slider = /** @type {HTMLInputElement} */ (find("input"));
  const play = find("[data-action='replay']");
  const day = find(".timeline-day");
  const count = find(".timeline-count");
  const note = element("p", { class: "timeline-note", role: "status" });
  host.append(note);
  const toggled = (/** @type {boolean} */ isOpen) => onToggle(isOpen, (text) => (note.textContent = text));
  /** @type {Trait | undefined} */
  let trait;
  /** @type {Float32Array} */
  let days = new Float32Array(0);
  let frame = 0;

  const open = () => !host.hidden;
  const stop = () => {
    cancelAnimationFrame(frame);
    frame = 0;
    play.setAttribute("aria-label", gettext("Replay how the library grew"));
    play.classList.remove("is-playing");
  };
  const show = () => {
    const { until } = store.get();
    trait = store.get().traits.get("added_at");
    if (until !== null && trait && !open()) openPanel();
    if (!open() || !trait) return;
    const value = until ?? sliderRange(days)[1];
    slider.value = String(value);
    const text = formatTrait(trait, value);
    day.textContent = text;
    const known = until === null ? days.length : addedBy(days, value);
    count.textContent = tracksText(known + trait.unknownCount);
    slider.setAttribute("aria-valuetext", `${text}, ${count.textContent}`);
  };
  const openPanel = () => {
    trait = store.get().traits.get("added_at");
    if (!trait) return;
    days = trait.values.filter((value) => !Number.isNaN(value)).sort();
    if (days.length === 0) return;
    [slider.min, slider.max] = sliderRange(days).map(String);
    host.hidden = false;
    button.setAttribute("aria-pressed", "true");
    toggled(true);
    tellToggled(host);
    show();
  };
  const close = () => {
    stop();
    host.hidden = true;
    button.setAttribute("aria-pressed", "false");
    toggled(false);
    tellToggled(host);
    store.set({ until: null });
  };
  const replay = () => {
    const [first, last] = sliderRange(days);
    const from = store.get().until ?? last;
    const start = performance.now() - (from >= last ? 0 : ((from - first) / (last - first)) * REPLAY_MS);
    play.setAttribute("aria-label", gettext("Pause"));
    play.classList.add("is-playing");
    const step = (/** @type {number} */ now) => {
      const until = replayDay((now - start) / REPLAY_MS, first, last, reducedMotion.matches ? STILLS : Infinity);
      store.set({ until: until >= last ? null : until });
      if (until < last) frame = requestAnimationFrame(step);
      else {
        stop();
        announce(gettext("Replay finished: {tracks}", { tracks: count.textContent ?? "" }));
      }
    };
    frame = requestAnimationFrame(step);
  };

  button.hidden = !traitLoader.offers("added_at");
  button.addEventListener("click", async () => {
    if (open()) close();
    else if (await traitLoader.load(["added_at"], (text) => (progress.textContent = text))) {
      // Let the page respond before sorting the days, which takes a while for a million tracks.
      await new Promise((resolve) => setTimeout(resolve));
      if (!open()) openPanel();
      // Not if the user went on to something else while it was loading. Safari does not focus a pressed button.
      if ([button, document.body].includes(/** @type {HTMLElement} */ (document.activeElement))) slider.focus();
    }
  });
  const leave = () => {
    close();
    button.focus();
  };
  find("[data-action='close']").addEventListener("click", leave);
  onEscape(host, leave);
  play.addEventListener("click", () => (frame ? stop() : replay()));
  slider.addEventListener("input", () => {
    stop();
    const value = Number(slider.value);
    store.set({ until: value >= Number(slider.max) ? null : value });
  });
  store.subscribe(["until"], show);
}
