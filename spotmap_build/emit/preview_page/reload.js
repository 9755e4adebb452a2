/* In pages that `spotmap-build preview --watch` serves: shows the next build where the last one was left, and what is wrong. */
"use strict";
(() => {
  const KEPT = "spotmap-preview";
  const RELOADS_AGAIN_MS = 10000;
  const root = document.documentElement;
  let isLeaving = false;
  const events = new EventSource(document.currentScript.dataset.events);
  events.addEventListener("rebuilt", leave);
  events.addEventListener("failed", ({ data }) => show(JSON.parse(data)));
  whenReady(restore);
  doWithoutWorker();

  /*
   * A worker would keep for offline what the next change throws away; and while one takes over from another, Chromium may
   * hold back a reload for good. Where the map was looked at without --watch, one is there already.
   */
  async function doWithoutWorker() {
    root.dataset.preview = "";
    const registered = await navigator.serviceWorker?.getRegistrations() ?? [];
    for (const each of registered) each.unregister();
  }

  /* The page's address holds the view, the selection and the search; what else is open is kept here. */
  function leave() {
    events.close();
    isLeaving = true;
    if (sessionStorage.getItem(KEPT) === null) keep();
    location.reload();
    /* The map writes what it shows into the page's address; in the wrong moment that puts an end to the reload. */
    setTimeout(() => location.reload(), RELOADS_AGAIN_MS);
  }

  /* Not where the next build came before this one was ready: what was open before it still is to be opened. */
  function keep() {
    dispatchEvent(new Event("pagehide"));
    const open = document.querySelectorAll("details[open], button[aria-controls][aria-expanded=true]");
    const scrolled = [...document.querySelectorAll("body *")].filter((element) => element.scrollTop > 0);
    const kept = {
      open: Array.from(open, pathOf),
      scrolled: scrolled.map((element) => [pathOf(element), element.scrollTop]),
      focused: document.activeElement && document.activeElement !== document.body ? pathOf(document.activeElement) : "",
    };
    sessionStorage.setItem(KEPT, JSON.stringify(kept));
  }

  /* Not where the page is ready only while it is being reloaded: the next one opens what was open. */
  function restore() {
    if (isLeaving) return;
    const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
    sessionStorage.removeItem(KEPT);
    if (kept === null) return;
    for (const element of kept.open.map(find)) {
      if (element instanceof HTMLDetailsElement) element.open = true;
      else if (element?.getAttribute("aria-expanded") === "false") element.click();
    }
    find(kept.focused)?.focus({ preventScroll: true });
    for (const [path, top] of kept.scrolled) find(path)?.scrollTo({ top, behavior: "instant" });
  }

  function whenReady(then) {
    const isReady = () => root.dataset.state === "ready";
    if (isReady()) return then();
    const observer = new MutationObserver(() => {
      if (!isReady()) return;
      observer.disconnect();
      then();
    });
    observer.observe(root, { attributeFilter: ["data-state"] });
  }

  /* From the nearest id above it: as long as a template is not turned upside down, it leads to the same element. */
  function pathOf(element) {
    if (element.id) return `#${CSS.escape(element.id)}`;
    if (element === document.body) return "body";
    const place = [...element.parentElement.children].indexOf(element) + 1;
    return `${pathOf(element.parentElement)} > ${element.localName}:nth-child(${place})`;
  }

  function find(path) {
    return path ? document.querySelector(path) : null;
  }

  /* Text only: an error repeats what stands in files. */
  function show({ message, hint }) {
    const banner = document.getElementById("preview-problem") ?? document.body.appendChild(makeBanner());
    banner.querySelector(".preview-message").textContent = message;
    banner.querySelector(".preview-hint").textContent = hint;
    banner.hidden = false;
  }

  function makeBanner() {
    const banner = made("div", { id: "preview-problem", role: "alert" });
    const words = made("div", { className: "preview-words", tabIndex: 0 });
    words.append(
      made("p", { className: "preview-title", textContent: "The last change is not on this map" }),
      made("p", { className: "preview-message", dir: "auto" }),
      made("p", { className: "preview-hint", dir: "auto" }),
    );
    const close = made("button", { type: "button", textContent: "Hide" });
    close.addEventListener("click", () => { banner.hidden = true; });
    banner.append(words, close);
    return banner;
  }

  function made(name, properties) {
    return Object.assign(document.createElement(name), properties);
  }
})();
