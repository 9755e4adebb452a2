import assert from "node:assert/strict";
import { test } from "node:test";

import { LocalAudio } from "../../site_template/viewer/data/local_audio.js";

/** @param {unknown} body  @param {boolean} [ok] */
function answering(body, ok = true) {
  const asked = [];
  globalThis.fetch = /** @type {any} */ (async (address) => {
    asked.push(address);
    return { ok, json: async () => body };
  });
  return asked;
}

test("a page that is not shown by the preview asks nobody and knows no file", async () => {
  const asked = answering({ a: "/a.ogg" });
  const audio = LocalAudio.of(/** @type {any} */ ({ querySelector: () => null }));
  await audio.load();
  assert.deepEqual([asked, audio.addressOf("a"), audio.pathOf("a")], [[], "", ""]);
});

test("a file is asked for by its track's id, whatever is in that", async () => {
  answering({ "a/b?c#d": "/music/a.ogg" });
  const audio = LocalAudio.of(/** @type {any} */ ({ querySelector: () => ({ getAttribute: () => "/.audio/" }) }));
  await audio.load();
  assert.equal(audio.addressOf("a/b?c#d"), "/.audio/a%2Fb%3Fc%23d");
  assert.equal(audio.pathOf("a/b?c#d"), "/music/a.ogg");
  assert.equal(audio.addressOf("constructor"), "");
  assert.equal(audio.addressOf("other"), "");
});

test("a list that cannot be had is no audio", async () => {
  for (const [body, ok] of [[null, true], ["text", true], [{ a: "/a" }, false]]) {
    answering(body, /** @type {boolean} */ (ok));
    const audio = new LocalAudio("/.audio/");
    await audio.load();
    assert.equal(audio.addressOf("a"), "");
  }
});
