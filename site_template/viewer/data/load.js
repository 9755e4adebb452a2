/** Fetches the site's files, with readable error messages. */

import { DataError, decodeDetails, decodeInsights, decodeMap, decodeNeighbors, decodeText, neighborTable, unpackDetails } from "./decode.js";
import { gettext } from "./language.js";
import { withWordsOf } from "./words_in.js";

/** @import { Insights, MapData, Neighbors, TextData, TrackDetails } from "./types.js" */

/** Attempts to fetch a file, for hosts and connections that fail at times. */
const ATTEMPTS = 3;
/** Pause after the first failure; the next one is longer. */
const PAUSE_MS = 300;

/**
 * @param {string} url
 * @returns {Promise<any>}
 */
async function readJson(url) {
  // A sandboxed page has no origin, and may fetch no files either.
  if (location.protocol === "file:" || origin === "null") return parse(await readTwin(url), url);
  const text = await fetchText(url);
  try {
    return JSON.parse(text);
  } catch {
    // The browser's cached copy may be from the moment when the site was being published.
    return parse(await fetchText(url, "reload"), url);
  }
}

/**
 * @param {string} text
 * @param {string} url  of the text
 */
function parse(text, url) {
  try {
    return JSON.parse(text);
  } catch (reason) {
    throw new DataError(gettext("{file} is damaged ({reason}). Publish the site again.", { file: url, reason: /** @type {Error} */ (reason).message }));
  }
}

/**
 * Repeats the request if the connection breaks or the host reports an error of its own.
 *
 * @param {string} url
 * @param {RequestCache} [cache]
 * @param {number} [attempt]
 * @returns {Promise<string>}
 */
async function fetchText(url, cache = "default", attempt = 1) {
  let failure;
  try {
    const response = await fetch(url, { cache });
    const { ok, status } = response;
    if (ok) return await response.text();
    failure = new DataError(gettext("{file} could not be fetched (status {status}). If the site was just published, wait a minute and reload.", { file: url, status }));
    if (status < 500) attempt = ATTEMPTS;
  } catch (reason) {
    failure = new DataError(gettext("{file} could not be fetched ({reason}). Check the connection, then reload the page.", { file: url, reason: /** @type {Error} */ (reason).message }));
  }
  if (attempt === ATTEMPTS) throw failure;
  await new Promise((resolve) => setTimeout(resolve, attempt * PAUSE_MS));
  return fetchText(url, cache, attempt + 1);
}

/** Loads a script, and resolves when it has run or failed. @param {string} url  @returns {Promise<void>} */
const runScript = (url) =>
  new Promise((resolve) => {
    const script = document.createElement("script");
    script.src = url;
    for (const event of ["load", "error"]) {
      script.addEventListener(event, () => {
        script.remove();
        resolve();
      });
    }
    document.head.append(script);
  });

/** Texts of script versions, by the file's name. @type {Map<string, string>} */
const received = new Map();

/**
 * A page opened from disk cannot fetch files, but it can load scripts. Each file also exists as a script, which calls `spotmapReceive`.
 *
 * @param {string} url
 * @param {string} [name]  of the file in the script
 * @returns {Promise<string>}
 */
export async function readTwin(url, name = url.slice(url.lastIndexOf("/") + 1)) {
  Object.assign(window, { spotmapReceive: (/** @type {string} */ name, /** @type {string} */ text) => received.set(name, text) });
  await runScript(`${url}.js`);
  const text = received.get(name);
  received.delete(name);
  if (text !== undefined) return text;
  throw new DataError(gettext("{file} is not beside this page. Copy the whole folder of the site, or build it again.", { file: `${url}.js` }));
}

/**
 * Reads each address once. A failed one is tried again on the next call.
 *
 * @param {(url: string) => Promise<any>} [read]
 */
function rememberedReads(read = readJson) {
  /** @type {Map<string, Promise<any>>} */
  const reads = new Map();
  return (/** @type {string} */ url) => {
    let pending = reads.get(url);
    if (!pending) {
      pending = read(url);
      reads.set(url, pending);
      pending.catch(() => reads.delete(url));
    }
    return pending;
  };
}

/**
 * @param {readonly string[]} names
 * @param {(chunk: number) => Promise<any>} readChunk
 * @param {(share: number) => void} onProgress  0..1
 * @returns {Promise<any[]>}
 */
async function readEach(names, readChunk, onProgress) {
  let done = 0;
  let isSettled = false;
  try {
    return await Promise.all(
      names.map(async (_, chunk) => {
        const document = await readChunk(chunk);
        // After a failure, the progress of other files must not replace the error message.
        if (!isSettled) onProgress(++done / names.length);
        return document;
      }),
    );
  } finally {
    isSettled = true;
  }
}

/**
 * @param {string} folder  relative address of the generation's folder, with a trailing slash
 * @returns {Promise<MapData>}
 */
export async function loadMap(folder) {
  return decodeMap(await readJson(`${folder}map.json`));
}

/**
 * @param {string} folder
 * @param {MapData} map
 * @returns {Promise<TextData>}
 */
