import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { createStore } from "../../site_template/viewer/state/store.js";

/** The part of an element that the player uses. */
class Part extends EventTarget {
  hidden = true;
  classList = { add() {}, remove() {} };
  style = {};
  #found = new Map();

  querySelector(selector) {
    if (!this.#found.has(selector)) this.#found.set(selector, new Part());
    return this.#found.get(selector);
  }

  setAttribute() {}
  removeAttribute() {}
  append() {}
  replaceChildren() {}
  remove() {}
  focus() {}
  contains() {
    return false;
  }
}

const played = [];
globalThis.Audio = class extends Part {
  load() {}
  pause() {}
  hasAttribute() {
    return true;
  }

  async play() {
    played.push(this.src);
  }
};
globalThis.document = { createElement: () => new Part(), createElementNS: () => new Part() };
globalThis.localStorage = null;
globalThis.navigator ??= {};
globalThis.location = new URL("https://host.test/");
const { Player } = await import("../../site_template/viewer/panels/player.js");

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A player of tracks 0 to 3, of which only track 1 has no sound; details load when `answer` is called. */
function playing() {
  const waiting = [];
  const read = (track) => new Promise((resolve) => waiting.push(() => resolve({ id: String(track), videoId: "", duration_ms: null, typicalS: null })));
  const host = new Part();
  const store = createStore({ selected: [0, 1, 2, 3], pinned: -1, hovered: -1 });
  const sounds = { of: ({ id }) => (id === "1" ? null : { address: id, isExcerpt: true }) };
  const player = new Player(host, { store, details: { read }, sounds });
  player.setText({ titles: ["a", "b", "c", "d"], artistsOf: () => [], albumOf: () => "" });
  const press = (action) => host.querySelector(`[data-action='${action}']`).dispatchEvent(new Event("click"));
  /** Resolves all requests for details, including those that follow. */
  const answer = async () => {
    while (waiting.length > 0) {
      waiting.shift()();
      await settled();
    }
  };
  return { player, store, press, answer };
}

beforeEach(() => (played.length = 0));

test("the next button skips tracks without sound", async () => {
  const { player, store, press, answer } = playing();
  player.play(0);
  await answer();
  press("next");
  await answer();
  assert.deepEqual([played, store.get().pinned, player.isOpen], [["0", "2"], 2, true]);
});

test("a player that is closed while details load stays closed", async () => {
  const { player, store, press, answer } = playing();
  player.play(0);
  press("stop");
  await answer();
  assert.deepEqual([played, player.isOpen], [[], false]);
  player.play(0);
  await answer();
  press("next");
  press("stop");
  await answer();
  assert.deepEqual([played, store.get().pinned, player.isOpen], [["0"], -1, false]);
});

test("the last requested track plays, whichever loads first", async () => {
  const { player, store, press, answer } = playing();
  player.play(0);
  await answer();
  press("next");
  player.play(3);
  await answer();
  assert.deepEqual([played, store.get().pinned], [["0", "3"], -1]);
});
