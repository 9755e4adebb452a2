/** Computes how well each track fits a description, 0 to 1, and says how the description was understood. Pure. */

import { gettext, gettext_noop, ngettext } from "./language.js";
import { describe } from "./describe.js";
import { MAX_STRENGTH, STYLES, formatTrait } from "./traits.js";
import { rankOf, ranksOf } from "./ranks.js";
import { finished } from "./work.js";

/** @import { Condition, Meaning, Reference } from "./describe.js" */
/** @import { Tag, Word, Words } from "./words.js" */
/** @import { Ranked } from "./ranks.js" */
/** @import { Trait } from "./types.js" */

/** "Slow" is the slowest third, "very slow" the slowest seventh. The edges are soft: half as wide again. */
const THIRD = 1 / 3;
const SEVENTH = 1 / 7;
/** Share of all tracks that are "like" something: the nearest ones. */
const NEAR = 0.12;
/** Minimum fit of a track that fits. */
export const FITS = 0.5;
/** Minimum fit of a track that nearly fits. */
const FITS_ALMOST = 0.25;
/** Number of tracks to show if nothing fits. */
const MAX_NEAREST = 10;
/** Fit of an unknown value: a track without it does not fit, negated or not. */
const UNKNOWN_FIT = 0.4;
/** If a smaller share of tracks has a style, people mean more than the embedder's tag. */
const SMALL_SHARE = 0.03;
const FEW = 3;
/** Tolerance outside of a range, in the trait's unit. */
const SOFT = { year: 1, "feature.tempo": 6, duration_ms: 0.25 };
/** Weight of a word's usual sound in addition to its tags: of the tracks tagged "calm", quiet ones come first. */
const MEANT_SHARE = 0.25;
const MAX_NAMED = 3;
const NONE = gettext_noop("no track on this map");
/** Steps of a score, which is sorted as one number together with the track. */
const SCORE_STEPS = 10_000;
const MAX_TRACKS = 2 ** 22;
/** Maximum number of an artist's tracks for "like"; more do not improve the result. */
const MAX_REFERENCES = 40;

/**
 * @typedef {object} Library  access to the traits of the tracks
 * @property {number} count
 * @property {ArrayLike<number>} x
 * @property {ArrayLike<number>} y
 * @property {(id: string) => Trait | null} trait
 * @property {(playlist: number) => readonly number[]} tracksOfPlaylist
 *
 * @typedef {{fits: Float32Array, says: string}} Fit
 * @typedef {{fits: Float32Array, tracks: readonly number[], almost: readonly number[], says: string[]}} Fitting  `tracks`: those that fit; `almost`: those that nearly fit; best first
 */

export class Fitter {
  #library;
  #words;
  /** @type {Map<string, Fit>} */
  #known = new Map();
  /** @type {Map<string, Ranked>} */
  #ranked = new Map();
  /** The last result, which does not change while a name is typed after a description. @type {{key: string, fitting: Fitting} | null} */
  #last = null;

  /** @param {Library} library  @param {Words} words */
  constructor(library, words) {
    this.#library = library;
    this.#words = words;
  }

  /** Ranks the values of a trait in advance, in slices. @param {string} id  @returns {Generator<void, void>} */
  *preparing(id) {
    const trait = this.#library.trait(id);
    yield;
    if (trait && !trait.membership) yield* this.#ranking(trait);
  }

  /**
   * Computes the fit of all tracks. The worst condition decides whether a track fits; the worst and the mean decide the order.
   *
   * @param {readonly Condition[]} conditions  at least one
   * @returns {Fitting}
   */
  fit(conditions) {
    return finished(this.fitting(conditions));
  }

