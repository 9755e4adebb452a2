/** Translates the page into a language other than English: messages, plurals, numbers and dates, and the template's text. */

/**
 * @typedef {object} Catalog  language.<code>.json; scripts/catalog.py makes it from the translators' file
 * @property {string} language
 * @property {"ltr" | "rtl"} dir
 * @property {Record<string, number>} plural  index of the plural form for each category of the language (Intl.PluralRules)
 * @property {Record<string, string | string[]>} texts  by the English message; several forms for plurals
 * @property {string[]} sentences  the messages that builds write into the site's files, with values filled in
 */

/** Attributes with text for users. */
const READ = ["aria-label", "title", "placeholder", "aria-roledescription"];
const VALUE = /\{\w+\}/g;
/** Matches a number with an optional unit. */
const NUMBER = /^[−-]?\d[\d,]*(?:\.\d+)?(?: ?%| [A-Za-z]+)?$/;
/** Separators of lists, the widest first. */
const JOINTS = [/(?<=[.。]) (?=[A-Z“])/, "; ", ", ", " and "];

export class Translator {
  #catalog;
  #texts;
  #plurals;
  #numbers;
  #days;
  /** @type {{pattern: RegExp, names: string[], text: string}[]} */
  #patterns;

  /** @param {Catalog} catalog */
  constructor(catalog) {
    this.#catalog = catalog;
    this.#texts = new Map(Object.entries(catalog.texts));
    this.#plurals = new Intl.PluralRules(catalog.language);
    this.#numbers = new Intl.NumberFormat(catalog.language);
    this.#days = new Intl.DateTimeFormat(catalog.language, { dateStyle: "medium", timeZone: "UTC" });
    this.#patterns = catalog.sentences.filter((message) => message.includes("{")).sort((a, b) => literal(b) - literal(a)).map((message) => ({
      pattern: new RegExp(`^${message.split(VALUE).map(escaped).join("(.+?)")}$`, "u"),
      names: message.match(VALUE) ?? [],
      text: this.text(message) ?? message,
    }));
  }

  /** @param {string} message */
  text(message) {
    const found = this.#texts.get(message);
    return Array.isArray(found) ? found[0] : found;
  }

  /** @param {string} one  @param {number} count */
  counted(one, count) {
    const forms = this.#texts.get(one);
    return Array.isArray(forms) ? forms[this.#catalog.plural[this.#plurals.select(count)] ?? forms.length - 1] : forms;
  }

  /**
   * Translates a sentence that the build wrote in English. Sentences are recognized by their pattern, and so are the words that were
   * filled in.
   *
   * @param {string} sentence
   * @returns {string}  unchanged if it matches no pattern
   */
  sentence(sentence) {
    const own = this.text(sentence);
    if (own !== undefined) return own;
    if (NUMBER.test(sentence)) return sentence.replace(/\d[\d,]*(?:\.\d+)?/, (number) => (number.includes(",") ? this.number(Number(number.replaceAll(",", ""))) : this.decimal(number)));
    for (const { pattern, names, text } of this.#patterns) {
      const found = pattern.exec(sentence);
      if (found) return names.reduce((filled, name, index) => filled.replace(name, () => this.sentence(found[index + 1])), text);
    }
    for (const joint of JOINTS) {
      const parts = sentence.split(joint);
      if (parts.length === 1) continue;
      const said = parts.map((part) => this.sentence(part));
      if (said.some((part, index) => part !== parts[index])) return said.join(typeof joint === "string" ? (this.text(joint) ?? joint) : " ");
    }
    return sentence;
  }

  /** @param {number} value  a whole number */
  number(value) {
    return this.#numbers.format(value);
  }

  /** Formats a number with the same number of decimals. @param {string} value */
  decimal(value) {
    const minimumFractionDigits = value.split(".")[1]?.length ?? 0;
    return Number(value).toLocaleString(this.#catalog.language, { minimumFractionDigits, maximumFractionDigits: minimumFractionDigits, useGrouping: false }).replace("-", "−");
  }

  /** @param {number} time_ms */
  day(time_ms) {
    return this.#days.format(time_ms);
  }
}

/** @param {string} message  @returns {number}  number of characters outside of values */
const literal = (message) => message.replace(VALUE, "").length;

/** @param {string} text */
const escaped = (text) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");

/**
 * Translates the template's English text. Elements with `data-gettext` contain values; all others are found by their text.
 *
 * @param {HTMLElement} root
 * @param {Catalog} catalog
 * @param {Translator} translator
 */
export function translatePage(root, { language, dir }, translator) {
  root.lang = language;
  root.dir = dir;
  for (const node of /** @type {Iterable<HTMLElement>} */ (root.querySelectorAll("[data-gettext]"))) fill(node, translator);
  const walker = document.createTreeWalker(root.querySelector("body") ?? root, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const said = /** @type {Text} */ (node).data.trim().replace(/\s+/g, " ");
    const text = said && !node.parentElement?.closest("[translate=no], [data-gettext], script, style") && translator.sentence(said);
    if (text) /** @type {Text} */ (node).data = /** @type {Text} */ (node).data.replace(/\S(?:[^]*\S)?/, () => text);
  }
  for (const name of READ) {
    for (const node of root.querySelectorAll(`[${name}]`)) {
      const text = translator.text(/** @type {string} */ (node.getAttribute(name)));
      if (text !== undefined) node.setAttribute(name, text);
    }
  }
}

/** @param {HTMLElement} node  @param {Translator} translator */
function fill(node, translator) {
  const { gettext: message = "", count, values = "{}", into } = node.dataset;
  const known = /** @type {Record<string, string>} */ (JSON.parse(values));
  if (count) known.count = translator.number(Number(count));
  const text = (count ? translator.counted(message, Number(count)) : translator.text(message)) ?? "";
  const filled = text.replace(VALUE, (name) => known[name.slice(1, -1)] ?? name);
  if (!text) return;
  if (into) node.setAttribute(into, filled);
  else {
    const link = node.querySelector("a");
    const [before, after = ""] = filled.split("{link}");
    node.replaceChildren(before, ...(link ? [link, after] : []));
  }
}
