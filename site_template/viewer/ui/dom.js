/** Builds elements. Text is inserted as text, never as markup, so a title cannot run as code. */

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | boolean>} [attributes]  `true` sets an empty attribute, `false` omits it
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

/** @param {string} kind  its class  @param {string} label  @param {() => void} act */
export function button(kind, label, act) {
  const node = element("button", { class: kind, type: "button" }, label);
  node.addEventListener("click", act);
  return node;
}

/** Matches a name within a sentence: between direction isolates, or in quotation marks. */
const NAME = /(\u2068[^\u2069]*\u2069|“[^”]*”|„[^“]*“|「[^」]*」)/;

/** Returns a sentence whose names are excluded from translation by the browser. @param {string} text */
export const withNames = (text) =>
  text.split(NAME).map((part, index) => (index % 2 ? element("bdi", { translate: "no" }, part.replace(/[\u2068\u2069]/g, "")) : part));

/**
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string>} attributes
 * @param {...Node} children
 * @returns {SVGElementTagNameMap[Tag]}
 */
export function svgElement(tag, attributes, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** Creates an icon from a single path. @param {string} path */
export function icon(path) {
  return svgElement("svg", { class: "icon", viewBox: "0 0 20 20", "aria-hidden": "true" }, svgElement("path", { d: path }));
}

/**
 * Returns an element that the page must contain.
 *
 * @template {HTMLElement} [Kind=HTMLElement]
 * @param {string} id
 * @returns {Kind}
 */
export function byId(id) {
  const node = document.getElementById(id);
  if (!node) throw new Error(`the page has no #${id}: template and script are of different versions`);
  return /** @type {Kind} */ (node);
}

/**
 * Calls back on Escape within a part of the page, and stops the event there.
 *
 * @param {HTMLElement} host
 * @param {() => void} leave
 */
export function onEscape(host, leave) {
  host.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    leave();
  });
}

/** A color sample. @param {string} color */
export function swatch(color) {
  const node = element("span", { class: "swatch", "aria-hidden": "true" });
  node.style.backgroundColor = color;
  return node;
}

/** Event that a panel dispatches when it opens or closes, so that its surroundings are laid out again. */
export const PANEL_TOGGLED = "paneltoggled";

/** @param {HTMLElement} panel */
export function tellToggled(panel) {
  panel.dispatchEvent(new Event(PANEL_TOGGLED, { bubbles: true }));
}

/** Shows or hides a part of the page. If it had the focus, the map gets it; otherwise keyboard navigation would restart at the top. @param {HTMLElement} part  @param {boolean} isShown */
export function show(part, isShown) {
  const hadFocus = !isShown && part.contains(document.activeElement);
  part.hidden = !isShown;
  if (hadFocus) document.getElementById("map")?.focus();
}
