/** Starts the viewer: loads the data, creates the map and the panels, connects them. */

import { Address } from "./state/address.js";
import { AlikeGraph } from "./panels/alike_graph.js";
import { wireAxisMarks } from "./map/axes_layer.js";
import { wireAxesPanel } from "./panels/axes_panel.js";
import { Card, describeTrack } from "./panels/card.js";
import { CollectionLoader } from "./panels/collection_loader.js";
import { byId, PANEL_TOGGLED } from "./ui/dom.js";
import { wireEmbed } from "./ui/embed.js";
import { selectedText } from "./ui/format.js";
import { freeArea, medium, panelInsets, upright } from "./ui/insets.js";
import { wireLasso } from "./panels/lasso_tool.js";
import { wireLegend } from "./panels/legend.js";
import { JourneyPanel } from "./panels/journey_panel.js";
import { LegendInsights } from "./panels/legend_insights.js";
import { Glide } from "./panels/glide.js";
import { wireLinkNote } from "./panels/link_note.js";
import { Listening } from "./panels/listening.js";
import { gettext, wantedLanguage } from "./data/language.js";
import { LocalAudio } from "./data/local_audio.js";
import { Sounds } from "./data/sounds.js";
import { DataError, messageOf } from "./data/decode.js";
import { createDetailsReader, createInsightsReader, createNeighborsReader, createDescribingReader, createPeopleReader, createScriptReader, loadMap, loadText, loadTranslation } from "./data/load.js";
import { showAxesSummary } from "./panels/axes_summary.js";
import { Navigation, wireNavigation } from "./map/navigation.js";
import { offerNewerMap, watchFreshness } from "./ui/newer_map.js";
import { ageNote } from "./ui/age.js";
import { keepForOffline } from "./ui/offline.js";
import { PicksPanel } from "./panels/picks_panel.js";
import { wirePrint } from "./map/print.js";
import { Positions } from "./map/positions.js";
import { PathTool } from "./panels/path_tool.js";
import { Player } from "./panels/player.js";
import { wirePointer } from "./map/pointer.js";
import { Renderer } from "./map/renderer.js";
import { watchSize, wireRedrawing } from "./map/redrawing.js";
import { wireKeyboardNavigation } from "./map/keyboard_navigation.js";
import { SearchPanel } from "./panels/search_panel.js";
import { Selecting } from "./map/selecting.js";
import { wireSizeBy } from "./panels/size_by.js";
import { SoundsLike } from "./panels/sounds_like.js";
import { wireSavePicture } from "./panels/save_picture.js";
import { StyleWords } from "./panels/style_words.js";
import { DescriberLoader } from "./state/describer_loader.js";
import { createStore } from "./state/store.js";
import { initialTheme, wireTheme } from "./ui/theme.js";
import { TableLoader } from "./panels/table_loader.js";
import { Tools } from "./panels/tools.js";
import { wireTimeline } from "./panels/timeline.js";
import { TraitLoader } from "./state/trait_loader.js";
import { NO_TRACK } from "./data/types.js";

/** @import { Store } from "./state/store.js" */
/** @import { MapData, State, TextData } from "./data/types.js" */
/** @typedef {ReturnType<typeof createMap>} MapParts */
/** @typedef {MapParts & ReturnType<typeof createPanels>} Parts */

/** Height below which the player leaves no room for the buttons below it, pixels. */
const LOW_WINDOW = 700;
const root = document.documentElement;

/** @returns {State} */
function initialState() {
  return {
    theme: initialTheme(),
    colorBy: "cluster",
    sizeBy: "",
    hiddenClusters: new Set(),
    hiddenPlaylists: new Set(),
    hiddenLayers: new Set(),
    traits: new Map(),
    traitFilters: new Map(),
    about: "",
    axes: null,
    until: null,
    selected: [],
    query: "",
    matches: null,
    almost: [],
    hovered: NO_TRACK,
    pinned: NO_TRACK,
    pathStart: NO_TRACK,
    asked: null,
    path: [],
    collection: null,
    transform: { k: 1, x: 0, y: 0 },
  };
}

/**
 * Shows a notice instead of the map.
 *
 * @param {"empty" | "error"} kind
 * @param {string} heading
 * @param {string} message
 */
function showNotice(kind, heading, message) {
  root.dataset.state = kind;
  const notice = byId("notice");
  const part = (/** @type {string} */ selector) => /** @type {HTMLElement} */ (notice.querySelector(selector));
  part("h2").textContent = heading;
  part(".notice-message").textContent = message;
  part(".notice-late").hidden = true;
  notice.hidden = false;
  byId("app").hidden = true;
}

