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

test("outside the preview, there are no requests and no files", async () => {
  const asked = answering({ a: "/a.ogg" });
  const audio = LocalAudio.of(/** @type {any} */ ({ querySelector: () => null }));
  await audio.load();
  assert.deepEqual([asked, audio.addressOf("a"), audio.pathOf("a")], [[], "", ""]);
});

test("a file is requested by the escaped track id", async () => {
  answering({ "a/b?c#d": "/music/a.ogg" });
  const audio = LocalAudio.of(/** @type {any} */ ({ querySelector: () => ({ getAttribute: () => "/.audio/" }) }));
  await audio.load();
  assert.equal(audio.addressOf("a/b?c#d"), "/.audio/a%2Fb%3Fc%23d");
  assert.equal(audio.pathOf("a/b?c#d"), "/music/a.ogg");
  assert.equal(audio.addressOf("constructor"), "");
  assert.equal(audio.addressOf("other"), "");
});

test("an unavailable list means no audio", async () => {
  for (const [body, ok] of [[null, true], ["text", true], [{ a: "/a" }, false]]) {
    answering(body, /** @type {boolean} */ (ok));
    const audio = new LocalAudio("/.audio/");
    await audio.load();
    assert.equal(audio.addressOf("a"), "");
  }
});

/** @param {(name: string) => string | null} scriptAt  the script at an address */
function fromDisk(pathname, scriptAt) {
  const asked = [];
  globalThis.location = /** @type {any} */ ({ protocol: "file:", pathname });
  globalThis.window = /** @type {any} */ (globalThis);
  globalThis.document = /** @type {any} */ ({
    createElement: () => {
      const listeners = {};
      return { addEventListener: (type, listener) => (listeners[type] = listener), remove: () => {}, listeners };
    },
    head: {
      append: ({ src, listeners }) => {
        asked.push(src);
        const text = scriptAt(src);
        if (text === null) listeners.error();
        else {
          globalThis.spotmapReceive("audio.json", text);
          listeners.load();
        }
      },
    },
  });
  return asked;
}

test("a page from disk reads the list next to its site on demand", async () => {
  const asked = fromDisk("/home/a%20b/site/index.html", () => JSON.stringify({ schema: "spotmap.local-audio/1", files: { a: "/music/a.ogg" } }));
  const audio = new LocalAudio("");
  await audio.load();
  assert.deepEqual(asked, []);
  await audio.loadPaths();
  await audio.loadPaths();
  assert.deepEqual(asked, ["../site.audio.json.js"]);
  assert.deepEqual([audio.pathOf("a"), audio.addressOf("a")], ["/music/a.ogg", ""]);
});

test("a site copied without its list has no files", async () => {
  for (const answer of [null, "damaged", "null", '{"files": 1}']) {
    fromDisk("/site/index.html", () => answer);
    const audio = new LocalAudio("");
    await audio.loadPaths();
    assert.equal(audio.pathOf("a"), "");
  }
});
