/** Addresses of a track on other sites. Pure. */

import { gettext_noop } from "./language.js";

/** @import { TrackDetails } from "./types.js" */

const SPOTIFY_TRACK = /^spotify:track:([A-Za-z0-9]{22})$/;
const VIDEO = /^[A-Za-z0-9_-]{11}$/;

/**
 * @param {Pick<TrackDetails, "id" | "videoId">} details
 * @returns {{label: string, url: string}[]}
 */
export function trackLinks({ id, videoId }) {
  const links = [];
  const spotify = SPOTIFY_TRACK.exec(id);
  if (spotify) links.push({ label: gettext_noop("Open in Spotify"), url: `https://open.spotify.com/track/${spotify[1]}` });
  if (VIDEO.test(videoId)) links.push({ label: "YouTube Music", url: `https://music.youtube.com/watch?v=${videoId}` });
  return links;
}

/** Origin of YouTube's player without cookies. */
export const PLAYER_ORIGIN = "https://www.youtube-nocookie.com";

/**
 * @param {string} videoId
 * @param {number} [startS]  start position, seconds
 * @param {string} [page]  the origin of the page that receives the player's events
 * @returns {string}  address of the player, which starts immediately; empty if no recording is known
 */
export function playerAddress(videoId, startS = 0, page = "") {
  if (!VIDEO.test(videoId)) return "";
  const start = startS >= 1 ? `&start=${Math.floor(startS)}` : "";
  const tells = page ? `&enablejsapi=1&origin=${encodeURIComponent(page)}` : "";
  return `${PLAYER_ORIGIN}/embed/${videoId}?autoplay=1&rel=0&playsinline=1${start}${tells}`;
}
