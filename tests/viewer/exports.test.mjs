import assert from "node:assert/strict";
import { test } from "node:test";
import { countAddresses, toCsv, toM3u, toSpotifyUris } from "../../site_template/viewer/exports.js";

const ID = "spotify:track:4uLU6hMCjMI75M1A2tKUQC";
const track = (title, details = {}) => ({
  title,
  artists: ["Mara", "Jun"],
  album: "",
  details: { id: "t1", duration_ms: 185_400, year: 1999, artFile: "", videoId: "", features: [], facets: [], ...details },
});
const rowOf = (title) => toCsv([track(title)]).split("\r\n")[1];

for (const [title, cell] of [
  ["Plain", "Plain"],
  ['With, comma and "quotes"', '"With, comma and ""quotes"""'],
  ["=HYPERLINK(1)", "'=HYPERLINK(1)"],
  ["+1", "'+1"],
  ["-1", "'-1"],
  ["@home", "'@home"],
  ["=1,2", '"\'=1,2"'],
  ["\tTab", "'\tTab"],
]) {
  test(`in CSV, ${JSON.stringify(title)} is harmless`, () => {
    assert.equal(rowOf(title), `${cell},Mara; Jun,,1999,185400,t1,,`);
  });
}

test("CSV tells the links that are known, and begins with the mark of UTF-8", () => {
  const csv = toCsv([track("A", { id: ID, videoId: "v0000000000", year: null })]);
  assert.ok(csv.startsWith("\ufefftitle,artists,album,year,duration_ms,id,spotify,youtube_music\r\n"));
  assert.ok(csv.endsWith(`${ID},https://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC,https://music.youtube.com/watch?v=v0000000000\r\n`));
});

test("M3U leads to the recording, else to Spotify, and names what has no address", () => {
  const tracks = [track("A", { id: ID, videoId: "v0000000000" }), track("B", { id: ID, duration_ms: null }), track("C")];
  assert.equal(countAddresses(tracks), 2);
  assert.equal(
    toM3u(tracks),
    "#EXTM3U\n#EXTINF:185,Mara, Jun - A\nhttps://music.youtube.com/watch?v=v0000000000\n" +
      "#EXTINF:-1,Mara, Jun - B\nhttps://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC\n# no address: Mara, Jun - C\n",
  );
});

test("for Spotify only its own tracks are copied", () => {
  assert.deepEqual(toSpotifyUris([track("A", { id: ID }), track("B")]), [ID]);
});
