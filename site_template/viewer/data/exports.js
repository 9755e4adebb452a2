/** Exports a list of tracks as text for other programs. Pure. */

import { trackLinks } from "./listen_links.js";

/** @import { TextData, TrackDetails } from "./types.js" */

/**
 * @typedef {object} ListedTrack
 * @property {string} title
 * @property {string[]} artists
 * @property {string} album
 * @property {TrackDetails} details
 * @property {string} path  its file, if the page can access it or the site names it; otherwise empty
 */

/**
 * @param {TextData} text
 * @param {number} track
 * @param {TrackDetails} details
 * @param {string} path  its file on this machine; empty if unknown
 * @returns {ListedTrack}
 */
export const listedTrack = (text, track, details, path) => ({
  title: text.titles[track],
  artists: text.artistsOf(track),
  album: text.albumOf(track),
  details,
  path: path || details.path,
});

/** Returns text that can be pasted into a playlist in the Spotify app: one link per line. @param {readonly Pick<ListedTrack, "details">[]} tracks */
export function toSpotifyUris(tracks) {
  return tracks.map(({ details }) => details.id).filter((id) => id.startsWith("spotify:track:"));
}

/** Returns the location of a track for other programs: its file, or else an address. @param {ListedTrack} track  @returns {string | undefined} */
function addressOf({ details, path }) {
  // An M3U entry is a single line, and a line that begins with "#" is a comment.
  if (path && !/[\r\n]/.test(path)) return path.startsWith("#") ? `./${path}` : path;
  return webAddressOf(details);
}

/** @param {TrackDetails} details  @returns {string | undefined} */
function webAddressOf(details) {
  const links = trackLinks(details);
  return (links.find(({ label }) => label === "YouTube Music") ?? links[0])?.url;
}

/** Counts the tracks that have an address. @param {readonly ListedTrack[]} tracks */
export const countAddresses = (tracks) => tracks.filter((track) => addressOf(track)).length;

/**
 * Returns an M3U playlist. Tracks without an address become comments, because a player would fail on anything else.
 *
 * @param {string} name  of the list
 * @param {readonly ListedTrack[]} tracks
 */
export function toM3u(name, tracks) {
  const lines = tracks.map((track) => {
    const { title, artists, details } = track;
    const seconds = details.duration_ms === null ? -1 : Math.round(details.duration_ms / 1000);
    const label = artists.length > 0 ? `${artists.join(", ")} - ${title}` : title;
    const address = addressOf(track);
    return address ? `#EXTINF:${seconds},${label}\n${address}` : `# no address: ${label}`;
  });
  return `#EXTM3U\n#PLAYLIST:${name}\n${lines.map((line) => `${line}\n`).join("")}`;
}

/**
 * Returns a path as a file URL (RFC 8089): with a drive or server for Windows paths, otherwise from the root. Relative paths
 * stay relative.
 *
 * @param {string} path
 */
export function fileAddress(path) {
  const isOfWindows = /^([A-Za-z]:\\|\\\\)/.test(path);
  const parts = (isOfWindows ? path.replaceAll("\\", "/") : path).split("/");
  const drive = isOfWindows && parts[0] ? `/${parts.shift()}/` : "";
  const address = drive + parts.map(encodeURIComponent).join("/");
  if (address.startsWith("//")) return `file:${address}`;
  return address.startsWith("/") ? `file://${address}` : address;
}

/**
 * Returns every track with all known details as JSPF (https://www.xspf.org/jspf), like `spotmap-build playlists --format jspf`.
 *
 * @param {string} name  of the list
 * @param {readonly ListedTrack[]} tracks
 */
export function toJspf(name, tracks) {
  const track = tracks.map(({ title, artists, album, details, path }) => {
    const location = [path && fileAddress(path), webAddressOf(details)].filter(Boolean);
    const known = { title, creator: artists.join(", "), album, duration: details.duration_ms, location, identifier: toSpotifyUris([{ details }]) };
    return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== null && String(value) !== ""));
  });
  return `${JSON.stringify({ playlist: { title: name, track } }, null, 2)}\n`;
}

const COLUMNS = ["title", "artists", "album", "year", "duration_ms", "id", "spotify", "youtube_music"];
/** The last column, if at least one track is a file. */
const PATH = "path";

/**
 * Returns a CSV table with the columns of `spotmap-build --source table:`, and links.
 *
 * @param {readonly ListedTrack[]} tracks
 * @param {readonly {label: string, values: readonly string[]}[]} more  columns that come last, one value per track
 */
export function toCsv(tracks, more = []) {
  const hasPaths = tracks.some(({ path }) => path);
  const rows = tracks.map(({ title, artists, album, details, path }, index) => {
    const url = (/** @type {string} */ label) => trackLinks(details).find((link) => link.label === label)?.url ?? "";
    const { year, duration_ms, id } = details;
    const known = [title, artists.join("; "), album, year ?? "", duration_ms ?? "", id, url("Open in Spotify"), url("YouTube Music")];
    return [...known, ...(hasPaths ? [path] : []), ...more.map(({ values }) => values[index])];
  });
  const names = [...COLUMNS, ...(hasPaths ? [PATH] : []), ...more.map(({ label }) => label)];
  // The byte order mark tells Excel that this is UTF-8.
  return `\ufeff${[names, ...rows].map((row) => `${row.map(csvCell).join(",")}\r\n`).join("")}`;
}

/**
 * Matches characters that start a formula in a spreadsheet at the beginning of a cell, quoted or not; some accept full-width forms.
 *
 * If the list separator is a semicolon (Excel in German, French, …), this file is split at every semicolon, tab and line end,
 * even in quotes. A cell may therefore begin within a title, and a quotation mark there is not part of it.
 */
const FORMULAS = /(^|[;,\t\r\n])([\s"]*)(?='*[=+\-@\uff1d\uff0b\uff0d\uff20])/g;

/** Escapes a cell. An apostrophe makes it text; `spotmap-build` removes it again. @param {string | number} value */
function csvCell(value) {
  const text = typeof value === "string" ? value.replace(FORMULAS, "$1$2'").replace(/^'*[\t\r]/, "'$&") : String(value);
  return /[",;\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
