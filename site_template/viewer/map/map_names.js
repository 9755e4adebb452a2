/** The names on the map, on two levels, and the zoom range of each level. Pure. */

import { groupsOf, HIDDEN_KEY } from "../state/appearance.js";
import { groupKindOf } from "./coloring.js";
import { shortened } from "../ui/format.js";
import { anchorsAmong, anchorsOf } from "./label_placement.js";

/** @import { Group, MapData, Region, State } from "../data/types.js" */
/** @import { Anchor } from "./label_placement.js" */

/** Maximum number of characters in one line. A longer name takes two lines; a name that is too long for these is cut. */
const MAX_LENGTH_ALONE = 24;
const MAX_LENGTH_OF_TWO = 28;
/** Matches a remark in parentheses at the end, which distinguishes a name in lists; it may contain parentheses. */
const REMARK = / (\((?:[^()]|\([^()]*\))*\))$/u;
/** Side length of the map, in pixels, that each cluster name needs in the view of the whole map. */
const SIDE_A_NAME = 40;

/**
 * @typedef {object} MapName
 * @property {readonly string[]} lines  one or two
 * @property {boolean} isLarger  whether it belongs to the level above the clusters
 * @property {number} share  0..1, number of tracks relative to the largest group of its level
 * @property {number} count  tracks
 * @property {readonly Anchor[]} anchors  possible positions, best first
 * @property {Group["boundaries"]} boundaries  of its group, or of all groups of its region
 * @property {number} from  smallest transform scale
 * @property {number} to  largest transform scale, exclusive
 */

/**
 * Splits a long name into two lines of similar length. The second line does not begin with a dash, and a remark in parentheses gets
 * its own line.
 *
 * @param {string} name
 * @returns {string[]}
 */
export function linesOf(name) {
  if (name.length <= MAX_LENGTH_ALONE) return [name];
  const spaces = [...name.matchAll(/ (?=[^\s–])/gu)].map(({ index }) => index).filter((space) => space <= MAX_LENGTH_OF_TWO);
  const middle = name.length / 2;
  const nearest = spaces.reduce((best, space) => (Math.abs(space - middle) < Math.abs(best - middle) ? space : best), Infinity);
  const at = REMARK.exec(name)?.index ?? nearest;
  if (at === Infinity) return [shortened(name, MAX_LENGTH_ALONE)];
  return [name.slice(0, at), name.slice(at + 1)].map((line) => shortened(line, MAX_LENGTH_OF_TWO));
}

/**
 * Returns the scale at which names of clusters replace those of regions; they are never visible together. It is closer than the view
 * of the whole map if that has no room for the names of all clusters, and otherwise just beyond it.
 *
 * @param {number} clusterCount
 * @param {number} side  of the map in that view, pixels; see `sideOf`
 * @returns {number}  as a multiple of the home scale
 */
export const levelSwitch = (clusterCount, side) => (clusterCount > side / SIDE_A_NAME ? 1.3 : 0.85);

/**
 * Returns whether regions add information to clusters: there are at least two, fewer than clusters, and with other names.
 *
 * @param {Pick<MapData, "clusters" | "regions">} map
 */
export function hasTwoLevels({ regions, clusters }) {
  const names = new Set(clusters.map(({ name }) => name));
  return regions.length > 1 && regions.length < clusters.length && regions.some(({ name }) => !names.has(name));
}

/**
 * @param {MapData} map
 * @param {Pick<State, "colorBy" | "hiddenClusters" | "hiddenPlaylists" | "hiddenLayers">} state
 * @param {number} homeScale  the scale of the whole map
 * @param {number} side  of the whole map, pixels
 * @returns {MapName[]}  strongest of each level first
 */
export function namesOnMap(map, state, homeScale, side) {
  const kind = groupKindOf(state.colorBy);
  const groups = groupsOf(map, kind).filter(({ index }) => !state[HIDDEN_KEY[kind]].has(index));
  /** @param {readonly (Group | Region)[]} ones */
  const byCount = (ones) => {
    const most = Math.max(1, ...ones.map(({ count }) => count));
    const brief = ones.map(({ name }) => name.replace(REMARK, ""));
    // Playlists keep their full name, including parentheses, and so do clusters that have no other distinction.
    const isEnough = (/** @type {string} */ text) => kind === "cluster" && brief.filter((other) => other === text).length === 1;
    const called = ones.map(({ name }, index) => (isEnough(brief[index]) ? brief[index] : name));
    return ones.map(({ count }, index) => ({ lines: linesOf(called[index]), count, share: count / most, place: index })).sort((a, b) => b.share - a.share);
  };
  const isTwofold = kind === "cluster" && hasTwoLevels(map);
  const change = isTwofold ? levelSwitch(map.clusters.length, side) * homeScale : 0;
  const regions = map.regions.map((region, index) => ({ region, members: groups.filter((group) => group.region === index) }));
  const larger = isTwofold ? regions.filter(({ members }) => members.length > 0) : [];
  return [
    ...byCount(larger.map(({ region }) => region)).map(({ lines, count, share, place }) => {
      const { members } = larger[place];
      const boundaries = members.flatMap((member) => member.boundaries);
      return { lines, count, share, isLarger: true, anchors: anchorsAmong(members), boundaries, from: 0, to: change };
    }),
    ...byCount(groups).map(({ lines, count, share, place }) => ({
      lines, count, share, isLarger: false, anchors: anchorsOf(groups[place]), boundaries: groups[place].boundaries, from: change, to: Infinity,
    })),
  ];
}
