/** Finds tracks by title, artist or album. Pure. */

import { finished } from "./work.js";

/** @import { TextData } from "./types.js" */

/**
 * Normalizes a text. Case, accents and punctuation do not matter ("beyonce" finds Beyoncé, "ac dc" AC/DC), and neither does the
 * difference between hiragana and katakana. Signs are kept only if there is nothing else: "!!!", "†††".
 *
 * @param {string} text
 */
export function normalized(text) {
  const words = text
    .normalize("NFKD")
    .replace(/\p{Mark}+/gu, "")
    .toLowerCase()
    .replace(/[ßøłæđðœþıħŧŋĸς×]/g, (letter) => LETTERS[letter])
    .replace(/[ァ-ヶ]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) - KATAKANA_AFTER_HIRAGANA))
    .replace(APOSTROPHES, "")
    .replace(/[^\p{Letter}\p{Number}\p{Extended_Pictographic}]+/gu, " ")
    .trim();
  return words || text.replace(SAYS_NOTHING, "").normalize("NFKC").toLowerCase();
}

/** Letters that are not accented forms of others, with their common replacements. @type {Readonly<Record<string, string>>} */
const LETTERS = {
  ß: "ss", ø: "o", ł: "l", æ: "ae", đ: "d", ð: "d", œ: "oe", þ: "th", ı: "i", ħ: "h", ŧ: "t", ŋ: "n", ĸ: "k", ς: "σ", "×": "x",
};
const KATAKANA_AFTER_HIRAGANA = 0x60;
const SAYS_NOTHING = /[\s‐-―…“”„«»·•]+/gu;
const APOSTROPHES = /['’‘ʼʻ′`]/g;
/** Matches texts that may have other spellings: signs inside words or at their edges, digits among letters, "and", a guest artist. */
const MAY_DIFFER = /[\p{L}\p{N}][^\p{L}\p{M}\p{N}\s]+[\p{L}\p{N}]|\$\p{L}|\p{L}\$|\p{L}\d|&|\b(?:feat|ft|featuring)\b/iu;
const SIGN_INSIDE = /[\p{L}\p{N}][^\p{L}\p{M}\p{N}\s]+[\p{L}\p{N}]|\$\p{L}|\p{L}\$/u;
/** Signs and digits in place of letters: P!nk, A$AP, deadmau5. @type {Readonly<Record<string, string>>} */
const SIGNS = { "!": "i", $: "s", "@": "a", 0: "o", 1: "i", 3: "e", 4: "a", 5: "s", 7: "t" };
const NO_LETTERS = /[^\p{L}\p{M}\p{N}]+/gu;
const GUEST = /\b(?:feat|ft|featuring)\b/i;

/** Separator before each alternative spelling. It is unique, because words are separated by one space. */
const SPELLING = "  ";

/**
 * Returns the normalized text with its alternative spellings: "acdc", "pink", "rnb", "don t", "and" for "&", "ft" for "feat".
 *
 * @param {string} raw
 */
function searchable(raw) {
  const plain = normalized(raw);
  return MAY_DIFFER.test(raw) ? [...new Set([plain, ...typedInstead(raw)])].join(SPELLING) : plain;
}

/** @param {string} raw  @returns {string[]} */
function typedInstead(raw) {
  const said = raw.split(/\s+/).flatMap((word) => {
    const others = [];
    if (SIGN_INSIDE.test(word)) {
      const letters = word.replace(/\$|[!@](?=[\p{L}\p{N}])/gu, (sign) => SIGNS[sign]);
      const joined = [letters, letters.replaceAll("&", "n")].map((text) => normalized(text.replace(NO_LETTERS, "")));
      others.push(...joined, normalized(word.replace(APOSTROPHES, " ")));
    }
    // A single digit among letters is replaced; the digits of "blink182" are a number.
    if (/\p{L}{2}\p{N}(?!\p{N})/u.test(word)) others.push(normalized(word.replace(/(\p{L})([013457])(?!\p{N})/gu, (_, letter, digit) => letter + SIGNS[digit])));
    return others;
  });
  if (raw.includes("&")) said.push("and");
  if (GUEST.test(raw)) said.push("feat ft featuring");
  return said;
}

/** A single letter occurs in nearly every line, so it matches only at the beginning of words. (In scripts without spaces, one character says more.) */
const ONE_LETTER = /^[a-z0-9]$/;
const SPACE = 32;
/** Weights of title, artist and album, and in each, of a match at the start of the field, at the start of a word, and elsewhere. */
const WEIGHTS = [5, 4, 2];
const [AT_START, AT_WORD, INSIDE] = [3, 2, 1];
const BEST = WEIGHTS[0] * AT_START;
const WHOLE_TITLE = 40;
const WHOLE_ARTIST = 30;
const LETTER_A = 97;
const LETTERS_COUNT = 26;

/** Maximum number of cached searches: enough for the words of a query and some of their prefixes. */
const MAX_REMEMBERED = 24;
/** Tracks per slice. */
const STRETCH = 512;

/** @typedef {{first: number, text: string, starts: number[]}} Block  lines of tracks from `first` on, and their start offsets */

/**
 * A searchable index of all tracks, with one line per track. It grows in slices, so that 100,000 tracks do not block the page. While a
 * word is being typed, it searches only its previous results.
 */
export class SearchIndex {
  #text;
  /** One line per track: title, artists, album, each with a space before every word. @type {string[]} */
  #lines = [];
  /** The same lines in long strings, which engines search faster. @type {Block[]} */
  #blocks = [];
  #artistsAt;
  #albumAt;
  /** `initials` of titles, artists and albums, for queries of one letter, which match about a third of a library. */
  #letters;
  /** @type {Map<string, string>} */
  #known = new Map();
  /** @type {{terms: readonly string[], tracks: number[]} | null}  the last query's results, ascending */
  #last = null;
  /** Cached results, ascending. An extended term occurs only in the results of its prefix. @type {Map<string, readonly number[]>} */
  #remembered = new Map();

  /** @param {TextData} text */
  constructor(text) {
    this.#text = text;
    this.#artistsAt = new Uint32Array(text.titles.length);
    this.#albumAt = new Uint32Array(text.titles.length);
    this.#letters = WEIGHTS.map(() => new Uint32Array(text.titles.length));
  }

  get isComplete() {
    return this.#lines.length === this.#text.titles.length;
  }

  /** @param {number} tracks  number of tracks to add */
  grow(tracks) {
    const { titles, artistsOf, albumOf } = this.#text;
    const first = this.#lines.length;
    const end = Math.min(titles.length, first + tracks);
    const lines = [];
    for (let track = first; track < end; track++) {
      const title = ` ${searchable(titles[track])}`;
      const artists = this.#line(artistsOf(track).join(" "));
      const album = this.#line(albumOf(track));
      this.#artistsAt[track] = title.length;
      this.#albumAt[track] = title.length + artists.length;
      [title, artists, album].forEach((field, index) => (this.#letters[index][track] = initials(field)));
      lines.push(title + artists + album);
    }
    const text = lines.join("\n");
    const starts = [0];
    for (const line of lines) starts.push(starts[starts.length - 1] + line.length + 1);
    this.#blocks.push({ first, text, starts });
    lines.forEach((_, row) => this.#lines.push(text.slice(starts[row], starts[row + 1] - 1)));
    this.#last = null;
    if (this.isComplete) this.#known.clear();
  }

  /** Normalizes a field, with a cache because artists and albums repeat. @param {string} raw */
  #line(raw) {
    let line = this.#known.get(raw);
    if (line === undefined) {
      line = ` ${searchable(raw)}`;
      this.#known.set(raw, line);
    }
    return line;
  }

  /**
   * Finds tracks that contain every word of the query. Titles count most, then artists, then albums; equal tracks keep their order.
   *
   * @param {string} query
   * @returns {number[] | null} tracks, best first; null if the query is empty
   */
  search(query) {
    return finished(this.searching(query));
  }

  /**
   * The same, in slices; only the last started search stores its results.
   *
   * @param {string} query
   * @returns {Generator<void, number[] | null>}
   */
  *searching(query) {
    const terms = normalized(query).split(" ").filter(Boolean);
    if (terms.length === 0) {
      this.#last = null;
      return null;
    }
    const found = yield* terms.length === 1 && /^[a-z]$/.test(terms[0]) ? this.#findLetter(terms[0]) : this.#find(terms);
    // "jay-z" and "blink 182" may be written as one word.
    return found.length === 0 && terms.length > 1 ? yield* this.#find([terms.join("")]) : found;
  }

  /**
   * @param {readonly string[]} terms  at least one
   * @returns {Generator<void, number[]>} tracks, best first
   */
  *#find(terms) {
    const phrase = ` ${terms.join(" ")}`;
    const lines = this.#lines.length;
    /** @type {number[][]}  tracks by score */
    const byScore = [];
    /** @type {number[]} */
    const tracks = [];
    const candidates = this.#last && extend(this.#last.terms, terms) ? this.#last.tracks : yield* this.#tracksWith(longest(terms));
    for (let index = 0; index < candidates.length; index++) {
      if (index % STRETCH === STRETCH - 1) yield;
      const track = candidates[index];
      const score = this.#score(track, terms, phrase);
      if (score === 0) continue;
      (byScore[score] ??= []).push(track);
      tracks.push(track);
    }
    // Tracks may have been added in the meantime.
    this.#last = lines === this.#lines.length ? { terms, tracks } : null;
    if (terms.length === 1) this.#remember(needleOf(terms[0]), tracks, lines);
    return byScore.reverse().flat();
  }

  /** @param {string} letter  @returns {Generator<void, number[]>}  tracks, best first */
  *#findLetter(letter) {
    const lines = this.#lines.length;
    /** @type {number[][]}  tracks by score */
    const byScore = Array.from({ length: BEST + WHOLE_TITLE + 1 }, () => []);
    /** @type {number[]} */
    const tracks = [];
    for (let first = 0; first < lines; first += STRETCH) {
      yield;
      this.#addWithLetter(letter, first, Math.min(first + STRETCH, lines), tracks, byScore);
    }
    this.#last = null;
    this.#remember(needleOf(letter), tracks, lines);
    return byScore.reverse().flat();
  }

  /** @param {string} letter  @param {number} first  @param {number} end  @param {number[]} tracks  grows  @param {number[][]} byScore  grow */
  #addWithLetter(letter, first, end, tracks, byScore) {
    const [titles, artists, albums] = this.#letters;
    const index = letter.charCodeAt(0) - LETTER_A;
    for (let track = first; track < end; track++) {
      if (((titles[track] | artists[track] | albums[track]) & (1 << index)) === 0) continue;
      const score = Math.max(WEIGHTS[0] * quality(titles[track], index), WEIGHTS[1] * quality(artists[track], index), WEIGHTS[2] * quality(albums[track], index));
      tracks.push(track);
      byScore[score < WEIGHTS[1] * AT_START ? score : score + this.#exactMatchBonus(track, needleOf(letter))].push(track);
    }
  }

  /** Returns the normalized title, without alternative spellings. @param {number} track */
  titleOf(track) {
    return this.#lines[track].slice(1, this.#artistsAt[track]).split(SPELLING, 1)[0];
  }

  /** Returns the tracks that contain a term. @param {string} term  normalized  @returns {readonly number[]}  ascending */
  tracksWith(term) {
    return finished(this.#tracksWith(term));
  }

  /** @param {string} term  @returns {Generator<void, readonly number[]>} */
  *#tracksWith(term) {
    const lines = this.#lines.length;
    const needle = needleOf(term);
    /** @type {readonly number[] | null} */
    let among = null;
    const known = this.#remembered.get(needle);
    if (known) {
      this.#remember(needle, known, lines); // mark it as the most recent
      return known;
    }
    for (const [part, tracks] of this.#remembered) if (needle.includes(part) && (!among || tracks.length < among.length)) among = tracks;
    const tracks = yield* among ? this.#searchAmong(among, needle) : this.#searchAll(needle);
    this.#remember(needle, tracks, lines);
    return tracks;
  }

  /** @param {string} needle  @param {readonly number[]} tracks  @param {number} lines  number of searched lines */
  #remember(needle, tracks, lines) {
    if (lines < this.#text.titles.length) return;
    this.#remembered.delete(needle);
    this.#remembered.set(needle, tracks);
    if (this.#remembered.size > MAX_REMEMBERED) this.#remembered.delete(/** @type {string} */ (this.#remembered.keys().next().value));
  }

  /** @param {readonly number[]} among  @param {string} needle  @returns {Generator<void, number[]>} */
  *#searchAmong(among, needle) {
    const tracks = [];
    for (let index = 0; index < among.length; index++) {
      if (index % STRETCH === STRETCH - 1) yield;
      if (this.#lines[among[index]].includes(needle)) tracks.push(among[index]);
    }
    return tracks;
  }

  /** @param {string} needle  @returns {Generator<void, number[]>} */
  *#searchAll(needle) {
    const tracks = [];
    // Every sixth character is a space, so searching for the letters without it is much faster.
    const rest = needle.trimStart();
    const shift = needle.length - rest.length;
    for (const { first, text, starts } of this.#blocks) {
      yield;
      let row = 0;
      for (let found = text.indexOf(rest); found >= 0; ) {
        const isMatch = shift === 0 || text.startsWith(needle, found - shift);
        if (isMatch) {
          while (starts[row + 1] <= found) row++;
          tracks.push(first + row);
        }
        found = text.indexOf(rest, isMatch ? starts[row + 1] : found + 1);
      }
    }
    return tracks;
  }

  /**
   * Returns the tracks that contain every word of the query as a whole word: "rap" does not match "Therapy".
   *
   * @param {readonly number[]} tracks
   * @param {string} query
   */
  withWords(tracks, query) {
    const terms = normalized(query).split(" ").map((term) => ` ${term} `);
    return tracks.filter((track) => {
      const line = `${this.#lines[track]} `;
      return terms.every((term) => line.includes(term));
    });
  }

  /**
   * @param {number} track
   * @param {readonly string[]} terms
   * @param {string} phrase  the terms, joined as a line
   */
  #score(track, terms, phrase) {
    const line = this.#lines[track];
    const artists = this.#artistsAt[track];
    const album = this.#albumAt[track];
    let score = 0;
    for (const term of terms) {
      const best = fitness(line, term, artists, album);
      if (best === 0) return 0;
      score += best;
    }
    return score + this.#exactMatchBonus(track, phrase);
  }

  /** Returns the bonus if the title or an artist is the complete query. @param {number} track  @param {string} phrase */
  #exactMatchBonus(track, phrase) {
    const line = this.#lines[track];
    const artists = this.#artistsAt[track];
    if (equalsPhrase(line, phrase, 0, artists)) return WHOLE_TITLE;
    return equalsPhrase(line, phrase, artists, this.#albumAt[track]) ? WHOLE_ARTIST : 0;
  }
}

/** Returns a bit set of the words' initial letters, with the 1-based index of the first one in the bits above. @param {string} field  of a line */
function initials(field) {
  const first = field.charCodeAt(1) - LETTER_A;
  let letters = first >= 0 && first < LETTERS_COUNT ? (first + 1) << LETTERS_COUNT : 0;
  for (let at = field.indexOf(" "); at >= 0; at = field.indexOf(" ", at + 1)) {
    const index = field.charCodeAt(at + 1) - LETTER_A;
    if (index >= 0 && index < LETTERS_COUNT) letters |= 1 << index;
  }
  return letters;
}

/** @param {number} letters  from `initials`  @param {number} index  index of a letter */
const quality = (letters, index) => (letters >>> LETTERS_COUNT === index + 1 ? AT_START : letters & (1 << index) ? AT_WORD : 0);

/** Returns whether a field of a line equals the query, in any spelling. @param {string} line  @param {string} phrase  @param {number} start  @param {number} end */
const equalsPhrase = (line, phrase, start, end) =>
  line.startsWith(phrase, start) && (start + phrase.length === end || line.startsWith(SPELLING, start + phrase.length));

/** Returns the longest term, which is likely to be the rarest. @param {readonly string[]} terms */
const longest = (terms) => terms.reduce((best, term) => (term.length > best.length ? term : best));

/** @param {string} term */
const needleOf = (term) => (term.length === 1 && ONE_LETTER.test(term) ? ` ${term}` : term);

/**
 * Returns whether all matches of the later terms also match the earlier ones: the last word was extended, or words were added.
 *
 * @param {readonly string[]} earlier
 * @param {readonly string[]} later
 */
function extend(earlier, later) {
  if (earlier.some((term) => ONE_LETTER.test(term))) return false;
  return earlier.every((term, i) => (i < earlier.length - 1 ? later[i] === term : later[i]?.startsWith(term)));
}

/**
 * Returns the quality of a term's best match in a line.
 *
 * @param {string} line
 * @param {string} term  without spaces, so that a match is within one field
 * @param {number} artists  start of the artists
 * @param {number} album  start of the album
 * @returns {number}  0 if there is no match
 */
function fitness(line, term, artists, album) {
  const needle = needleOf(term);
  const shift = needle.length - term.length;
  let best = 0;
  for (let found = line.indexOf(needle); found >= 0; found = line.indexOf(needle, found + 1)) {
    const index = found + shift;
    const weight = WEIGHTS[index < artists ? 0 : index < album ? 1 : 2];
    const start = index < artists ? 0 : index < album ? artists : album;
    const placed = index === start + 1 ? AT_START : line.charCodeAt(index - 1) === SPACE ? AT_WORD : INSIDE;
    best = Math.max(best, weight * placed);
    if (best === BEST) break;
  }
  return best;
}