/** Checks that the style sheet has loaded; without it, the page has no size and nothing can be drawn. @param {string} folder  of the generation */
async function checkStyle(folder) {
  const hasStyle = () => getComputedStyle(root).getPropertyValue("--map-background");
  // In WebKit, a deferred script does not wait for the style sheet.
  if (!hasStyle() && document.readyState !== "complete") await new Promise((resolve) => addEventListener("load", resolve));
  if (hasStyle()) return;
  throw new DataError(gettext("{file} could not be loaded. Reload the page; if that does not help, publish the whole site again.", { file: `${folder}style.css` }));
}

/**
 * Creates everything that is not a panel: the map, the tracks' positions, and the readers of the site's files.
 *
 * @param {MapData} map
 * @param {Store} store
 * @param {string} folder  of the generation
 */
function createMap(map, store, folder) {
  const surface = byId("map");
  const details = createDetailsReader(folder, map);
  const readInsights = createInsightsReader(folder, map);
  const neighborsReader = createNeighborsReader(folder, map);
  const readListening = createScriptReader(`${folder}listening.js`, "spotmapListening");
  const traitLoader = new TraitLoader(map, store, details, readInsights, readListening);
  const describing = new DescriberLoader({ map, details, reader: createDescribingReader(folder, map) });
  const tooling = { readPeople: createPeopleReader(folder, map), readScript: createScriptReader(`${folder}tools.js`, "spotmapTools") };
  const positions = new Positions(map, store);
  const navigation = new Navigation(surface, positions, store, panelInsets);
  const coverOf = async (/** @type {number} */ track) => (await details.read(track)).artFile;
  const renderer = new Renderer(surface, map, positions, store, () => navigation.home, coverOf);
  const selecting = new Selecting(positions, store, renderer);
  const address = new Address(map, store, navigation, traitLoader, wireLinkNote(byId("link-note")));
  const readCollections = createScriptReader(`${folder}collections.js`, "spotmapCollections");
  const readPicture = createScriptReader(`${folder}picture.js`, "spotmapPicture");
  const readJourneys = createScriptReader(`${folder}journeys.js`, "spotmapJourneys");
  const readTable = createScriptReader(`${folder}table.js`, "spotmapTable");
  return { map, store, readCollections, readPicture, readTable, readJourneys, surface, details, readInsights, readListening, neighborsReader, traitLoader, describing, tooling, positions, navigation, renderer, selecting, address };
}

/**
 * Creates the panels beside and over the map. A panel is created after the parts that it uses, and receives them as arguments.
 *
 * @param {MapParts} mapParts
 */
function createPanels({ map, store, readCollections, readPicture, readTable, readJourneys, surface, details, readInsights, readListening, neighborsReader, traitLoader, describing, tooling, positions, navigation, renderer, selecting, address }) {
  /** Pins a track and brings it into view. @param {number} track */
  const goTo = (track) => {
    store.set({ pinned: track, hovered: NO_TRACK });
    navigation.flyTo(track);
  };
  const flyToAll = (/** @type {readonly number[]} */ tracks) => navigation.flyToAll(tracks);
  const localAudio = LocalAudio.of(document);
  const sounds = new Sounds(localAudio, map.columns.excerpts);
  const player = new Player(byId("player"), { store, details, sounds });
  const glide = new Glide(byId("glide-button"), { store, details, sounds, player, announce });
  const picksPanel = new PicksPanel(byId("picks"), { map, store, details, selecting, player, localAudio, address, goTo });
  const say = (/** @type {string} */ note) => picksPanel.say(note);
  const alike = new AlikeGraph({ map, store, reader: neighborsReader, traitLoader, readScript: readJourneys });
  const pathTool = new PathTool(byId("path-hint"), {
    map, store, alike, renderer, navigation, focusMap: () => surface.focus(), announce, say,
  });
  const journeyPanel = new JourneyPanel(byId("journey"), { map, store, alike, pathTool, renderer, navigation, goTo, say });
  const tools = new Tools(byId("tool"), byId("people-button"), { map, store, renderer, navigation, alike, pathTool, ...tooling, goTo, announce });
  const soundsLike = new SoundsLike({
    map, store, reader: neighborsReader, renderer, goTo,
    findPathFrom: (track) => pathTool.startAt(track),
    mix: (track, isMore) => void tools.mix(track, isMore),
  });
  const spotOf = (/** @type {number} */ track) => positions.sharing(track, (candidate) => renderer.isVisible(candidate));
  const styleWords = new StyleWords({ map, store, traitLoader });
  const collections = new CollectionLoader(byId("collection"), {
    map, store, details, traitLoader, renderer, navigation, positions, goTo, announce, say, readScript: readCollections,
  });
  const card = new Card(byId("card"), { map, store, renderer, details, selecting, player, soundsLike, styleWords, spotOf, show: (named) => collections.show(named) });
  void localAudio.load().then(() => {
    if (!localAudio.isAvailable) return;
    for (const part of [glide, picksPanel, card]) void part.offerListening();
  });
  const searchPanel = new SearchPanel(byId("search"), { store, describing, collections, goTo });
  const legendInsights = new LegendInsights({ map, store, readInsights, goTo, flyToAll, styleWords });
  wireLegend(byId("legend"), map, store, traitLoader, legendInsights, () => renderer.visibleCount);
  wireSizeBy(byId("legend"), store, traitLoader, readListening);
  const listening = new Listening(byId("listening"), surface, { map, store, details, readListening, traitLoader, goTo, freeArea });
  wireSavePicture(byId("picture"), byId("picture-button"), { map, renderer, surface, readScript: readPicture, announce });
  const table = new TableLoader(byId("table"), byId("table-button"), { map, store, renderer, details, selecting, traitLoader, goTo, announce, readScript: readTable });
  wireDrawer(byId("legend"), byId("legend-handle"));
  const progress = /** @type {HTMLElement} */ (byId("legend").querySelector(".legend-progress"));
  wireTimeline(byId("timeline"), byId("timeline-button"), store, traitLoader, announce, progress, (isOpen, tell) => void listening.showTrail(isOpen, tell));
  wireAxesPanel(byId("axes"), byId("axes-button"), store, traitLoader, announce);
  return { player, glide, picksPanel, pathTool, journeyPanel, tools, soundsLike, collections, card, searchPanel, legendInsights, listening, table };
}