  /** The same, in slices. @param {readonly Condition[]} conditions  at least one  @returns {Generator<void, Fitting>} */
  *fitting(conditions) {
    const key = JSON.stringify(conditions.map((condition) => [keyOf(condition), condition.isOr]));
    if (this.#last?.key === key) return this.#last.fitting;
    for (const condition of conditions) {
      const { meaning } = condition;
      const trait = meaning.type === "word" ? meaning.word.entry.trait : meaning.type === "range" ? meaning.trait : undefined;
      if (trait) yield* this.preparing(trait);
      this.#condition(condition);
      yield;
    }
    const fitting = this.#measured(conditions);
    this.#last = { key, fitting };
    return fitting;
  }

  /** @param {readonly Condition[]} conditions  @returns {Fitting} */
  #measured(conditions) {
    const { count } = this.#library;
    const single = conditions.map((condition) => this.#condition(condition));
    /** @type {Float32Array[]} */
    const parts = [];
    conditions.forEach(({ isOr }, at) => {
      const { fits } = single[at];
      if (isOr) parts.push(/** @type {Float32Array} */ (parts.pop()).map((value, track) => Math.max(value, fits[track])));
      else parts.push(fits);
    });
    const fits = new Float32Array(count).fill(1);
    const sums = new Float32Array(count);
    for (const part of parts) {
      for (let track = 0; track < count; track++) {
        if (part[track] < fits[track]) fits[track] = part[track];
        sums[track] += part[track];
      }
    }
    return { fits, ...ordered(fits, sums, parts.length), says: single.map(({ says }) => says) };
  }

  /** @param {Condition} condition  @returns {Fit} */
  #condition(condition) {
    const { meaning, label, negated } = condition;
    const key = keyOf(condition);
    let fit = this.#known.get(key);
    if (!fit) {
      fit = this.#meaning(meaning, label, negated);
      const { fits } = fit;
      for (let track = 0; track < fits.length; track++) {
        if (Number.isNaN(fits[track])) fits[track] = negated ? UNKNOWN_FIT : 0;
        else if (negated) fits[track] = 1 - fits[track];
      }
      const says = fit.says.slice(label.length + 2);
      if (negated) fit.says = `${gettext("not {label}", { label })}: ${says === gettext(NONE) ? gettext("no track on this map has it") : gettext("all but {tracks}", { tracks: says })}`;
      this.#known.set(key, fit);
    }
    return fit;
  }

