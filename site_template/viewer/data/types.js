/**
 * The viewer's types. Tracks are numbers, 0..count-1, as in the site's files.
 *
 * Three spaces: *map units* (integers 0..65535 in the files, y up), the *plane* (0..1024, y down, what D3's transform
 * applies to) and *pixels* (CSS pixels of the window; a canvas has `pixelRatio` device pixels for each).
 *
 * @typedef {object} Group  a cluster, a playlist or a layer (somebody's library)
 * @property {number} index  its index in `clusters`, `playlists` or `layers`
 * @property {string} id
 * @property {string} name
 * @property {number} count  number of tracks
 * @property {number} color  index into the palette
 * @property {number[][]} boundaries  `regions` in the files: closed rings [x, y, x, y, ...] in map units around its dense areas
 * @property {[number, number] | null} peak  densest position in map units, if known
 * @property {number[]} core  of clusters: the most representative tracks, nearest the core; otherwise empty
 * @property {number} region  of clusters: index into `regions`, -1 for none
 *
 * @typedef {{name: string, count: number, color: number, peak: [number, number] | null}} Region  a coarse group: the level above the clusters, `larger_regions` in the files
 *
 * @typedef {object} MapData  map.json, decoded
 * @property {string} title
 * @property {number} count
 * @property {number} waiting  number of tracks that are not analyzed yet
 * @property {string} builtAt  ISO 8601 time, or empty
 * @property {Uint16Array} x  map units
 * @property {Uint16Array} y  map units
 * @property {[number, number, number, number]} view  x0, y0, x1, y1 in map units: the extent of the first view
 * @property {Int32Array} cluster  index into `clusters` for each track, -1 for none
 * @property {Group[]} clusters
 * @property {string} noClusters  why there are no clusters, as a sentence, or empty
 * @property {Group[]} playlists
 * @property {Group[]} layers  the people's libraries; empty for a single person
 * @property {Readonly<Record<OverlappingKind, Membership>>} memberships
 * @property {{features: Record<string, string>, facets: string[], facts: string[], since: boolean, excerpts: boolean, styles: string[], yearsPlayed: number[]}} columns  the columns of the details; units by feature; names of styles, the most frequent first
 * @property {Region[]} regions
 * @property {{text: string, words: string, insights: string, people: string, details: string[], neighbors: string[], detailsChunk: number}} files
 *
 * @typedef {object} Insights  insights.json, decoded: the meaning of the map
 * @property {string[]} events  changes of the previous map's clusters, as sentences
 * @property {string} axes  the meaning of directions on the map, in words, or empty
 * @property {string[]} clusterAxes  the same for each cluster
 * @property {PlaylistInsight[]} playlists  in the map's order
 * @property {number[]} uncovered  clusters without a playlist
 * @property {{one: number, other: number, count: number, share: number}[]} overlaps  of two playlists
 * @property {{tracks: number[], kinds: string[]}[]} songs  versions of one song
 * @property {Since | null} since  null on a first map
 *
 * @typedef {{new: Uint32Array, moved: Uint32Array}} Since  new tracks, and tracks that moved since the previous map
 *
 * @typedef {object} PlaylistInsight
 * @property {number | null} closeness  0: like random tracks, 1: only nearest neighbors; null for very small playlists
 * @property {string} sentence
 * @property {{track: number, why: string}[]} misfits
 * @property {number[]} suggestions  other tracks that would fit
 *
 * @typedef {object} Neighbors  of one track, by its vector and not by the map
 * @property {number[]} tracks  the most similar tracks, best first
 * @property {string[]} shared  what it has in common with the first of them, in words, or empty
 * @property {number} kept  share of its true neighborhood that the map keeps, percent
 *
 * @typedef {object} Membership  the groups of one kind for each track: `groups[offsets[t]..offsets[t + 1]]`; the first one sets its color
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
 * @property {number | null} number  track number on its album or disc
 * @property {number | null} disc
 * @property {string} artFile  file name below art/, empty for none
 * @property {string} videoId  its recording on YouTube, empty if unknown
 * @property {string} path  its file, if the site contains it; otherwise empty
 * @property {string} excerpt  file name below audio/, empty for none
 * @property {number | null} typicalS  start of the typical moment, seconds
 * @property {{name: string, unit: string, value: number}[]} features  those that the track has
 * @property {{name: string, value: string | number}[]} facets
 * @property {number | null} lastPlayed  day since 1970
 * @property {{name: string, strength: number}[]} styles  most characteristic first; strengths are ranks: 9 is the strongest ninth of the tracks that have the style
 *
 * @typedef {object} Trait  a property of tracks, by which they can be colored and filtered
 * @property {string} id  "feature.tempo", "facet.genres", "year"
 * @property {string} label
 * @property {string} unit
 * @property {"number" | "date" | "category" | "cycle"} kind  a cycle's categories are circular, like keys
 * @property {Float32Array} values  for numbers and dates (days since 1970): one value per track, NaN if unknown; otherwise empty
 * @property {number} [step]  rounding step of the values in the site
 * @property {[number, number]} domain  range of the color scale: nearly all values
 * @property {Membership | null} membership  for categories: those of each track
 * @property {{name: string, count: number}[]} categories
 * @property {Uint8Array} [strengths]  for styles: strength of each of `membership.groups`, 1 to 9
 * @property {string} [rest]  label for tracks without a category, if it is not "Not known"
 * @property {number} unknownCount  number of tracks without a value
 * @property {Uint8Array} [sizes]  size of each track (see sizes.js), once points are sized by this trait
 *
 * @typedef {object} TraitFilter  which values of a trait are shown
 * @property {number} low
 * @property {number} high
 * @property {ReadonlySet<string>} hidden  names of categories; UNKNOWN stands for tracks without a value
 *
 * @typedef {object} Named  an album or an artist, as identified in links and rows
 * @property {"album" | "artist"} kind
 * @property {string} name
 * @property {string} by  of an album: one of its artists, to distinguish it from others of the same name; otherwise empty
 *
 * @typedef {Named & {tracks: readonly number[], notes: readonly string[]}} Shown  its tracks in order, and a note before
 *   each: its track number or year; empty until these are known
 *
 * @typedef {{x: number, y: number, span: number}} View  center and smaller side of the free area, map units
 * @typedef {{k: number, x: number, y: number}} Transform  pixel = plane * k + (x, y)
 * @typedef {{top: number, right: number, bottom: number, left: number}} Insets  pixels
 * @typedef {{top: number, right: number, bottom: number, left: number}} Box  edges from the window's top left, pixels
 * @typedef {{width: number, height: number}} Size  pixels
 * @typedef {"playlist" | "layer"} OverlappingKind  kinds of groups that may overlap
 * @typedef {"cluster" | OverlappingKind} GroupKind
 * @typedef {"light" | "dark"} ThemeName
 *
 * @typedef {object} Theme  values of the style sheet that the canvases need
 * @property {ThemeName} name
 * @property {string} background  #rrggbb
 * @property {string} noise  #rrggbb
 * @property {string} text  #rrggbb
 * @property {string} muted  #rrggbb, for track titles
 * @property {string} accent  #rrggbb
 *
 * @typedef {object} State  everything that a user can change, without derived values
 * @property {ThemeName} theme
 * @property {GroupKind | string} colorBy  a kind of group, or the id of a loaded trait
 * @property {string} sizeBy  id of the loaded trait that points are sized by; empty for none
 * @property {ReadonlySet<number>} hiddenClusters  indices; NO_GROUP stands for tracks without a cluster
 * @property {ReadonlySet<number>} hiddenPlaylists
 * @property {ReadonlySet<number>} hiddenLayers
 * @property {ReadonlyMap<string, Trait>} traits  loaded traits, by id
 * @property {ReadonlyMap<string, TraitFilter>} traitFilters  by id of the trait; without one, all values are shown
 * @property {string} about  the group that the legend describes: "playlist 3", "cluster 0"; empty for none
 * @property {{x: string, y: string} | null} axes  ids of the traits of the horizontal and vertical axes; null for the map
 * @property {number | null} until  show only tracks added by this day (since 1970); null for all
 * @property {readonly number[]} selected  the selection, in its order
 * @property {string} query
 * @property {readonly number[] | null} matches  tracks that match the query, best first; null without a query
 * @property {readonly number[]} almost  tracks that nearly fit the query's description
 * @property {number} hovered  track, NO_TRACK for none
 * @property {number} pinned  track, NO_TRACK for none
 * @property {number} pathStart  the start of a path while its goal is being chosen, NO_TRACK for none
 * @property {readonly number[]} path  the last path, in order; drawn as a path while it is the selection
 * @property {{wish: import("./route.js").Wish, tracks: readonly number[]} | null} asked  the wishes for the path; ignored unless its tracks are
 *   the selection
 * @property {Shown | null} collection  the open album or artist; ignored unless its tracks are the selection
 * @property {Transform} transform
 */

/** "In no group", in place of the index of a cluster, playlist or layer. */
export const NO_GROUP = -1;

/** "Not known", in place of the name of a trait's category. */
export const UNKNOWN = "";

/** "No track", in place of a track. */
export const NO_TRACK = -1;
