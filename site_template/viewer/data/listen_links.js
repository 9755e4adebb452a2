/** Addresses where a track can be heard elsewhere. Pure. */

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
  if (spotify) links.push({ label: "Open in Spotify", url: `https://open.spotify.com/track/${spotify[1]}` });
  if (VIDEO.test(videoId)) links.push({ label: "YouTube Music", url: `https://music.youtube.com/watch?v=${videoId}` });
  return links;
}

/**
 * @param {string} videoId
 * @returns {string}  of YouTube's player without cookies, which plays at once; empty where no recording is known
 */
export const playerAddress = (videoId) =>
  VIDEO.test(videoId) ? `https://www.youtube-nocookie.com/embed/${videoId}?autoplay=1&rel=0&playsinline=1` : "";