  /** @param {Meaning} meaning  @param {string} label  @param {boolean} negated  @returns {Fit}  NaN if unknown */
  #meaning(meaning, label, negated) {
    switch (meaning.type) {
      case "word": return this.#word(meaning, label, negated);
      case "range": return this.#range(meaning, label);
      case "key": return this.#key(meaning, label);
      case "near": return this.#near(meaning.of, label);
      default: return this.#members(meaning.of.tracks, said(label, tracksSaid(meaning.of.tracks.length)));
    }
  }

  /** @param {readonly number[]} tracks  @param {string} says  @returns {Fit} */
  #members(tracks, says) {
    const fits = new Float32Array(this.#library.count);
    for (const track of tracks) fits[track] = 1;
    return { fits, says };
  }

  /** @param {Extract<Meaning, {type: "word"}>} meaning  @param {string} label  @param {boolean} negated  @returns {Fit} */
  #word({ word, very, than }, label, negated) {
    const { entry } = word;
    if (word.playlist >= 0) {
      const tracks = this.#library.tracksOfPlaylist(word.playlist);
      return this.#members(tracks, said(label, gettext("the playlist, {tracks}", { tracks: tracksSaid(tracks.length) })));
    }
    const trait = entry.trait ? this.#library.trait(entry.trait) : null;
    if (trait?.membership) return this.#category(trait, entry.end === "high" ? "Major" : "Minor", label);
    if (trait) return than ? this.#than(trait, word, than, label) : this.#end(trait, word, very, label);
    if (entry.trait && !entry.styles && !entry.is) return this.#nothing(said(label, gettext("not known on this map")));
    return this.#tagged(word, label, negated);
  }

  /** @param {string} says  @returns {Fit} */
  #nothing(says) {
    return { fits: new Float32Array(this.#library.count).fill(NaN), says };
  }

  /** @param {Trait} trait */
  #ranks(trait) {
    return finished(this.#ranking(trait));
  }

  /** @param {Trait} trait  @returns {Generator<void, Ranked>} */
  *#ranking({ id, values }) {
    const known = this.#ranked.get(id);
    if (known) return known;
    const ranked = yield* ranksOf(values);
    this.#ranked.set(id, ranked);
    return ranked;
  }

  /** @param {Trait} trait  @param {Word} word  @param {boolean} very  @param {string} label  @returns {Fit} */
  #end(trait, { name, entry }, very, label) {
    const { ranks, sorted } = this.#ranks(trait);
    if (sorted.length === 0) return this.#nothing(said(label, gettext("not known for any track")));
    const isLow = entry.end === "low";
    if (entry.at !== undefined) return this.#side(trait, entry.at, isLow, label);
    const share = very ? SEVENTH : THIRD;
    const fits = ranks.map((rank) => declining(isLow ? rank : 1 - rank, share));
    const edge = sorted[Math.round((isLow ? share : 1 - share) * (sorted.length - 1))];
    return { fits, says: said(label, endSaid(isLow, very, { value: formatTrait(trait, edge), name })) };
  }

  /** Computes the fit below or above a fixed percentage. @param {Trait} trait  @param {number} at  @param {boolean} isLow  @param {string} label  @returns {Fit} */
  #side(trait, at, isLow, label) {
    const share = (isLow ? at : 100 - at) / 100;
    const fits = trait.values.map((value) => declining((isLow ? value : 100 - value) / 100, share));
    const value = formatTrait(trait, at);
    return { fits, says: said(label, isLow ? gettext("below {value}", { value }) : gettext("above {value}", { value })) };
  }

  /** @param {Trait} trait  @param {Word} word  @param {Reference} than  @param {string} label  @returns {Fit} */
  #than(trait, { entry }, than, label) {
    const { ranks, sorted } = this.#ranks(trait);
    const own = than.tracks.map((track) => trait.values[track]).filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
    if (own.length === 0) return this.#nothing(said(label, gettext("not known for {name}", { name: than.name })));
    const middle = own[own.length >> 1];
    const from = rankOf(sorted, middle);
    const isLow = entry.end === "low";
    const fits = ranks.map((rank) => {
      const past = isLow ? from - rank : rank - from;
      return past > 0 ? 0.5 + (0.5 * past) / Math.max(0.05, isLow ? from : 1 - from) : Math.max(0, 0.49 + 3 * past);
    });
    return { fits, says: said(label, middleSaid(isLow, { value: formatTrait(trait, middle), name: than.name })) };
  }

  /** @param {Trait} trait  @param {string} name  @param {string} label  @returns {Fit} */
  #category({ membership, categories }, name, label) {
    const index = categories.findIndex((item) => item.name === name);
    const { offsets, groups } = /** @type {NonNullable<Trait["membership"]>} */ (membership);
    const fits = new Float32Array(this.#library.count).map((_, track) => (offsets[track] === offsets[track + 1] ? NaN : Number(groups[offsets[track]] === index)));
    return { fits, says: said(label, tracksSaid(categories[index].count)) };
  }

  /** @param {Word} word  @param {string} label  @param {boolean} negated  @returns {Fit} */
  #tagged({ tags, entry }, label, negated) {
    const { count } = this.#library;
    const fits = new Float32Array(count);
    /** @type {Set<string>} */
    const ids = new Set(tags.map(({ id }) => id));
    /** @type {Map<string, number>} */
    const tagCounts = new Map();
    for (const id of ids) {
      const trait = this.#library.trait(id);
      if (trait) raise(fits, trait, tags.filter((tag) => tag.id === id), tagCounts);
    }
    let found = 0;
    for (const fit of fits) if (fit >= FITS) found++;
    const names = [...tagCounts].sort((a, b) => b[1] - a[1]).map(([name]) => name);
    const first = names.slice(0, MAX_NAMED).join(", ");
    const as = names.length > MAX_NAMED ? gettext("{names} and {count} more", { names: first, count: names.length - MAX_NAMED }) : first;
    const tracks = tracksSaid(found);
    const by = said(label, found === 0 ? gettext(NONE) : as && as.toLowerCase() !== label.toLowerCase() ? gettext("{tracks}, as {names}", { tracks, names: as }) : tracks);
    // A negated style excludes all tracks that have it; a mood is a matter of degree.
    if (!entry.is || (negated && !entry.more)) return { fits, says: by };
    const meant = this.fit(describe(entry.is, this.#words, () => null).conditions);
    if (found >= Math.max(FEW, SMALL_SHARE * count)) {
      const raised = (/** @type {number} */ value, /** @type {number} */ track) =>
        value < FITS ? value : value + MEANT_SHARE * (FITS * (1 + meant.fits[track]) - value);
      return { fits: fits.map(raised), says: by };
    }
    const either = fits.map((value, track) => Math.max(value, meant.fits[track] * 0.99));
    if (negated) return { fits: either, says: said(label, entry.is) };
    const words = { words: entry.is };
    const tagged = ngettext("tagged in {count} track; interpreted as {words}", "tagged in {count} tracks; interpreted as {words}", found, words);
    return { fits: either, says: said(label, found === 0 ? gettext("not a tag on this map; interpreted as {words}", words) : tagged) };
  }

  /** @param {Extract<Meaning, {type: "range"}>} meaning  @param {string} label  @returns {Fit} */
  #range({ trait: id, low, high }, label) {
    const trait = this.#library.trait(id);
    if (!trait || trait.values.length === 0) return this.#nothing(said(label, gettext("not known on this map")));
    const soft = SOFT[id];
    const within = (/** @type {number} */ value) => {
      const outside = Math.max(low - value, value - high, 0);
      if (outside > 0) return Math.max(0, 0.45 * (2 - outside / soft));
      // Tempos closer to the middle of the range fit better.
      return id === "feature.tempo" && Number.isFinite(high - low) ? 1 - Math.abs(value - (low + high) / 2) / Math.max(1, high - low) : 1;
    };
    const fits = trait.values.map((value) => {
      if (Number.isNaN(value) || id !== "feature.tempo") return Number.isNaN(value) ? NaN : within(value);
      // The measured tempo may be half or double the true one.
      return Math.max(within(value), Number.isFinite(high - low) ? 0.55 * Math.max(within(2 * value), within(value / 2)) : 0);
    });
    let found = 0;
    for (const fit of fits) if (fit >= FITS) found++;
    return { fits, says: said(label, tracksSaid(found)) };
  }

  /** @param {Extract<Meaning, {type: "key"}>} meaning  @param {string} label  @returns {Fit} */
  #key({ pitch, isMajor }, label) {
    const keys = this.#library.trait("feature.key");
    const mode = this.#library.trait("feature.mode");
    if (!keys?.membership || !mode?.membership) return this.#nothing(said(label, gettext("keys are not known on this map")));
    const fifth = ((isMajor ? pitch : pitch + 3) * 7) % keys.categories.length;
    const inMode = this.#category(mode, isMajor ? "Major" : "Minor", label).fits;
    const { offsets, groups } = keys.membership;
    const fits = inMode.map((fit, track) => (groups[offsets[track]] === fifth && offsets[track] < offsets[track + 1] ? fit : fit && 0));
    return { fits, says: said(label, tracksSaid(fits.reduce((sum, fit) => sum + (fit === 1 ? 1 : 0), 0))) };
  }

  /** @param {Reference} of  @param {string} label  @returns {Fit} */
  #near({ name, tracks }, label) {
    const { count, x, y } = this.#library;
    const step = Math.max(1, Math.ceil(tracks.length / MAX_REFERENCES));
    const points = tracks.filter((_, index) => index % step === 0);
    const own = new Set(tracks);
    const distances = new Float32Array(count);
    for (let track = 0; track < count; track++) {
      let nearest = Infinity;
      for (const point of points) nearest = Math.min(nearest, (x[track] - x[point]) ** 2 + (y[track] - y[point]) ** 2);
      distances[track] = own.has(track) ? NaN : nearest;
    }
    const sorted = distances.filter((value) => !Number.isNaN(value)).sort();
    const fits = distances.map((value) => (Number.isNaN(value) ? 0 : declining(rankOf(sorted, value), NEAR)));
    return { fits, says: said(label, gettext("the nearest {percent} % of the map, without {name}", { percent: Math.round(100 * NEAR), name })) };
  }
}