/**
 * Connects pointer, keyboard and window events to the parts.
 *
 * @param {Parts} parts
 */
function connect({ store, surface, positions, navigation, renderer, selecting, card, searchPanel, address }) {
  wireAxisMarks(surface, store, freeArea, ["axes", "timeline", "card", "picks"].map((id) => byId(id)));
  wireLasso(surface, byId("lasso-button"), byId("lasso-hint"), selecting, freeArea);
  // Before the keys that move the map, which handle the remaining arrow keys.
  wireKeyboardNavigation({ surface, positions, store, renderer, navigation, selecting, freeArea, enterCard: () => card.enter() });
  wireNavigation(surface, byId("controls"), navigation);
  wirePointer(surface, positions, renderer, store, navigation);
  wireKeys(surface, store, searchPanel, selecting);
  wirePrint(surface, renderer);

  // A closed tab, or a frame that is not visible yet, has no size.
  const hasSize = () => surface.clientWidth > 0 && surface.clientHeight > 0;
  const arrangePanels = () => {
    const isOpen = (/** @type {string} */ id) => !byId(id).hidden;
    document.body.classList.toggle("has-player", isOpen("player"));
    document.body.style.setProperty("--player-bottom", `${byId("player").getBoundingClientRect().bottom}px`);
    // A list is as high as the window. Below the player alone, there is room for the buttons, unless the window is low.
    const hasList = isOpen("tool") || isOpen("picks") || (isOpen("player") && innerHeight < LOW_WINDOW);
    document.body.classList.toggle("has-list", hasList);
    // The legend beside the map would leave it too little room.
    document.body.classList.toggle("is-folding", medium.matches && (hasList || upright.matches));
  };
  const fitMap = () => {
    renderer.resize(sizeOf(surface), devicePixelRatio, freeArea());
    card.place();
  };
  const layOut = () => {
    if (!hasSize()) return;
    arrangePanels();
    fitMap();
  };
  document.addEventListener(PANEL_TOGGLED, layOut);
  // A message makes it higher.
  new ResizeObserver(layOut).observe(byId("player"));
  /** The size and pixel ratio of the current layout. */
  let laidOut = "";
  const onResize = () => {
    const size = sizeOf(surface);
    const layout = [size.width, size.height, devicePixelRatio].join();
    if (!hasSize() || layout === laidOut) return;
    const isFirst = laidOut === "";
    laidOut = layout;
    arrangePanels(); // first, because the view of the whole map depends on it
    navigation.resize(size);
    fitMap();
    if (!isFirst) return;
    void address.start();
    renderer.drawNow();
  };
  // Now, because a busy browser reports the size only after the page has been used.
  onResize();
  watchSize(surface, onResize);
  wireRedrawing(surface, renderer);
}

/**
 * Loads the titles after the map is shown, and passes them to every part with a `setText` method. The address is applied last, because
 * the other parts display what it pins and selects.
 *
 * @param {Parts} parts
 * @param {TextData} text
 */
async function addText({ address, ...parts }, text) {
  for (const part of Object.values(parts)) if (showsText(part)) part.setText(text);
  await address.setText(text);
}

/**
 * @param {object} part
 * @returns {part is {setText(text: TextData): void}}
 */
