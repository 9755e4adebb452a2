/**
 * The page's messages in the reader's language. English is in the code and needs no download. Any other language needs a script and a
 * catalog (translating.js), which all scripts of the page share through `window.spotmapTranslation`.
 *
 * scripts/catalog.py finds the messages by the names of these functions. The argument must be a string literal with the names of values
 * in braces.
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
/** @typedef {Record<string, string | number>} Values  by their names in the message; numbers are formatted for the language */

const MS_PER_DAY = 86_400_000;

/** @returns {Translation | undefined} */
const translation = () => /** @type {any} */ (globalThis).spotmapTranslation;

/** @param {string} message  @param {Values} [values] */
export const gettext = (message, values) => filled(translation()?.text(message) ?? message, values);

/**
 * For words with several meanings: the context tells translators which one is meant, and is not shown.
 *
 * @param {string} context
 * @param {string} message
 */
export const pgettext = (context, message) => translation()?.text(`${context}\x04${message}`) ?? message;

/**
 * @param {string} one  for a count of one
 * @param {string} many  for other counts, with `{count}`
 * @param {number} count
 * @param {Values} [values]  values besides the count
 */
export const ngettext = (one, many, count, values) =>
  filled(translation()?.counted(one, count) ?? (count === 1 ? one : many), { count, ...values });

/** Marks a message that is translated when it is displayed, such as one in a table that is created before the language is known. @param {string} message */
export function gettext_noop(message) {
  return message;
}

/** Translates an English sentence that the build wrote into the site's files. @param {string} sentence */
export const built = (sentence) => translation()?.sentence(sentence) ?? sentence;

/** @param {string} text  @param {Values} [values] */
const filled = (text, values) =>
  values ? text.replace(/\{(\w+)\}/g, (_, name) => (typeof values[name] === "number" ? formatCount(values[name]) : values[name])) : text;

/**
 * Formats numbers without Intl in English, because creating the first Intl.NumberFormat takes longer than drawing a map of a few thousand tracks.
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
 * Returns the language of `?lang=`, or else the browser's preferred one, if the page offers it; otherwise the page's own.
 *
 * @param {{lang: string, dataset: DOMStringMap}} root  the page
 * @param {string} search  the query of the page's address
 * @param {readonly string[]} preferred  languages that the browser prefers, best first
 * @returns {string}  such as "de"
 */
export function wantedLanguage({ lang, dataset }, search, preferred) {
  const offered = (dataset.languages ?? lang).split(" ");
  const wanted = [new URLSearchParams(search).get("lang") ?? "", ...preferred].map((tag) => tag.split("-")[0]);
  return wanted.find((tag) => offered.includes(tag)) ?? lang;
}