/** Returns a key that is equal for conditions with the same meaning. @param {Condition} condition */
function keyOf({ meaning, label, negated }) {
  const more = meaning.type === "word" ? meaning.than?.name : meaning.type === "range" ? `${meaning.low} ${meaning.high}` : "";
  return `${negated} ${label} ${more}`;
}

/** @param {string} label  of a condition  @param {string} meaning */
const said = (label, meaning) => `${label}: ${meaning}`;

/** @param {number} count */
const tracksSaid = (count) => ngettext("{count} track", "{count} tracks", count);

/** @param {boolean} isLow  @param {boolean} very  @param {{value: string, name: string}} values */
function endSaid(isLow, very, values) {
  if (very) return isLow ? gettext("below {value}, your {name} seventh", values) : gettext("above {value}, your {name} seventh", values);
  return isLow ? gettext("below {value}, your {name} third", values) : gettext("above {value}, your {name} third", values);
}

/** @param {boolean} isLow  @param {{value: string, name: string}} values */
const middleSaid = (isLow, values) => (isLow ? gettext("below {value}, the middle of {name}", values) : gettext("above {value}, the middle of {name}", values));

/**
 * Raises the fit of each track to its strongest tag.
 *
 * @param {Float32Array} fits  raised in place
 * @param {Trait} trait
 * @param {readonly Tag[]} tags
 * @param {Map<string, number>} tagCounts  number of tracks for each tag, by name
 */
