/** Parses a description such as "slow dark techno 90s, not vocal" into conditions, with a fixed grammar. Pure. */

import { keyText } from "./features.js";
import { gettext } from "./language.js";
import { normalized } from "./search.js";
import { FIRST_YEAR, tokensOf } from "./tokens.js";

/** @import { Word, Words } from "./words.js" */

/**
 * @typedef {{name: string, tracks: readonly number[], isArtist: boolean}} Reference  something that a description refers to: an artist, a track, a playlist
 * @typedef {(tokens: readonly string[], at: number, withTitles: boolean) => {found: Reference, length: number} | null} FindNames
 *
 * @typedef {{type: "word", word: Word, very: boolean, than: Reference | null}
 *   | {type: "range", trait: "year" | "feature.tempo" | "duration_ms", low: number, high: number}
 *   | {type: "key", pitch: number, isMajor: boolean}
 *   | {type: "near" | "by", of: Reference}} Meaning
 *
 * @typedef {object} Condition
 * @property {Meaning} meaning
 * @property {string} label  without "not"
 * @property {boolean} negated
 * @property {boolean} isOr  joined to the previous condition by "or"
 * @property {number} start  its range in the text, including "not", "very" and the like
 * @property {number} end
 * @property {number} said  start of its own words
 *
 * @typedef {{conditions: Condition[], unknown: string[]}} Description
 */

const LAST_YEAR = 2099;
const PITCHES = new Map([["c", 0], ["d", 2], ["e", 4], ["f", 5], ["g", 7], ["a", 9], ["b", 11]]);
const KEYS = ["C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B"];
/** Tolerance of "around", in years and in beats per minute. */
const AROUND_YEARS = 2;
const AROUND_BPM = 4;

/**
 * @param {string} text
 * @param {Words} words
 * @param {FindNames} findNames
 * @returns {Description}
 */
export function describe(text, words, findNames) {
  const reader = new Reader(text, words, findNames);
  while (reader.isReading) reader.step();
  return reader.result();
}

class Reader {
  #tokens;
  #texts;
  #owns;
  #words;
  #findNames;
  #at = 0;
  /** @type {Condition[]} */
  #conditions = [];
  /** @type {string[]} */
  #unknown = [];
  #text;
  /** Modifiers that apply to the next condition. */
  #negated = false;
  #very = "";
  /** After "more" or "less": "more dark" means "darker", "less dark" means not darker. */
  #compares = false;
  #isOr = false;
  #bound = "";
  /** After "since": "since 1990" includes 1990, "after 1990" does not. */
  #isSince = false;
  /** After "like": the words of an unknown name are not part of the description ("daft punk"). */
  #isNaming = false;
  /** @type {[number, number] | null} */
  #part = null;
  #start = -1;

  /** @param {string} text  @param {Words} words  @param {FindNames} findNames */
  constructor(text, words, findNames) {
    this.#text = text;
    this.#tokens = tokensOf(text, words);
    this.#texts = this.#tokens.map((token) => token.text);
    this.#owns = this.#tokens.map((token) => token.own);
    this.#words = words;
    this.#findNames = findNames;
  }

  get isReading() {
    return this.#at < this.#tokens.length;
  }

  step() {
    // Longer and more certain readings come first.
    const isRead = this.#number() || this.#key() || this.#phrase(2) || this.#reference() || this.#function() || this.#phrase(1) || this.#name();
    if (isRead) return;
    const token = this.#tokens[this.#at++];
    const { idle, like } = this.#words.is;
    if (like.has(token.text) || token.text === "by") this.#isNaming = true;
    else if (!idle.has(token.text)) {
      while (this.#isNaming && this.#continuesName()) token.end = this.#tokens[this.#at++].end;
      this.#isNaming = false;
      this.#unknown.push(this.#text.slice(token.start, token.end));
    }
  }

  /** Returns whether the next token may continue an unknown name. */
  #continuesName() {
    const [before, next] = this.#tokens.slice(this.#at - 1);
    if (!next || next.low !== undefined || this.#text.slice(before.end, next.start).trim()) return false;
    const { idle, ...others } = this.#words.is;
    return ![idle, ...Object.values(others)].some((words) => words.has(next.text)) && !this.#words.find(next.text)?.compares;
  }

  /** @returns {Description} */
  result() {
    const near = this.#conditions.find(({ meaning, negated }) => meaning.type === "near" && !negated)?.meaning;
    for (const { meaning } of this.#conditions) {
      if (meaning.type === "word" && meaning.word.compares && !meaning.than && near?.type === "near") meaning.than = near.of;
    }
    // In "70s and 80s", "and" means "or": no track is from both decades.
    this.#conditions.forEach((item, index) => {
      const before = this.#conditions[index - 1];
      if (before && !item.negated && !before.negated && excludes(before.meaning, item.meaning)) item.isOr = true;
    });
    return { conditions: this.#conditions, unknown: this.#unknown.filter((word) => !this.#isBeingTyped(word)) };
  }

