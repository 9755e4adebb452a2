/** Entry point of the on-demand script for languages other than English. */

import { Translator, translatePage } from "./ui/translation.js";

/** @import { Catalog } from "./ui/translation.js" */

Object.assign(window, {
  /** @param {Catalog} catalog */
  spotmapTranslate(catalog) {
    const translator = new Translator(catalog);
    Object.assign(window, { spotmapTranslation: translator });
    translatePage(document.documentElement, catalog, translator);
  },
});
