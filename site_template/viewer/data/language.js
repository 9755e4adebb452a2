/**
 * What the page says, in the language of whoever reads it. English stands in the code and costs nothing else. Any other language comes as
 * a script and a catalog (translating.js), which every script of the page finds in `window.spotmapTranslation`.
 *
 * scripts/catalog.py finds the messages by the names of these functions: what is given to them is a text between quotation marks, with
 * the names of values in braces.
 */

/**
 * @typedef {object} Translation
 * @property {(message: string) => string | undefined} text
 * @property {(one: string, count: number) => string | undefined} counted
 * @property {(sentence: string) => string} sentence
 * @property {(count: number) => string} number
 * @property {(value: string) => string} decimal
 * @property {(time_ms: number) => string} day
 */
/** @typedef {Record<string, string | number>} Values  by their names in the message; numbers are written as people do */

const MS_PER_DAY = 86_400_000;

/** @returns {Translation | undefined} */
const translation = () => /** @type {any} */ (globalThis).spotmapTranslation;

/** @param {string} message  @param {Values} [values] */
export const gettext = (message, values) => filled(translation()?.text(message) ?? message, values);

/**
 * For words that have several meanings: the context says which one is meant, and is not shown.
 *
 * @param {string} context
 * @param {string} message
 */
export const pgettext = (context, message) => translation()?.text(`${context}\x04${message}`) ?? message;

/**
 * @param {string} one  for a count of one
 * @param {string} many  for others, with `{count}`
 * @param {number} count
 * @param {Values} [values]  others than the count
 */
export const ngettext = (one, many, count, values) =>
  filled(translation()?.counted(one, count) ?? (count === 1 ? one : many), { count, ...values });

/** Marks a message that is translated where it shows: a table is made before the language is known. @param {string} message */
export function gettext_noop(message) {
  return message;
}

/** A sentence that the build put into the site's files, in English. @param {string} sentence */
export const built = (sentence) => translation()?.sentence(sentence) ?? sentence;

/** @param {string} text  @param {Values} [values] */
const filled = (text, values) =>
  values ? text.replace(/\{(\w+)\}/g, (_, name) => (typeof values[name] === "number" ? formatCount(values[name]) : values[name])) : text;

/**
 * English by hand: to make a first Intl.NumberFormat takes longer than to draw the first map of a few thousand tracks.
 *
 * @param {number} count  a whole number
 * @returns {string} 12,345
 */
export const formatCount = (count) => translation()?.number(count) ?? String(count).replace(/\B(?=(\d{3})+$)/g, ",");

/** @param {number | string} value  rounded already  @returns {string} −1234.5 */
export const formatNumber = (value) => translation()?.decimal(String(value)) ?? String(value).replace("-", "−");

/** @param {number} day  since 1970  @returns {string} 2024-05-01 */
export const formatDay = (day) => translation()?.day(day * MS_PER_DAY) ?? new Date(day * MS_PER_DAY).toISOString().slice(0, 10);

/**
 * What `?lang=` asks for, else what the browser prefers, of the languages that the page offers; else the one that it is in.
 *
 * @param {{lang: string, dataset: DOMStringMap}} root  the page
 * @param {string} search  of its address
 * @param {readonly string[]} preferred  by the browser, the best first
 * @returns {string}  such as "de"
 */
export function wantedLanguage({ lang, dataset }, search, preferred) {
  const offered = (dataset.languages ?? lang).split(" ");
  const wanted = [new URLSearchParams(search).get("lang") ?? "", ...preferred].map((tag) => tag.split("-")[0]);
  return wanted.find((tag) => offered.includes(tag)) ?? lang;
}