function raise(fits, { id, membership, strengths, categories }, tags, tagCounts) {
  if (!membership) return;
  const weights = new Float32Array(categories.length);
  for (const { place, weight } of tags) {
    weights[place] = weight;
    tagCounts.set(categories[place].name, categories[place].count);
  }
  const { offsets, groups } = membership;
  for (let track = 0; track < fits.length; track++) {
    for (let at = offsets[track]; at < offsets[track + 1]; at++) {
      const weight = weights[groups[at]];
      if (weight === 0) continue;
      // A style of any strength fits; a stronger one fits better.
      const fit = weight * (id === STYLES && strengths ? 0.5 + (0.5 * strengths[at]) / MAX_STRENGTH : 1);
      if (fit > fits[track]) fits[track] = fit;
    }
  }
}

/**
 * Returns 1 at the end of the range, 0.5 at the edge of the share, and 0 half as far beyond.
 *
 * @param {number} rank  0..1, or NaN
 * @param {number} share
 */
function declining(rank, share) {
  return rank <= share ? 1 - (0.5 * rank) / share : Number.isNaN(rank) ? NaN : Math.max(0, 0.5 - (rank - share) / share);
}

/**
 * @param {Float32Array} fits
 * @param {Float32Array} sums  over all conditions
 * @param {number} parts  how many
 */
function ordered(fits, sums, parts) {
  const [best, almost] = [FITS, FITS_ALMOST].map((least, index) => {
    const tracks = [];
    for (let track = 0; track < fits.length; track++) if (fits[track] >= least && (index === 0 || fits[track] < FITS)) tracks.push(track);
    return sorted(tracks, (track) => fits[track] + sums[track] / parts / 10);
  });
  if (best.length > 0 || almost.length > 0) return { tracks: best, almost };
  // If no track fits all conditions, return the tracks with the highest sum.
  const some = Array.from(fits.keys()).filter((track) => sums[track] > 0);
  // If all sums are equal, no track is nearer than the others.
  if (some.length === fits.length && sums.every((sum) => sum === sums[0])) return { tracks: best, almost };
  return { tracks: best, almost: sorted(some, (track) => sums[track] / parts).slice(0, MAX_NEAREST) };
}

/**
 * Returns tracks by descending score, in stable order. (Numbers sort many times faster than with a comparison function.)
 *
 * @param {readonly number[]} tracks
 * @param {(track: number) => number} scoreOf  0 to 1.1
 */
function sorted(tracks, scoreOf) {
  const keys = new Float64Array(tracks.length);
  for (let index = 0; index < keys.length; index++) keys[index] = Math.round((2 - scoreOf(tracks[index])) * SCORE_STEPS) * MAX_TRACKS + tracks[index];
  keys.sort();
  return tracks.map((_, index) => keys[index] % MAX_TRACKS);
}
