import assert from "node:assert/strict";
import { test } from "node:test";
import { countAddresses, fileAddress, listedTrack, toCsv, toJspf, toM3u, toSpotifyUris } from "../../site_template/viewer/data/exports.js";

const ID = "spotify:track:4uLU6hMCjMI75M1A2tKUQC";
const track = (title, details = {}) => ({
  title,
  artists: ["Mara", "Jun"],
  album: "",
  path: "",
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
  ["\tTab", '"\'\tTab"'],
  ["\rReturn", '"\'\rReturn"'],
  ["\uff1d1+1", "'\uff1d1+1"],
  ["A;B", '"A;B"'],
  ["A\tB", '"A\tB"'],
  ["A\nB", '"A\nB"'],
  ["A;=1+1", '"A;\'=1+1"'],
  ["A; @SUM(1)", '"A; \'@SUM(1)"'],
  ['A;"=1', '"A;""\'=1"'],
  ['A; " "-1', '"A; "" ""\'-1"'],
  ["A\t+1", '"A\t\'+1"'],
  ["A\n=1", '"A\n\'=1"'],
  ["A, -1", '"A, \'-1"'],
  ["A;;=1;=2", '"A;;\'=1;\'=2"'],
  ["A=1 - B+1 @ C", "A=1 - B+1 @ C"],
  ["It's a '-1", "It's a '-1"],
  ["'=1", "''=1"],
]) {
  test(`in CSV, ${JSON.stringify(title)} is harmless`, () => {
    assert.equal(rowOf(title), `${cell},"Mara; Jun",,1999,185400,t1,,`);
  });
}

/** Splits a text into cells like a spreadsheet: quotation marks count only at the start of a cell, and text after a closing one is kept. */
function cellsOf(text, separators) {
  const cells = [];
  let cell = "";
  for (let at = 0, begins = true; at <= text.length; at++) {
    const sign = text[at];
    if (at === text.length || separators.includes(sign) || sign === "\n" || sign === "\r") {
      cells.push(cell);
      cell = "";
      begins = true;
    } else if (begins && sign === '"') {
      for (at++; at < text.length && (text[at] !== '"' || text[at + 1] === '"'); at++) {
        if (text[at] === '"') at++;
        cell += text[at];
      }
      begins = false;
    } else {
      cell += sign;
      begins = false;
    }
  }
  return cells;
}

test("no cell starts a formula, whatever the separator", () => {
  const signs = ["=", "-", ";", ",", '"', " ", "\n"];
  const texts = signs.flatMap((a) => signs.flatMap((b) => signs.flatMap((c) => signs.map((d) => a + b + c + d))));
  for (const text of texts) {
    const csv = toCsv([{ ...track(text, { id: text }), artists: [text, text], album: text }]).slice(1);
    for (const separators of [",", ";", "\t", ",;"]) {
      for (const cell of cellsOf(csv, separators)) assert.doesNotMatch(cell, /^\s*[=+\-@]/, JSON.stringify([text, separators, cell]));
    }
  }
});

test("CSV contains the known links and starts with a byte order mark", () => {
  const csv = toCsv([track("A", { id: ID, videoId: "v0000000000", year: null })]);
  assert.ok(csv.startsWith("\ufefftitle,artists,album,year,duration_ms,id,spotify,youtube_music\r\n"));
  assert.ok(csv.endsWith(`${ID},https://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC,https://music.youtube.com/watch?v=v0000000000\r\n`));
});

test("M3U links to the recording or to Spotify and has a comment for other tracks", () => {
  const tracks = [track("A", { id: ID, videoId: "v0000000000" }), track("B", { id: ID, duration_ms: null }), track("C")];
  assert.equal(countAddresses(tracks), 2);
  assert.equal(
    toM3u("Mine", tracks),
    "#EXTM3U\n#PLAYLIST:Mine\n#EXTINF:185,Mara, Jun - A\nhttps://music.youtube.com/watch?v=v0000000000\n" +
      "#EXTINF:-1,Mara, Jun - B\nhttps://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC\n# no address: Mara, Jun - C\n",
  );
});

test("only Spotify tracks are copied for Spotify", () => {
  assert.deepEqual(toSpotifyUris([track("A", { id: ID }), track("B")]), [ID]);
});

