import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { DataError } from "../../site_template/viewer/data/decode.js";
import { Glide } from "../../site_template/viewer/panels/glide.js";
import { createStore } from "../../site_template/viewer/state/store.js";

/** Longer than a pause, a fade in and a fade out together. */
const LONG_MS = 2000;
let now = 0;
mock.method(performance, "now", () => now);
mock.timers.enable({ apis: ["setTimeout", "setInterval"] });

/** Starts to play when the test says so, like a file that loads slowly. */
class SlowAudio extends EventTarget {
  static made = [];
  volume = 1;
  paused = true;
  currentTime = 0;
  plays = 0;
  HAVE_CURRENT_DATA = 2;
  readyState = 0;
  #settle = { resolve() {}, reject() {} };
  #attributes = new Map();

  constructor() {
    super();
    SlowAudio.made.push(this);
  }

  set src(address) {
    this.#attributes.set("src", address);
  }

  getAttribute(name) {
    return this.#attributes.get(name) ?? null;
  }

  hasAttribute(name) {
    return this.#attributes.has(name);
  }

  removeAttribute(name) {
    this.#attributes.delete(name);
  }

  load() {}

  play() {
    this.plays++;
    this.paused = false;
    return new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
  }

  arrive() {
    this.dispatchEvent(new Event("playing"));
    this.#settle.resolve();
  }

  /** As in browsers, this rejects the promise of a sound that does not play yet. */
  pause() {
    this.paused = true;
    this.#settle.reject(new DOMException("interrupted by a call to pause()", "AbortError"));
  }
}

globalThis.Audio = SlowAudio;
globalThis.document = new EventTarget();
globalThis.localStorage = null;

/** Advances the clock in steps, with promises settled between them. */
async function pass(duration_ms) {
  for (const end = now + duration_ms; now < end; ) {
    now += 25;
    mock.timers.tick(25);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A glide that is switched on; `read` loads the details of tracks. */
function gliding(read) {
  const store = createStore({ hovered: -1, pinned: -1 });
  const button = Object.assign(new EventTarget(), { setAttribute() {} });
  const sounds = { isAvailable: true, of: ({ id }) => ({ address: `audio/${id}`, isExcerpt: true }) };
  const glide = new Glide(button, { store, details: { read }, sounds, player: { isOpen: false, stop() {} }, announce() {} });
  button.dispatchEvent(new Event("click"));
  return { glide, store };
}

const detailsOf = async (track) => ({ id: String(track), duration_ms: 4000, typicalS: null });
const sounding = ({ voices }) => voices.filter(({ paused }) => !paused).map(({ address, volume }) => [address, volume]);

beforeEach(() => (SlowAudio.made = []));

test("a track under the pointer fades in once its sound has loaded", async () => {
  const { glide, store } = gliding(detailsOf);
  store.set({ hovered: 3 });
  await pass(LONG_MS);
  assert.deepEqual(sounding(glide), [["audio/3", 0]]);
  SlowAudio.made.find(({ plays }) => plays > 0).arrive();
  await pass(LONG_MS);
  assert.deepEqual(sounding(glide), [["audio/3", 1]]);
});

test("a track whose sound stalls at first fades in when it plays", async () => {
  const { glide, store } = gliding(detailsOf);
  store.set({ hovered: 3 });
  await pass(700);
  const audio = SlowAudio.made.find(({ plays }) => plays > 0);
  audio.dispatchEvent(new Event("stalled"));
  await pass(50);
  assert.equal(audio.plays, 2);
  audio.arrive();
  await pass(LONG_MS);
  assert.deepEqual(sounding(glide), [["audio/3", 1]]);
});

test("a track that the pointer left before its sound had loaded stays silent", async () => {
  const { glide, store } = gliding(detailsOf);
  store.set({ hovered: 3 });
  await pass(700);
  store.set({ hovered: -1 });
  await pass(50);
  SlowAudio.made.find(({ plays }) => plays > 0).arrive();
  await pass(LONG_MS);
  assert.deepEqual(sounding(glide), []);
});

test("a track that is left and pointed at again while its details load plays once", async () => {
  const waiting = [];
  const { store } = gliding((track) => new Promise((resolve) => waiting.push(() => resolve(detailsOf(track)))));
  store.set({ hovered: 3 });
  await pass(700);
  store.set({ hovered: -1 });
  store.set({ hovered: 3 });
  await pass(700);
  for (const answer of waiting) answer();
  await pass(50);
  assert.equal(waiting.length, 2);
  assert.equal(SlowAudio.made.reduce((sum, { plays }) => sum + plays, 0), 1);
});

test("unreadable details cause silence but no error", async () => {
  const { glide, store } = gliding(async () => {
    throw new DataError("details-000.json could not be fetched");
  });
  store.set({ hovered: 3 });
  await pass(LONG_MS);
  assert.deepEqual(sounding(glide), []);
});
