/** Which names the map carries, on two levels, and at which zoom each level shows. Pure. */

import { groupsOf, HIDDEN_KEY } from "./appearance.js";
import { groupKindOf } from "./coloring.js";
import { shortened } from "./format.js";
import { anchorsOf } from "./label_placement.js";

/** @import { Group, LargerRegion, MapData, State } from "./types.js" */

const MAX_LENGTH = 30;
/** With more clusters than this the view of the whole map has no room for their names: pixels of width for each. */
const WIDTH_A_NAME = 50;

/**
 * @typedef {object} MapName
 * @property {string} text
 * @property {boolean} isLarger  of the level above the clusters
 * @property {number} share  0..1, tracks of the largest of its level
 * @property {[number, number][]} anchors  places on the plane, the best first
 * @property {number} from  it may show from this transform scale on
 * @property {number} to  and below this one
 */

/** A name as the map has room for it: without the remark in brackets that tells it from others in lists. @param {string} name */
export const nameOnMap = (name) => shortened(name.replace(/(.) \((?:[^()]|\([^()]*\))*\)$/u, "$1"), MAX_LENGTH);

/**
 * Where names of larger regions give way to those of clusters, which never show together: closer than the view of the whole
 * map if that has no room for all clusters' names, else just beyond it.
 *
 * @param {number} clusterCount
 * @param {number} width  of the window, pixels
 * @returns {number}  as a multiple of the scale that shows all
 */
export const levelSwitch = (clusterCount, width) => (clusterCount > width / WIDTH_A_NAME ? 1.3 : 0.85);

/**
 * Whether larger regions say something that clusters do not: at least two, fewer than there are clusters, and called otherwise.
 *
 * @param {Pick<MapData, "clusters" | "largerRegions">} map
 */
export function hasTwoLevels({ largerRegions, clusters }) {
  const names = new Set(clusters.map(({ name }) => name));
  return largerRegions.length > 1 && largerRegions.length < clusters.length && largerRegions.some(({ name }) => !names.has(name));
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
  /** @param {readonly (Group | LargerRegion)[]} ones */
  const byCount = (ones) => {
    const most = Math.max(1, ...ones.map(({ count }) => count));
    const brief = ones.map(({ name }) => nameOnMap(name));
    // Playlists are called what somebody called them, brackets and all; so are clusters that nothing else tells apart.
    const isEnough = (/** @type {string} */ text) => kind === "cluster" && brief.filter((other) => other === text).length === 1;
    const textOf = (/** @type {string} */ name) => (isEnough(nameOnMap(name)) ? nameOnMap(name) : shortened(name, MAX_LENGTH));
    return ones.map(({ name, count }, place) => ({ text: textOf(name), share: count / most, place })).sort((a, b) => b.share - a.share);
  };
  const isTwofold = kind === "cluster" && hasTwoLevels(map);
  const change = isTwofold ? levelSwitch(map.clusters.length, width) * homeScale : 0;
  const regions = map.largerRegions.map((region, index) => ({ region, members: groups.filter((group) => group.region === index) }));
  const larger = isTwofold ? regions.filter(({ members }) => members.length > 0) : [];
  return [
    ...byCount(larger.map(({ region }) => region)).map(({ text, share, place }) => ({
      text, share, isLarger: true, anchors: anchorsAmong(larger[place].members), from: 0, to: change,
    })),
    ...byCount(groups).map(({ text, share, place }) => ({
      text, share, isLarger: false, anchors: anchorsOf(groups[place]), from: change, to: Infinity,
    })),
  ];
}

/**
 * A larger region's name stands in the midst of its clusters, or else over one of them.
 *
 * @param {readonly Pick<Group, "count" | "peak" | "regions">[]} members
 * @returns {[number, number][]} on the plane
 */
function anchorsAmong(members) {
  const places = members.flatMap((group) => anchorsOf(group).slice(0, 1).map((place) => ({ place, count: group.count })));
  const sum = Math.max(1, places.reduce((total, { count }) => total + count, 0));
  const mean = (/** @type {0 | 1} */ axis) => places.reduce((total, { place, count }) => total + place[axis] * count, 0) / sum;
  return places.length > 0 ? [[mean(0), mean(1)], ...places.map(({ place }) => place)] : [];
}
