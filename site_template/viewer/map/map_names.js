/** Which names the map carries, on two levels, and at which zoom each level shows. Pure. */

import { groupsOf, HIDDEN_KEY } from "../state/appearance.js";
import { groupKindOf } from "./coloring.js";
import { shortened } from "../ui/format.js";
import { anchorsAmong, anchorsOf } from "./label_placement.js";

/** @import { Group, MapData, Region, State } from "../data/types.js" */
/** @import { Anchor } from "./label_placement.js" */

/** Characters. A name that is longer takes two lines; what is too long for these is cut. */
const LONGEST_ALONE = 24;
const LONGEST_OF_TWO = 28;
/** Words in brackets at the end, which tell a name from others in lists; they may hold brackets of their own. */
const REMARK = / (\((?:[^()]|\([^()]*\))*\))$/u;
/** With more clusters than this the view of the whole map has no room for their names: pixels of width for each. */
const WIDTH_A_NAME = 50;

/**
 * @typedef {object} MapName
 * @property {readonly string[]} lines  one or two
 * @property {boolean} isLarger  of the level above the clusters
 * @property {number} share  0..1, tracks of the largest of its level
 * @property {number} count  tracks
 * @property {readonly Anchor[]} anchors  where it may be, the best first
 * @property {number} from  it may show from this transform scale on
 * @property {number} to  and below this one
 */

/**
 * A name as the map has room for it: a long one in two lines, about as long as each other. The second begins with no
 * dash, and has a remark in brackets to itself.
 *
 * @param {string} name
 * @returns {string[]}
 */
export function linesOf(name) {
  if (name.length <= LONGEST_ALONE) return [name];
  const spaces = [...name.matchAll(/ (?=[^\s–])/gu)].map(({ index }) => index).filter((space) => space <= LONGEST_OF_TWO);
  const middle = name.length / 2;
  const nearest = spaces.reduce((best, space) => (Math.abs(space - middle) < Math.abs(best - middle) ? space : best), Infinity);
  const at = REMARK.exec(name)?.index ?? nearest;
  if (at === Infinity) return [shortened(name, LONGEST_ALONE)];
  return [name.slice(0, at), name.slice(at + 1)].map((line) => shortened(line, LONGEST_OF_TWO));
}

/**
 * Where names of regions give way to those of clusters, which never show together: closer than the view of the whole
 * map if that has no room for all clusters' names, else just beyond it.
 *
 * @param {number} clusterCount
 * @param {number} width  of the window, pixels
 * @returns {number}  as a multiple of the scale that shows all
 */
export const levelSwitch = (clusterCount, width) => (clusterCount > width / WIDTH_A_NAME ? 1.3 : 0.85);

/**
 * Whether regions say something that clusters do not: at least two, fewer than there are clusters, and called otherwise.
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
 * @param {number} homeScale  the scale that shows all
 * @param {number} width  of the window, pixels
 * @returns {MapName[]}  the strongest of each level first
 */
export function namesOnMap(map, state, homeScale, width) {
  const kind = groupKindOf(state.colorBy);
  const groups = groupsOf(map, kind).filter(({ index }) => !state[HIDDEN_KEY[kind]].has(index));
  /** @param {readonly (Group | Region)[]} ones */
  const byCount = (ones) => {
    const most = Math.max(1, ...ones.map(({ count }) => count));
    const brief = ones.map(({ name }) => name.replace(REMARK, ""));
    // Playlists are called what somebody called them, brackets and all; so are clusters that nothing else tells apart.
    const isEnough = (/** @type {string} */ text) => kind === "cluster" && brief.filter((other) => other === text).length === 1;
    const called = ones.map(({ name }, place) => (isEnough(brief[place]) ? brief[place] : name));
    return ones.map(({ count }, place) => ({ lines: linesOf(called[place]), count, share: count / most, place })).sort((a, b) => b.share - a.share);
  };
  const isTwofold = kind === "cluster" && hasTwoLevels(map);
  const change = isTwofold ? levelSwitch(map.clusters.length, width) * homeScale : 0;
  const regions = map.regions.map((region, index) => ({ region, members: groups.filter((group) => group.region === index) }));
  const larger = isTwofold ? regions.filter(({ members }) => members.length > 0) : [];
  return [
    ...byCount(larger.map(({ region }) => region)).map(({ lines, count, share, place }) => ({
      lines, count, share, isLarger: true, anchors: anchorsAmong(larger[place].members), from: 0, to: change,
    })),
    ...byCount(groups).map(({ lines, count, share, place }) => ({
      lines, count, share, isLarger: false, anchors: anchorsOf(groups[place]), from: change, to: Infinity,
    })),
  ];
}
