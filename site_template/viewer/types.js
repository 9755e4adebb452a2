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
 * @property {number[][]} regions  closed rings [x, y, x, y, ...] in map units
 * @property {[number, number] | null} peak  densest place in map units, where known
 *
 * @typedef {object} MapData  map.json, decoded
 * @property {string} title
 * @property {number} count
 * @property {Uint16Array} x  map units
 * @property {Uint16Array} y  map units
 * @property {[number, number, number, number]} view  x0, y0, x1, y1 in map units: what the first view fits
 * @property {Int32Array} cluster  index into `clusters` for each track, -1 for none
 * @property {Group[]} clusters
 * @property {Group[]} playlists
 * @property {Group[]} layers  whose libraries these are; empty where all is one person's
 * @property {Readonly<Record<OverlappingKind, Membership>>} memberships
 * @property {{text: string, details: string[], detailsChunk: number}} files
 *
 * @typedef {object} Membership  which groups of one kind hold a track: `groups[offsets[t]..offsets[t + 1]]`, ascending
 * @property {Uint32Array} offsets
 * @property {Uint32Array} groups
 *
 * @typedef {object} TextData  text.json, decoded
 * @property {string[]} titles
 * @property {(track: number) => string[]} artistsOf
 * @property {(track: number) => string} albumOf
 *
 * @typedef {object} TrackDetails
 * @property {string} id
 * @property {number | null} duration_ms
 * @property {number | null} year
 * @property {string} artFile  file name below art/, empty for none
 * @property {string} videoId  its recording on YouTube, empty where none is known
 * @property {{name: string, unit: string, value: number}[]} features  those that the track has
 * @property {{name: string, value: string | number}[]} facets
 *
 * @typedef {{k: number, x: number, y: number}} Transform  pixel = plane * k + (x, y)
 * @typedef {{top: number, right: number, bottom: number, left: number}} Insets  pixels
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
 * @property {GroupKind} colorBy
 * @property {ReadonlySet<number>} hiddenClusters  indices; NO_GROUP stands for tracks in none
 * @property {ReadonlySet<number>} hiddenPlaylists
 * @property {ReadonlySet<number>} hiddenLayers
 * @property {string} query
 * @property {readonly number[] | null} matches  tracks that the query finds, best first; null without a query
 * @property {number} hovered  track, NO_TRACK for none
 * @property {number} pinned  track, NO_TRACK for none
 * @property {Transform} transform
 */

/** Stands for "in no cluster", "in no playlist" and the like wherever an index of a group is expected. */
export const NO_GROUP = -1;

/** Stands for "no track" wherever a track is expected. */
export const NO_TRACK = -1;
