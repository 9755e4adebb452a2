/** Fetches the site's files, and says in words why one could not be had. */

import { DataError, decodeDetails, decodeMap, decodeText } from "./decode.js";

/** @import { MapData, TextData, TrackDetails } from "./types.js" */

/**
 * @param {string} url
 * @returns {Promise<any>}
 */
async function fetchJson(url) {
  if (location.protocol === "file:") {
    throw new DataError(
      "Browsers do not let a page opened from disk read its data. Serve the folder instead, for example with " +
        "`python3 -m http.server`, and open the address that it prints.",
    );
  }
  const response = await fetch(url).catch((/** @type {Error} */ reason) => {
    throw new DataError(`${url} could not be fetched (${reason.message}). Check the connection, then reload the page.`);
  });
  if (!response.ok) {
    throw new DataError(
      `${url} could not be fetched (status ${response.status}). If the site was just published, wait a minute and reload.`,
    );
  }
  return response.json().catch((/** @type {Error} */ reason) => {
    throw new DataError(`${url} is damaged (${reason.message}). Publish the site again.`);
  });
}

/**
 * @param {string} folder  relative address of the generation's folder, ending in a slash
 * @returns {Promise<MapData>}
 */
export async function loadMap(folder) {
  return decodeMap(await fetchJson(`${folder}map.json`));
}

/**
 * @param {string} folder
 * @param {MapData} map
 * @returns {Promise<TextData>}
 */
export async function loadText(folder, map) {
  return decodeText(await fetchJson(folder + map.files.text), map.count);
}

/**
 * Reads details a chunk at a time, each chunk once. A chunk that failed is asked for again the next time.
 *
 * @param {string} folder
 * @param {MapData} map
 * @returns {(track: number) => Promise<TrackDetails>}
 */
export function createDetailsReader(folder, map) {
  /** @type {Map<number, Promise<any>>} */
  const chunks = new Map();
  return async (track) => {
    const chunk = Math.floor(track / map.files.detailsChunk);
    let pending = chunks.get(chunk);
    if (!pending) {
      pending = fetchJson(folder + map.files.details[chunk]);
      chunks.set(chunk, pending);
      pending.catch(() => chunks.delete(chunk));
    }
    return decodeDetails(await pending, track);
  };
}