export async function loadText(folder, map) {
  const document = await readJson(folder + map.files.text);
  // Let the page handle other events between parsing and decoding.
  await new Promise((resolve) => setTimeout(resolve));
  return decodeText(document, map.count);
}

/**
 * Returns a function that reads insights.json on its first call.
 *
 * @param {string} folder
 * @param {MapData} map
 * @returns {() => Promise<Insights>}
 */
export function createInsightsReader(folder, map) {
  const read = rememberedReads();
  return async () => decodeInsights(await read(folder + map.files.insights));
}

/**
 * Returns readers for the words of descriptions and the script that parses them; both are needed for the first search.
 *
 * @param {string} folder
 * @param {MapData} map
 */
export function createDescribingReader(folder, map) {
  const read = rememberedReads();
  return {
    /** Sites of older builds do not support descriptions. */
    isAvailable: map.files.words !== "",

    /** Also reads the words of the page's language; without these, descriptions are understood in English. @returns {Promise<any>} */
    async readWords() {
      const words = await read(folder + map.files.words);
      const { lang } = document.documentElement;
      const others = words.languages?.includes(lang) && (await read(`${folder}words.${lang}.json`).catch(() => null));
      return others ? withWordsOf(words, others) : words;
    },

    /** @type {() => Promise<typeof import("../state/describer.js").Describer>} */
    readScript: createScriptReader(`${folder}describe.js`, "spotmapDescriber"),
  };
}

/** @typedef {ReturnType<typeof createDescribingReader>} DescribingReader */

/**
 * Returns a function that reads people.json when people are compared.
 *
 * @param {string} folder
 * @param {MapData} map
 * @returns {(() => Promise<any>) | null}  null if there is only one person
 */
export function createPeopleReader(folder, { files }) {
  const read = rememberedReads();
  return files.people ? () => read(folder + files.people) : null;
}

/**
 * @param {string} url
 * @param {string} name  of what it makes; missing if the script is damaged, or if the host sent a page of its own instead
 * @returns {Promise<any>}
 */
async function readScript(url, name) {
  await runScript(url);
  const made = Reflect.get(window, name);
  if (made) return made;
  throw new DataError(gettext("{file} could not be fetched. Check the connection, then reload the page.", { file: url }));
}

/**
 * Returns a function that loads an on-demand script once, and returns its global object.
 *
 * @param {string} url
 * @param {string} name  of what it makes
 * @returns {() => Promise<any>}
 */
export function createScriptReader(url, name) {
  const read = rememberedReads(() => readScript(url, name));
  return () => read(url);
}

/** @typedef {() => Promise<typeof import("../listening.js").LISTENING>} ListeningReader  loads listening.js once */

/**
 * Loads the translation for a language other than English.
 *
 * @param {string} folder
 * @param {string} language
 * @returns {Promise<void>}  fails with a DataError
 */
export async function loadTranslation(folder, language) {
  const script = readScript(`${folder}translate.js`, "spotmapTranslate");
  const [translate, catalog] = await Promise.all([script, readJson(`${folder}language.${language}.json`)]);
  translate(catalog);
}

/**
 * Returns a reader of neighbors, which reads one file at a time. Maps with given positions have no neighbors.
 *
 * @param {string} folder
 * @param {MapData} map
 */
export function createNeighborsReader(folder, { files, count }) {
  const read = rememberedReads();
  const readChunk = (/** @type {number} */ chunk) => read(folder + files.neighbors[chunk]);
  return {
    isAvailable: files.neighbors.length > 0,

    /**
     * @param {number} track
     * @returns {Promise<Neighbors>}
     */
    async read(track) {
      return decodeNeighbors(await readChunk(Math.floor(track / files.detailsChunk)), track);
    },

    /**
     * @param {(share: number) => void} onProgress  0..1
     * @returns {Promise<Uint32Array>}  in the format of `paths.js`
     */
    async readAll(onProgress) {
      return neighborTable(await readEach(files.neighbors, readChunk, onProgress), count);
    },
  };
}

/** @typedef {ReturnType<typeof createNeighborsReader>} NeighborsReader */

/**
 * Returns a reader of details, which reads one file at a time.
 *
 * @param {string} folder
 * @param {MapData} map
 */
export function createDetailsReader(folder, { files, columns }) {
  const read = rememberedReads((url) => readJson(url).then(unpackDetails));
  const readChunk = (/** @type {number} */ chunk) => read(folder + files.details[chunk]);
  return {
    /**
     * @param {number} track
     * @returns {Promise<TrackDetails>}
     */
    async read(track) {
      return decodeDetails(await readChunk(Math.floor(track / files.detailsChunk)), track, columns.styles);
    },

    /**
     * Reads all files, for features that need every track.
     *
     * @param {(share: number) => void} onProgress  0..1
     * @returns {Promise<any[]>}
     */
    readAll: (onProgress) => readEach(files.details, readChunk, onProgress),
  };
}

/** @typedef {ReturnType<typeof createDetailsReader>} DetailsReader */

/** Returns the progress message. @param {number} share  0..1 of the details */
export const readingText = (share) => gettext("Loading the details of all tracks: {percent} %", { percent: Math.floor(100 * share) });