const showsText = (part) => "setText" in part;

/**
 * @param {MapData} map
 * @param {Store} store
 * @param {string} folder  of the generation
 */
async function showMap(map, store, folder) {
  const mapParts = createMap(map, store, folder);
  const parts = { ...mapParts, ...createPanels(mapParts) };
  byId("app").hidden = false;
  byId("notice").hidden = true;
  root.dataset.state = "map";
  connect(parts);
  if (isOpenedForTests()) exposeForTests(parts);

  const text = await loadText(folder, map);
  await addText(parts, text);
  store.subscribe(["pinned"], ({ pinned }) => {
    announce(pinned === NO_TRACK ? gettext("Unpinned") : gettext("Pinned: {track}", { track: describeTrack(text, pinned) }));
  });
  store.subscribe(["selected"], ({ selected }) => {
    announce(selected.length === 0 ? gettext("Selection cleared") : selectedText(selected.length));
  });
  root.dataset.state = "ready";
  byId("age").textContent = ageNote(map, document.lastModified, Date.now());
  showAxesSummary(byId("axes-summary"), map, store, parts.readInsights);
  void keepForOffline();
}

/** @param {HTMLElement} surface */
const sizeOf = (surface) => ({ width: surface.clientWidth, height: surface.clientHeight });

/** Announces a change to screen readers. @param {string} text */
function announce(text) {
  byId("live").textContent = text;
}

/**
 * The legend can be folded: to the side in wide windows, down to its handle in narrow ones. What is opened at its end comes
 * into view.
 *
 * @param {HTMLElement} legend
 * @param {HTMLElement} handle
 */
function wireDrawer(legend, handle) {
  handle.addEventListener("click", () => {
    const open = handle.getAttribute("aria-expanded") !== "true";
    handle.setAttribute("aria-expanded", String(open));
    legend.classList.toggle("is-open", open);
  });
  for (const about of legend.querySelectorAll("details")) about.addEventListener("toggle", () => about.open && about.scrollIntoView({ block: "nearest" }));
}

/**
 * Escape undoes one thing at a time: the pinned track, then the search, then the selection.
 *
 * @param {HTMLElement} surface
 * @param {Store} store
 * @param {SearchPanel} searchPanel
 * @param {Selecting} selecting
 */
function wireKeys(surface, store, searchPanel, selecting) {
  document.addEventListener("keydown", (event) => {
    const typing = event.target instanceof HTMLInputElement && event.target.type === "search";
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      searchPanel.focus();
    } else if (event.key === "Escape") {
      const { pinned } = store.get();
      if (byId("card").contains(document.activeElement)) surface.focus();
      if (pinned !== NO_TRACK) store.set({ pinned: NO_TRACK });
      else if (!searchPanel.isEmpty) searchPanel.clear();
      else selecting.clear();
    }
  });
}

/** Returns whether the page was opened with `?test` at the end of its address. */
const isOpenedForTests = () => new URLSearchParams(location.search).has("test");

/**
 * Exposes the viewer's state read-only for browser tests, because they cannot read the content of a canvas from the page.
 *
 * @param {Pick<Parts, "store" | "renderer" | "glide">} parts
 */
function exposeForTests({ store, renderer, glide }) {
  const handle = Object.freeze({
    state: () => store.get(),
    visibleCount: () => renderer.visibleCount,
    positionOf: (/** @type {number} */ track) => renderer.positionOf(track),
    pointRadius: (/** @type {number} */ track) => renderer.pointRadius(track),
    names: () => renderer.names,
    voices: () => glide.voices,
  });
  Object.defineProperty(window, "spotmap", { value: handle });
}

async function start() {
  const isFresh = watchFreshness();
  const folder = `data/${root.dataset.generation}/`;
  const language = wantedLanguage(root, location.search, navigator.languages);
  // If the translation cannot be loaded, the page stays in English.
  if (language !== "en") await loadTranslation(folder, language).catch(messageOf);
  try {
    const store = createStore(initialState());
    wireTheme(byId("theme"), store);
    wireEmbed(byId("full-map"));
    await checkStyle(folder);
    const map = await loadMap(folder);
    if (map.count === 0) {
      showNotice("empty", gettext("Nothing here yet"), gettext("This map has no tracks. Add music to the library and build it again."));
      return;
    }
    await showMap(map, store, folder);
  } catch (reason) {
    if (!(reason instanceof Error)) throw reason;
    showNotice("error", gettext("The map cannot be shown"), reason.message);
    if (reason.name !== "DataError") throw reason;
  } finally {
    // Also if the map cannot be shown: its files may have been replaced by those of a newer one.
    offerNewerMap(byId("newer"), root.dataset.generation ?? "", isFresh);
  }
}

void start();
