/**
 * The nouns of the viewer, for the type checker. Tracks are numbers, 0..count-1, as in the site's files.
 *
 * Three spaces: *map units* (integers 0..65535 in the files, y up), the *plane* (0..1024, y down, what D3's transform
 * applies to) and *pixels* (CSS pixels of the window; a canvas has `pixelRatio` device pixels for each).
 *
 * @typedef {object} Group  a cluster, a playlist or a layer (somebody's library)
 * @property {number} index  its place in `clusters`, `playlists` or `layers`
 * @property {string} id
 * @property {string} name
 * @property {number} count  tracks in it
 * @property {number} color  index into the palette
 * @property {number[][]} boundaries  `regions` in the files: closed rings [x, y, x, y, ...] in map units around where it is dense
 * @property {[number, number] | null} peak  densest place in map units, where known
 * @property {number[]} core  of clusters: tracks nearest the core, those that show best what it is; else empty
 * @property {number} region  of clusters: index into `regions`, -1 for none
 *
 * @typedef {{name: string, count: number, color: number, peak: [number, number] | null}} Region  a coarse group: the level above the clusters, `larger_regions` in the files
 *
 * @typedef {object} MapData  map.json, decoded
 * @property {string} title
 * @property {number} count
 * @property {number} waiting  how many tracks are to come, once they were listened to
 * @property {string} builtAt  ISO 8601 time, or empty
 * @property {Uint16Array} x  map units
 * @property {Uint16Array} y  map units
 * @property {[number, number, number, number]} view  x0, y0, x1, y1 in map units: what the first view fits
 * @property {Int32Array} cluster  index into `clusters` for each track, -1 for none
 * @property {Group[]} clusters
 * @property {string} noClusters  why none were looked for, as a sentence, or empty
 * @property {Group[]} playlists
 * @property {Group[]} layers  whose libraries these are; empty where all is one person's
 * @property {Readonly<Record<OverlappingKind, Membership>>} memberships
 * @property {{features: Record<string, string>, facets: string[], facts: string[], since: boolean, excerpts: boolean, styles: string[], yearsPlayed: number[]}} columns  what details hold; units by feature; names of styles, the most frequent first
 * @property {Region[]} regions
 * @property {{text: string, words: string, insights: string, people: string, details: string[], neighbors: string[], detailsChunk: number}} files
 *
 * @typedef {object} Insights  insights.json, decoded: what the map means
 * @property {string[]} events  what has become of the last map's clusters, as sentences
 * @property {string} axes  what changes across the map, in words, or empty
 * @property {string[]} clusterAxes  the same for each cluster
 * @property {PlaylistInsight[]} playlists  in the map's order
 * @property {number[]} uncovered  clusters that no playlist covers
 * @property {{one: number, other: number, count: number, share: number}[]} overlaps  of two playlists
 * @property {{tracks: number[], kinds: string[]}[]} songs  tracks that are versions of one song
 * @property {Since | null} since  null on a first map
 *
 * @typedef {{new: Uint32Array, moved: Uint32Array}} Since  tracks that the last map did not have, and those that lie elsewhere
 *
 * @typedef {object} PlaylistInsight
 * @property {number | null} closeness  0: a random draw from the library, 1: nearest neighbors throughout; null for very small ones
 * @property {string} sentence
 * @property {{track: number, why: string}[]} misfits
 * @property {number[]} suggestions  tracks elsewhere that would fit
 *
 * @typedef {object} Neighbors  of one track, by its sound and not by the map
 * @property {number[]} tracks  those that sound most like it, best first
 * @property {string[]} shared  what it has in common with the first of these, in words, or empty
 * @property {number} kept  how much of its true neighborhood the map keeps, percent
 *
 * @typedef {object} Membership  which groups of one kind hold a track: `groups[offsets[t]..offsets[t + 1]]`, the one whose color it takes first
 * @property {Uint32Array} offsets
 * @property {Uint32Array} groups
 *
 * @typedef {object} TextData  text.json, decoded
 * @property {string[]} titles
 * @property {(track: number) => string[]} artistsOf
 * @property {(track: number) => string} albumOf
 * @property {(track: number) => number} albumNumberOf  two albums may have one name
 *
 * @typedef {object} TrackDetails
 * @property {string} id
 * @property {number | null} duration_ms
 * @property {number | null} year
 * @property {number | null} number  on its album, or on one of its discs
 * @property {number | null} disc
 * @property {string} artFile  file name below art/, empty for none
 * @property {string} videoId  its recording on YouTube, empty where none is known
 * @property {string} path  its file, where the site tells; else empty
 * @property {string} excerpt  file name below audio/, empty for none
 * @property {number | null} typicalS  where the moment begins that sounds most like the whole, seconds
 * @property {{name: string, unit: string, value: number}[]} features  those that the track has
 * @property {{name: string, value: string | number}[]} facets
 * @property {number | null} lastPlayed  day since 1970
 * @property {{name: string, strength: number}[]} styles  most telling first; strengths are ranks, 9 is the strongest ninth of those that have it
 *
 * @typedef {object} Trait  something that is known of single tracks, and that they can be colored and filtered by
 * @property {string} id  "feature.tempo", "facet.genres", "year"
 * @property {string} label
 * @property {string} unit
 * @property {"number" | "date" | "category" | "cycle"} kind  a cycle's categories go round, as keys do
 * @property {Float32Array} values  for numbers and dates (days since 1970): one a track, NaN where unknown; else empty
 * @property {number} [step]  between values, where the site holds them rounded
 * @property {[number, number]} domain  what the colors span: nearly all values
 * @property {Membership | null} membership  for categories: which of them each track has
 * @property {{name: string, count: number}[]} categories
 * @property {Uint8Array} [strengths]  of styles: how strong each of `membership.groups` is, 1 to 9
 * @property {string} [rest]  what tracks in none of the categories are called, where that is not "Not known"
 * @property {number} unknownCount  tracks of which it is not known
 * @property {Uint8Array} [sizes]  of each track, as in sizes.js, once points were to be sized by it
 *
 * @typedef {object} TraitFilter  what of a trait is shown
 * @property {number} low
 * @property {number} high
 * @property {ReadonlySet<string>} hidden  names of categories; UNKNOWN stands for tracks of which it is not known
 *
 * @typedef {object} Named  an album or an artist, as links and rows name it
 * @property {"album" | "artist"} kind
 * @property {string} name
 * @property {string} by  of an album: an artist on it, which tells it from others of its name; else empty
 *
 * @typedef {Named & {tracks: readonly number[], notes: readonly string[]}} Shown  its tracks in their order, and what stands before
 *   each: its number, its year; none until that is known
 *
 * @typedef {{x: number, y: number, span: number}} View  the middle and the smaller side of the free part, map units
 * @typedef {{k: number, x: number, y: number}} Transform  pixel = plane * k + (x, y)
 * @typedef {{top: number, right: number, bottom: number, left: number}} Insets  pixels
 * @typedef {{top: number, right: number, bottom: number, left: number}} Box  edges from the window's top left, pixels
 * @typedef {{width: number, height: number}} Size  pixels
 * @typedef {"playlist" | "layer"} OverlappingKind  groups of which a track may be in several
 * @typedef {"cluster" | OverlappingKind} GroupKind
 * @typedef {"light" | "dark"} ThemeName
 *
 * @typedef {object} Theme  what the canvases need to know of the style sheet
 * @property {ThemeName} name
 * @property {string} background  #rrggbb
 * @property {string} noise  #rrggbb
 * @property {string} text  #rrggbb
 * @property {string} muted  #rrggbb, for titles of single tracks
 * @property {string} accent  #rrggbb
 *
 * @typedef {object} State  everything that a person can change, and nothing that follows from it
 * @property {ThemeName} theme
 * @property {GroupKind | string} colorBy  a kind of group or the id of a trait that has arrived
 * @property {string} sizeBy  id of the trait that points are sized by, whose sizes have arrived; empty for none
 * @property {ReadonlySet<number>} hiddenClusters  indices; NO_GROUP stands for tracks in none
 * @property {ReadonlySet<number>} hiddenPlaylists
 * @property {ReadonlySet<number>} hiddenLayers
 * @property {ReadonlyMap<string, Trait>} traits  those that were asked for and have arrived, by id
 * @property {ReadonlyMap<string, TraitFilter>} traitFilters  by id of the trait; none means that everything shows
 * @property {string} about  what the legend describes: "playlist 3", "cluster 0"; empty for nothing
 * @property {{x: string, y: string} | null} axes  ids of the traits that tracks are laid out along, across and up; null for the map
 * @property {number | null} until  only tracks added by this day (since 1970) show; null for all
 * @property {readonly number[]} selected  tracks gathered into a list, in its order
 * @property {string} query
 * @property {readonly number[] | null} matches  tracks that the query finds, best first; null without a query
 * @property {readonly number[]} almost  tracks that nearly fit what the query describes
 * @property {number} hovered  track, NO_TRACK for none
 * @property {number} pinned  track, NO_TRACK for none
 * @property {number} pathStart  the track that a path is to lead from while its goal is being chosen, NO_TRACK for none
 * @property {readonly number[]} path  the last one found, in its order; drawn as one while it is what is selected
 * @property {{wish: import("./route.js").Wish, tracks: readonly number[]} | null} asked  what a path was wished to be; of no account unless its tracks are
 *   what is selected
 * @property {Shown | null} collection  the album or artist that is shown; of no account unless its tracks are what is selected
 * @property {Transform} transform
 */

/** Stands for "in no cluster", "in no playlist" and the like wherever an index of a group is expected. */
export const NO_GROUP = -1;

/** Stands for "not known" wherever the name of a trait's category is expected. */
export const UNKNOWN = "";

/** Stands for "no track" wherever a track is expected. */
export const NO_TRACK = -1;
