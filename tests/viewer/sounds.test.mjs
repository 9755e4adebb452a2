import assert from "node:assert/strict";
import { test } from "node:test";

import { playerAddress } from "../../site_template/viewer/data/listen_links.js";
import { momentOf, Sounds } from "../../site_template/viewer/data/sounds.js";
import { failureText, readMessage } from "../../site_template/viewer/panels/video_frame.js";

for (const [typicalS, duration_ms, moment] of [
  [null, 200_000, 0],
  [75, 200_000, 75],
  [75, null, 75],
  [198, 200_000, 188],
  [5, 8_000, 0],
]) {
  test(`a player starts at ${moment} s for ${duration_ms} ms with the typical moment at ${typicalS} s`, () => {
    assert.equal(momentOf({ typicalS, duration_ms }), moment);
  });
}

const local = (ids) => ({ addressOf: (id) => (ids.includes(id) ? `/own/${id}` : ""), isAvailable: ids.length > 0 });

test("a local file has priority over an excerpt", () => {
  const sounds = new Sounds(local(["a"]), true);
  assert.deepEqual(sounds.of({ id: "a", excerpt: "x.m4a" }), { address: "/own/a", isExcerpt: false });
  assert.deepEqual(sounds.of({ id: "b", excerpt: "x.m4a" }), { address: "audio/x.m4a", isExcerpt: true });
  assert.equal(sounds.of({ id: "b", excerpt: "" }), null);
});

test("sound is available if there are excerpts or files", () => {
  assert.deepEqual([new Sounds(local([]), false), new Sounds(local([]), true), new Sounds(local(["a"]), false)].map((sounds) => sounds.isAvailable), [false, true, true]);
});

test("YouTube's player starts at the moment and has its messages enabled", () => {
  const base = "https://www.youtube-nocookie.com/embed/v0000000000?autoplay=1&rel=0&playsinline=1";
  assert.equal(playerAddress("v0000000000"), base);
  assert.equal(playerAddress("v0000000000", 61.7, "https://a.example"), `${base}&start=61&enablejsapi=1&origin=https%3A%2F%2Fa.example`);
  assert.equal(playerAddress("no id", 61), "");
});

for (const [text, failure, state] of [
  ['{"event":"onError","info":150,"id":"spotmap"}', 150, null],
  ['{"event":"onStateChange","info":0}', null, 0],
  ['{"event":"infoDelivery","info":{"playerState":1,"currentTime":3}}', null, 1],
  ['{"event":"infoDelivery","info":{"currentTime":3}}', null, null],
  ['{"event":"infoDelivery","info":null}', null, null],
  ["null", null, null],
  ["no JSON", null, null],
]) {
  test(`the player's message ${text} is understood`, () => assert.deepEqual(readMessage(text), { failure, state }));
}

test("playback errors have a message, including unknown ones", () => {
  assert.match(failureText(100, "A"), /^“A” was removed/);
  assert.equal(failureText(101, "A"), failureText(150, "A"));
  assert.match(failureText(153, "A"), /error 153/);
  assert.match(failureText(5, "A"), /error 5/);
});
