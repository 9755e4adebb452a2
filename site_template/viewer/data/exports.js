/** A list of tracks as text that other programs read. Pure. */

import { trackLinks } from "./listen_links.js";

/** @import { TextData, TrackDetails } from "./types.js" */

/**
 * @typedef {object} ListedTrack
 * @property {string} title
 * @property {string[]} artists
 * @property {string} album
 * @property {TrackDetails} details
 * @property {string} path  its file on the listener's machine, where the page is shown beside it; else empty
 */

/**
 * @param {TextData} text
 * @param {number} track
 * @param {TrackDetails} details
 * @param {string} [path]  its file on this machine
 * @returns {ListedTrack}
 */
export const listedTrack = (text, track, details, path = "") => ({
  title: text.titles[track],
  artists: text.artistsOf(track),
  album: text.albumOf(track),
  details,
  path,
});

/** What Spotify's own program takes when it is pasted into a playlist: one link a line. @param {readonly ListedTrack[]} tracks */
export function toSpotifyUris(tracks) {
  return tracks.map(({ details }) => details.id).filter((id) => id.startsWith("spotify:track:"));
}

/** Where other programs find a track: its file, else an address. @param {ListedTrack} track  @returns {string | undefined} */
function addressOf({ details, path }) {
  if (path) return path;
  const links = trackLinks(details);
  return (links.find(({ label }) => label === "YouTube Music") ?? links[0])?.url;
}

/** How many of them a list of addresses can hold. @param {readonly ListedTrack[]} tracks */
export const countAddresses = (tracks) => tracks.filter((track) => addressOf(track)).length;

/**
 * Tracks without an address become comments: a player would fail on anything else.
 *
 * @param {readonly ListedTrack[]} tracks
 */
export function toM3u(tracks) {
  const lines = tracks.map((track) => {
    const { title, artists, details } = track;
    const seconds = details.duration_ms === null ? -1 : Math.round(details.duration_ms / 1000);
    const name = artists.length > 0 ? `${artists.join(", ")} - ${title}` : title;
    const address = addressOf(track);
    return address ? `#EXTINF:${seconds},${name}\n${address}` : `# no address: ${name}`;
  });
  return `#EXTM3U\n${lines.map((line) => `${line}\n`).join("")}`;
}

const COLUMNS = ["title", "artists", "album", "year", "duration_ms", "id", "spotify", "youtube_music"];

/**
 * The columns that a table of tracks has for `spotmap-build --source table:`, and links.
 *
 * @param {readonly ListedTrack[]} tracks
 */
export function toCsv(tracks) {
  const rows = tracks.map(({ title, artists, album, details }) => {
    const url = (/** @type {string} */ label) => trackLinks(details).find((link) => link.label === label)?.url ?? "";
    const { year, duration_ms, id } = details;
    return [title, artists.join("; "), album, year ?? "", duration_ms ?? "", id, url("Open in Spotify"), url("YouTube Music")];
  });
  // The mark at the beginning tells Excel that this is UTF-8.
  return `\ufeff${[COLUMNS, ...rows].map((row) => `${row.map(csvCell).join(",")}\r\n`).join("")}`;
}

/**
 * What a spreadsheet takes for the beginning of a formula, quoted or not, where a cell begins; some take the wide forms too.
 *
 * Where the list separator is a semicolon (Excel in German, French, …), this file is cut at every semicolon, tab and end of
 * a line, in quotes or not: so a cell may begin within a title as well, and a quotation mark there is not part of it.
 */
const FORMULAS = /(^|[;,\t\r\n])([\s"]*)(?='*[=+\-@\uff1d\uff0b\uff0d\uff20])/g;

/** An apostrophe makes it text. `spotmap-build` takes it away again. @param {string | number} value */
function csvCell(value) {
  const text = typeof value === "string" ? value.replace(FORMULAS, "$1$2'").replace(/^'*[\t\r]/, "'$&") : String(value);
  return /[",;\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
