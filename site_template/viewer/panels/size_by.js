/** The list for choosing the trait that points are sized by, and the legend of sizes. */

import { mayBeAxis } from "../data/axes.js";
import { gettext } from "../data/language.js";
import { element } from "../ui/dom.js";

/** @import { ListeningReader } from "../data/load.js" */
/** @import { Store } from "../state/store.js" */
/** @import { TraitLoader } from "../state/trait_loader.js" */

/**
 * @param {HTMLElement} host  the legend
 * @param {Store} store
 * @param {TraitLoader} traitLoader
 * @param {ListeningReader} readListening
 */
export function wireSizeBy(host, store, traitLoader, readListening) {
  const list = /** @type {HTMLSelectElement} */ (host.querySelector(".size-by select"));
  const [progress, key] = /** @type {Iterable<HTMLElement>} */ (host.querySelectorAll(".legend-progress, .size-key"));
  const [first] = list.options;
  const prompt = first.text;
  const names = traitLoader.names.filter(({ id }) => mayBeAxis(id));
  const show = async () => {
    const { sizeBy, traits } = store.get();
    const trait = traits.get(sizeBy);
    list.value = sizeBy;
    list.classList.toggle("is-chosen", sizeBy !== "");
    first.text = sizeBy ? gettext("One size") : prompt;
    const nodes = trait ? (await readListening()).sizeKey(trait) : [];
    if (store.get().sizeBy === sizeBy) key.replaceChildren(...nodes);
  };
  list.append(...names.map(({ id, label }) => element("option", { value: id }, gettext(label))));
  list.hidden = names.length === 0;
  list.addEventListener("change", async () => {
    const id = list.value;
    const isLoaded = id === "" || (await traitLoader.loadSizes(id, (note) => (progress.textContent = note)));
    // Another trait may have been chosen in the meantime.
    if (list.value !== id) return;
    if (isLoaded) store.set({ sizeBy: id });
    else void show();
  });
  store.subscribe(["sizeBy"], () => void show());
}