test("M3U prefers local files", () => {
  const own = { ...track("A", { id: ID, videoId: "v0000000000" }), path: "/music/a song.flac" };
  assert.equal(toM3u("Mine", [own]), "#EXTM3U\n#PLAYLIST:Mine\n#EXTINF:185,Mara, Jun - A\n/music/a song.flac\n");
  assert.equal(countAddresses([own]), 1);
});

test("M3U skips paths with line breaks and keeps paths that start like a comment", () => {
  assert.doesNotMatch(toM3u("Mine", [{ ...track("A"), path: "/music/a\n/etc/passwd" }]), /passwd/);
  assert.match(toM3u("Mine", [{ ...track("A"), path: "#1 hit.mp3" }]), /\n\.\/#1 hit\.mp3\n/);
});

test("the path from the preview has priority over the path in the site", () => {
  const text = { titles: ["A"], artistsOf: () => [], albumOf: () => "" };
  const details = { ...track("A").details, path: "A/a.mp3" };
  assert.equal(listedTrack(text, 0, details, "/music/A/a.mp3").path, "/music/A/a.mp3");
  assert.equal(listedTrack(text, 0, details, "").path, "A/a.mp3");
});

test("CSV has a path column if there are files", () => {
  const lines = toCsv([{ ...track("A"), path: "/music/a, b.mp3" }, track("B")]).split("\r\n");
  assert.ok(lines[0].endsWith(",youtube_music,path"));
  assert.ok(lines[1].endsWith(',t1,,,"/music/a, b.mp3"'));
  assert.ok(lines[2].endsWith(",t1,,,"));
});

for (const [path, address] of [
  ["/music/a song #1?.mp3", "file:///music/a%20song%20%231%3F.mp3"],
  ["/music/100%.mp3", "file:///music/100%25.mp3"],
  ["/Björk/Jóga.flac", "file:///Bj%C3%B6rk/J%C3%B3ga.flac"],
  ["C:\\Music\\a b.mp3", "file:///C:/Music/a%20b.mp3"],
  ["\\\\nas\\music\\a.mp3", "file://nas/music/a.mp3"],
  ["A:B/a.mp3", "A%3AB/a.mp3"],
  ["../A/a.mp3", "../A/a.mp3"],
]) {
  test(`the URL of ${path} is ${address}`, () => assert.equal(fileAddress(path), address));
}

/** The fields of a track and the types of their values in the specification of JSPF (https://www.xspf.org/jspf). */
const isText = (value) => typeof value === "string";
const isAddress = (value) => isText(value) && /^[\w.~:/?#[\]@!$&'()*+,;=%-]+$/.test(value) && !/%(?![0-9A-F]{2})/.test(value);
const areAddresses = (value) => Array.isArray(value) && value.length > 0 && value.every(isAddress);
const JSPF_TRACK = { title: isText, creator: isText, album: isText, duration: (value) => Number.isInteger(value) && value >= 0, location: areAddresses, identifier: areAddresses };

test("JSPF contains all tracks and follows its specification", () => {
  const own = { ...track("A", { id: ID, videoId: "v0000000000" }), path: "/music/a song.flac", album: "Album" };
  const bare = { ...track("C", { duration_ms: null }), artists: [] };
  const { playlist, ...others } = JSON.parse(toJspf("Slow & dark", [own, track("B", { id: ID }), bare]));
  assert.deepEqual([Object.keys(others), Object.keys(playlist), playlist.title], [[], ["title", "track"], "Slow & dark"]);
  for (const entry of playlist.track) {
    for (const [name, value] of Object.entries(entry)) assert.ok(JSPF_TRACK[name]?.(value), `${name}: ${JSON.stringify(value)}`);
  }
  assert.deepEqual(playlist.track, [
    {
      title: "A",
      creator: "Mara, Jun",
      album: "Album",
      duration: 185_400,
      location: ["file:///music/a%20song.flac", "https://music.youtube.com/watch?v=v0000000000"],
      identifier: [ID],
    },
    { title: "B", creator: "Mara, Jun", duration: 185_400, location: ["https://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC"], identifier: [ID] },
    { title: "C" },
  ]);
});
