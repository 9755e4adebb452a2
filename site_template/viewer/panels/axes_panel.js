/** Two lists for choosing the axes of a layout, instead of the map. */

import { mayBeAxis } from "../data/axes.js";
import { element, onEscape, tellToggled } from "../ui/dom.js";
import { gettext, ngettext } from "../data/language.js";

/** @import { Store } from "../state/store.js" */
/** @import { TraitLoader } from "../state/trait_loader.js" */

const THE_MAP = "";

/**
 * Either both lists say "The map" or neither, because the map's own directions have no values.
 *
 * @param {HTMLElement} host
 * @param {HTMLButtonElement} button  opens the panel; a second press returns to the map
 * @param {Store} store
 * @param {TraitLoader} traitLoader
 * @param {(text: string) => void} announce
 */
export function wireAxesPanel(host, button, store, traitLoader, announce) {
  const [across, up] = /** @type {NodeListOf<HTMLSelectElement>} */ (host.querySelectorAll("select"));
  const note = /** @type {HTMLElement} */ (host.querySelector("[role='status']"));
  const names = traitLoader.names.filter(({ id }) => mayBeAxis(id));
  const labelOf = (/** @type {string} */ id) => gettext(names.find((name) => name.id === id)?.label ?? id);

  const open = (/** @type {boolean} */ isOpen) => {
    if (isOpen !== host.hidden) return;
    host.hidden = !isOpen;
    button.setAttribute("aria-pressed", String(isOpen));
    tellToggled(host);
  };
  const show = () => {
    const { axes } = store.get();
    across.value = axes?.x ?? THE_MAP;
    up.value = axes?.y ?? THE_MAP;
    if (axes) open(true);
  };
  const back = () => {
    open(false);
    note.textContent = "";
    store.set({ axes: null });
    show();
  };
  const choose = async () => {
    const [x, y] = [across.value, up.value];
    const isLoaded = await traitLoader.load([x, y], (text) => (note.textContent = text));
    // Another axis was chosen while these were loading.
    if (across.value !== x || up.value !== y) return;
    if (!isLoaded) return show();
    const { traits } = store.get();
    const named = [x, y].find((id) => traits.get(id)?.membership);
    note.textContent = named ? gettext("{label} has no numbers for an axis.", { label: labelOf(named) }) : "";
    if (named) show();
    else store.set({ axes: { x, y } });
  };

  for (const [list, other] of [[across, up], [up, across]]) {
    list.append(element("option", { value: THE_MAP }, gettext("The map")));
    list.append(...names.map(({ id, label }) => element("option", { value: id }, gettext(label))));
    list.addEventListener("change", () => {
      if (list.value === THE_MAP) {
        note.textContent = "";
        store.set({ axes: null });
        show();
      } else {
        if (other.value === THE_MAP) other.value = names.find(({ id }) => id !== list.value)?.id ?? list.value;
        void choose();
      }
    });
  }
  button.hidden = names.length < 2;
  button.addEventListener("click", () => {
    if (!host.hidden) return back();
    open(true);
    across.focus();
  });
  const leave = () => {
    back();
    button.focus();
  };
  /** @type {HTMLElement} */ (host.querySelector("[data-action='close']")).addEventListener("click", leave);
  onEscape(host, leave);
  store.subscribe(["axes"], ({ axes, traits }) => {
    show();
    if (!axes) return announce(gettext("Back on the map"));
    const unknown = Math.max(...[axes.x, axes.y].map((id) => traits.get(id)?.unknownCount ?? 0));
    const strips = unknown > 0 ? ` ${ngettext("At least {count} track without a value is at the left or lower edge.", "At least {count} tracks without a value are at the left or lower edge.", unknown)}` : "";
    announce(gettext("{across} across, {up} up.", { across: labelOf(axes.x), up: labelOf(axes.y) }) + strips);
  });
  show();
}
