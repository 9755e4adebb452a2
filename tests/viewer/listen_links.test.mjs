import assert from "node:assert/strict";
import { test } from "node:test";
import { trackLinks } from "../../site_template/viewer/data/listen_links.js";

const SPOTIFY = { label: "Open in Spotify", url: "https://open.spotify.com/track/6kzeIXPYwlw3bLF0FIpf6m" };
const YOUTUBE = { label: "YouTube Music", url: "https://music.youtube.com/watch?v=QH3Fx41Jpl4" };

for (const [name, id, videoId, links] of [
  ["of Spotify with a recording links to both", "spotify:track:6kzeIXPYwlw3bLF0FIpf6m", "QH3Fx41Jpl4", [SPOTIFY, YOUTUBE]],
  ["of a folder has no links", "sha256:6kze", "", []],
  ["of a table with a recording links to it", "7", "QH3Fx41Jpl4", [YOUTUBE]],
  ["whose id only resembles Spotify's has no links", "spotify:track:../../evil", 'x"onclick', []],
  ["that is a local file in Spotify has no links", "spotify:local:a:b:c:1", "", []],
]) {
  test(`a track ${name}`, () => assert.deepEqual(trackLinks({ id, videoId }), links));
}