  /** Returns whether a word is the last one and may still be incomplete. @param {string} word */
  #isBeingTyped(word) {
    return this.#text.endsWith(word) && this.#words.begins(normalized(word));
  }

  /**
   * @param {Meaning} meaning
   * @param {string} label
   * @param {number} length  in tokens
   */
  #push(meaning, label, length) {
    const said = this.#tokens[this.#at].start;
    const last = this.#conditions[this.#conditions.length - 1];
    this.#conditions.push({
      meaning, label, said,
      negated: this.#negated,
      // "Not a or b" means neither; "a or not b" is not supported.
      isOr: this.#isOr && !this.#negated && last !== undefined && !last.negated,
      start: this.#start < 0 ? said : this.#start,
      end: this.#tokens[this.#at + length - 1].end,
    });
    this.#at += length;
    this.#negated = this.#compares = this.#isOr = this.#isNaming = false;
    this.#bound = this.#very = "";
    this.#isSince = false;
    this.#part = null;
    this.#start = -1;
    return true;
  }

  /** Consumes a modifier of the next condition. @param {() => void} note */
  #take(note) {
    if (this.#start < 0) this.#start = this.#tokens[this.#at].start;
    note();
    this.#at++;
    return true;
  }

  #function() {
    const { is, parts } = this.#words;
    const { text } = this.#tokens[this.#at];
    if (is.or.has(text)) {
      const last = this.#conditions[this.#conditions.length - 1];
      this.#isOr = true;
      if (last?.negated) this.#negated = true;
      this.#at++;
      return true;
    }
    if (is.not.has(text)) return this.#take(() => (this.#negated = true));
    // "Not too loud" and "not so loud" mean "not loud".
    if (this.#negated && (text === "too" || is.very.has(text))) return this.#take(() => {});
    const isMore = text === "more" || text === "less";
    if (isMore && this.#words.find(this.#texts[this.#at + 1] ?? "")?.entry.more) {
      if (text === "less") this.#negated = !this.#negated;
      return this.#take(() => (this.#compares = true));
    }
    if (is.very.has(text) && !this.#negated && this.#words.find(this.#texts[this.#at + 1] ?? "")) return this.#take(() => (this.#very = `${this.#tokens[this.#at].own} `));
    const part = parts.get(text);
    if (part && this.#decadeAt(this.#at + 1) !== undefined) return this.#take(() => (this.#part = part));
    const bound = /** @type {const} */ (["before", "after", "around", "over", "under"]).find((item) => is[item].has(text));
    const next = this.#tokens[this.#at + 1];
    const skips = next && (next.low === undefined ? is.idle.has(next.text) : false);
    const number = skips ? this.#tokens[this.#at + 2] : next;
    if (bound && number && (number.low !== undefined || this.#decadeAt(this.#at + 1) !== undefined)) {
      this.#take(() => {
        this.#bound = bound;
        this.#isSince = text === "since";
      });
      if (skips) this.#at++;
      return true;
    }
    return false;
  }

  /** @param {number} at  @returns {number | undefined}  the first year */
  #decadeAt(at) {
    const token = this.#tokens[at];
    if (!token) return undefined;
    return token.isDecade ? token.low : this.#words.decades.get(token.text);
  }

  #number() {
    const token = this.#tokens[this.#at];
    const decade = this.#decadeAt(this.#at);
    if (decade !== undefined) {
      const last = this.#decadeSpannedTo();
      if (last) return this.#range("year", [decade, last.decade + 9], `${decade}s to ${last.decade}s`, last.length);
      const [from, to] = this.#part ?? [0, 9];
      const name = `${["early", "mid", "late"][[0, 3, 6].indexOf(this.#part ? from : -1)] ?? ""} ${decade}s`.trim();
      return this.#range("year", [decade + from, decade + to], name);
    }
    // "8 bit" is a word, not a number.
    if (token.low === undefined || (!token.unit && this.#words.find(`${token.text} ${this.#texts[this.#at + 1] ?? ""}`))) return false;
    const { low, high = low, unit } = token;
    const isYear = !unit && low >= FIRST_YEAR && high <= LAST_YEAR && low <= high;
    if (token.isOpen && !this.#bound) {
      this.#bound = isYear ? "after" : "over";
      this.#isSince = isYear;
    }
    if (isYear) return this.#range("year", [low, high], low === high ? String(low) : `${low} to ${high}`);
    if (unit === "min") return this.#range("duration_ms", low === high ? [low - 0.5, high + 0.5] : [low, high], `${token.text} long`);
    const sounds = unit === "bpm" || this.#isAfterTempo() || (this.#bound !== "" && low >= 40 && high <= 300) || low < high;
    if (!sounds) return false;
    return this.#range("feature.tempo", low === high ? [low - AROUND_BPM, high + AROUND_BPM] : [low, high], low === high ? `${low} BPM` : `${low} to ${high} BPM`);
  }

  /** Parses "70s to 90s", "70s-90s" and "between the 70s and the 90s": the last decade, and the number of tokens. */
  #decadeSpannedTo() {
    const here = this.#tokens[this.#at];
    const isBetween = this.#texts.slice(Math.max(0, this.#at - 2), this.#at).includes("between");
    let at = this.#at + 1;
    const isDash = /^\s*[-–]\s*$/.test(this.#text.slice(here.end, this.#tokens[at]?.start));
    if (!isDash && !(["to", "through", "before", ...(isBetween ? ["and"] : [])].includes(this.#texts[at++]))) return null;
    if (this.#texts[at] === "the") at++;
    const decade = this.#decadeAt(at);
    return decade !== undefined && decade > Number(this.#decadeAt(this.#at)) ? { decade, length: at - this.#at + 1 } : null;
  }

  /** Returns whether a number follows "tempo" or "bpm", as in "tempo 120" and "bpm of 120". */
  #isAfterTempo() {
    const [before, previous] = [this.#texts[this.#at - 2], this.#texts[this.#at - 1]];
    const isTempo = (/** @type {string | undefined} */ text) => text === "tempo" || text === "bpm";
    return isTempo(previous) || (isTempo(before) && this.#words.is.idle.has(previous));
  }

  /** @param {"year" | "feature.tempo" | "duration_ms"} trait  @param {[number, number]} range  @param {string} name  @param {number} [tokens] */
  #range(trait, [low, high], name, tokens = 1) {
    const bound = this.#bound;
    const middle = (low + high) / 2;
    const exact = trait === "feature.tempo" && low + 2 * AROUND_BPM === high ? middle : null;
    const [from, to] = [exact ?? low, exact ?? high];
    if (bound === "before" || bound === "under") [low, high] = [-Infinity, trait === "year" ? from - 1 : trait === "duration_ms" ? middle : from];
    else if (bound === "after" || bound === "over") [low, high] = [trait === "duration_ms" ? middle : trait === "feature.tempo" ? to : this.#isSince ? from : to + 1, Infinity];
    else if (bound === "around" && trait === "year") [low, high] = [low - AROUND_YEARS, high + AROUND_YEARS];
    const length = trait === "year" && this.#texts[this.#at + tokens] === "s" ? tokens + 1 : tokens;
    return this.#push({ type: "range", trait, low, high }, [this.#isSince ? "since" : bound, name].filter(Boolean).join(" "), length);
  }

  #key() {
    const { text, isMinorKey } = this.#tokens[this.#at];
    const parts = /^([a-g])(?:(sharp|flat|b)?(m?))?$/.exec(text);
    if (!parts) return false;
    const [, letter, signed, m] = parts;
    const joined = signed === "b" ? "flat" : signed;
    const minor = m && (isMinorKey || signed);
    const next = this.#texts[this.#at + 1];
    const sign = joined ?? (next === "sharp" || next === "flat" ? next : "");
    let length = sign && !joined ? 2 : 1;
    const mode = this.#texts[this.#at + length];
    const isSaid = mode === "major" || mode === "minor";
    // "In a minor key" means any minor key, not A minor.
    if (letter === "a" && !sign && /^keys?$/.test(this.#texts[this.#at + 2] ?? "")) return false;
    if (isSaid) length++;
    else if (!minor) return false;
    const pitch = (/** @type {number} */ (PITCHES.get(letter)) + (sign === "sharp" ? 1 : sign === "flat" ? 11 : 0)) % 12;
    const isMajor = mode === "major";
    return this.#push({ type: "key", pitch, isMajor }, keyText(KEYS[pitch], isMajor), length);
  }

  /** @param {number} least  tokens */
  #phrase(least) {
    for (let length = Math.min(this.#words.longest, this.#tokens.length - this.#at); length >= least; length--) {
      const phrases = [this.#owns, this.#texts].map((texts) => this.#words.find(texts.slice(this.#at, this.#at + length).join(" ")));
      const word = phrases.find((phrase) => phrase?.isOfMap) ?? phrases[1];
      if (!word) continue;
      const label = this.#text.slice(this.#tokens[this.#at].start, this.#tokens[this.#at + length - 1].end);
      const meant = this.#compares ? { ...word, compares: true } : word;
      return this.#push({ type: "word", word: meant, very: this.#very !== "" || word.isUtmost === true, than: null }, this.#very + label, length);
    }
    return false;
  }

  /** Parses "like Roygbiv", "by Roygbiv", and "than Roygbiv" after a comparative. */
  #reference() {
    const { text, start } = this.#tokens[this.#at];
    const isLike = this.#words.is.like.has(text);
    const last = this.#conditions[this.#conditions.length - 1];
    const isThan = text === "than" && last?.meaning.type === "word" && last.meaning.word.compares;
    if (!isLike && !isThan && text !== "by") return false;
    if (isThan && this.#tokens[this.#at + 1]?.low !== undefined) {
      // "Faster than 120 BPM" is a numeric condition.
      this.#conditions.pop();
      this.#start = last.start;
      this.#negated = last.negated;
      this.#bound = last.meaning.type === "word" && last.meaning.word.entry.end === "low" ? "under" : "over";
      this.#at++;
      return true;
    }
    let at = this.#at + 1;
    let named = null;
    for (; at < this.#tokens.length && !named; at++) {
      named = this.#findNames(this.#owns, at, text !== "by");
      if (!named && !this.#words.is.idle.has(this.#texts[at])) return false;
    }
    if (!named) return false;
    at--;
    if (isThan && last.meaning.type === "word") {
      last.meaning.than = named.found;
      last.end = this.#tokens[at + named.length - 1].end;
      last.label = this.#text.slice(last.said, last.end);
      this.#at = at + named.length;
      return true;
    }
    if (this.#start < 0) this.#start = start;
    this.#at = at;
    return this.#push({ type: isLike ? "near" : "by", of: named.found }, isLike ? gettext("like {name}", { name: named.found.name }) : gettext("by {name}", { name: named.found.name }), named.length);
  }

  #name() {
    if (this.#words.is.idle.has(this.#texts[this.#at])) return false;
    const named = this.#findNames(this.#owns, this.#at, false);
    const last = this.#conditions[this.#conditions.length - 1];
    const { start } = this.#tokens[this.#at];
    // "Like Roygbiv and Burial" means similar to either.
    if (named && last?.meaning.type === "near" && /^[\s,&+]*(?:(?:and|or)\b)?\s*$/i.test(this.#text.slice(last.end, start))) {
      this.#negated = last.negated;
      this.#isOr = !last.negated;
      return this.#push({ type: "near", of: named.found }, gettext("like {name}", { name: named.found.name }), named.length);
    }
    return named !== null && this.#push({ type: "by", of: named.found }, gettext("by {name}", { name: named.found.name }), named.length);
  }
}

/** Returns whether two conditions exclude each other. @param {Meaning} left  @param {Meaning} right */
function excludes(left, right) {
  if (left.type === "key" && right.type === "key") return left.pitch !== right.pitch || left.isMajor !== right.isMajor;
  return left.type === "range" && right.type === "range" && left.trait === right.trait && (left.high < right.low || right.high < left.low);
}

/**
 * Returns the text with one condition removed or negated.
 *
 * @param {string} text
 * @param {Condition} condition
 * @param {"remove" | "negate"} change
 */
export function changed(text, { start, end, said, negated, meaning, isOr }, change) {
  let [before, after] = [text.slice(0, start), text.slice(end)];
  // With one of two alternatives removed, remove the "or" as well.
  if (change === "remove" && isOr) before = before.replace(/\bor\s*$/i, "");
  else if (change === "remove") after = after.replace(/^\s*or\b/i, "");
  // Keep other modifiers ("very", "before", "like").
  const own = negated ? text.slice(said, end) : text.slice(start, end);
  const kept = meaning.type === "near" && negated && !/^(?:like|similar)/i.test(own) ? `like ${own}` : own;
  const middle = change === "remove" ? "" : negated ? kept : `not ${kept}`;
  return (before + middle + after)
    .replace(/\s+/g, " ")
    .replace(/(?:^|\s)(?:,|and\b|or\b|but\b)\s*(?=,|$)/gi, "")
    .replace(/^\s*(?:,|and\b|or\b|but\b)\s*/i, "")
    .replace(/\s+,/g, ",")
    .replace(/,(?:\s*,)+/g, ",")
    .replace(/[,\s]+$/, "")
    .trim();
}
