/** Finds artists, tracks and playlists that a description names. Pure. */

import { normalized } from "./search.js";

/** @import { FindNames, Reference } from "./describe.js" */
/** @import { SearchIndex } from "./search.js" */
/** @import { TextData } from "./types.js" */

const LONGEST = 8;
/** A word that occurs in more tracks is searched together with the next one. */
const MANY = 3000;

/**
 * @param {SearchIndex} index  complete
 * @param {TextData} text
 * @param {readonly {name: string, tracks: () => readonly number[]}[]} playlists
 * @returns {FindNames}
 */
export function createNameFinder(index, { titles, artistsOf }, playlists) {
  const lists = new Map(playlists.map((playlist) => [normalized(playlist.name), playlist]));
  /** @param {readonly string[]} tokens  @param {number} at */
  const candidates = (tokens, at) => {
    // Search the single word first: its result is cached, and the next key extends it.
    if (tokens[at].length > 1) index.tracksWith(tokens[at]);
    // Only whole words, which have a space on either side; an incomplete word would match too many beginnings.
    const tracks = index.tracksWith(` ${tokens[at]} `);
    return tracks.length > MANY && at + 1 < tokens.length ? index.tracksWith(` ${tokens[at]} ${tokens[at + 1]} `) : tracks;
  };

  return (tokens, at, withTitles) => {
    if (!tokens[at]) return null;
    /** Names that begin here, with their number of words. @type {Map<string, {found: Reference & {tracks: number[]}, length: number}>} */
    const named = new Map();
    const note = (/** @type {string} */ name, /** @type {number} */ track, /** @type {boolean} */ isArtist) => {
      const key = `${isArtist} ${name}`;
      let entry = named.get(key);
      if (!entry) {
        entry = { found: { name, tracks: [], isArtist }, length: wordsOf(isArtist ? normalized(name) : index.titleOf(track), tokens, at) };
        named.set(key, entry);
      }
      entry.found.tracks.push(track);
    };
    for (const track of candidates(tokens, at)) {
      for (const artist of artistsOf(track)) note(artist, track, true);
      if (withTitles && wordsOf(index.titleOf(track), tokens, at) > 0) note(titles[track], track, false);
    }
    const found = [...named.values()].filter(({ length }) => length > 0);
    for (let length = Math.min(LONGEST, tokens.length - at); withTitles && length > 0; length--) {
      const playlist = lists.get(tokens.slice(at, at + length).join(" "));
      if (playlist) found.push({ found: { name: playlist.name, tracks: [...playlist.tracks()], isArtist: false }, length });
    }
    // The longest name; for equal length, an artist before a track of that name.
    return found.sort((a, b) => b.length - a.length || Number(b.found.isArtist) - Number(a.found.isArtist))[0] ?? null;
  };
}

/** Returns how many tokens match this complete name, with or without its article; 0 for no match. @param {string} name  normalized  @param {readonly string[]} tokens  @param {number} at */
function wordsOf(name, tokens, at) {
  const words = name.split(" ");
  const own = words[0] === "the" && tokens[at] !== "the" ? words.slice(1) : words;
  return own.length > 0 && own.every((word, index) => tokens[at + index] === word) ? own.length : 0;
}
