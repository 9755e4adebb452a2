/** Presses during which the page changes: a browser drops the click of an element that is gone, or has moved from under the pointer. */

/** Longest time from the release of a pointer to its click: that of a finger follows in another task. */
const CLICK_MS = 50;
/** Distance in pixels by which a pointer moves unintentionally. */
const GRAIN = 8;
const ENDS = /** @type {const} */ (["pointerup", "pointercancel", "blur"]);

/**
 * Returns a function that calls back now or, if a pointer is down within the host, after its click. The callbacks change what is shown
 * in the host. What was pressed therefore acts, although it has been outdated meanwhile.
 *
 * @param {HTMLElement} host
 * @returns {(act: () => void) => void}
 */
export function createPressGuard(host) {
  /** @type {PointerEvent | null} */
  let press = null;
  /** @type {(() => void)[]} */
  let postponed = [];
  const catchUp = () => {
    const due = postponed;
    postponed = [];
    for (const act of due) act();
  };
  const end = (/** @type {Event} */ event) => {
    for (const type of ENDS) removeEventListener(type, end);
    if (press && event instanceof PointerEvent && hasMovedAway(press, event)) clickOn(press);
    setTimeout(() => {
      press = null;
      catchUp();
    }, CLICK_MS);
  };
  host.addEventListener("pointerdown", (event) => {
    // A list of choices opens outside of the page, which may not hear of the release.
    if (event.button !== 0 || event.target instanceof HTMLSelectElement) return;
    press = event;
    // Not in the capture phase, in which the window hears of every element that loses the focus.
    for (const type of ENDS) addEventListener(type, end);
  });
  // Before the listeners of what was pressed, which may change the content themselves.
  host.addEventListener("click", () => (press = null), true);
  return (act) => {
    if (press) return void postponed.push(act);
    catchUp();
    act();
  };
}

/** Whether the pressed element, not the pointer, has moved. @param {PointerEvent} press  @param {PointerEvent} release */
function hasMovedAway(press, release) {
  const pressed = /** @type {Element} */ (press.target);
  const distance = Math.hypot(release.clientX - press.clientX, release.clientY - press.clientY);
  return release.type === "pointerup" && distance < GRAIN && !pressed.contains(/** @type {Element} */ (release.target));
}

/** @param {PointerEvent} press */
function clickOn({ target, ctrlKey, metaKey, altKey, shiftKey }) {
  target?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, detail: 1, ctrlKey, metaKey, altKey, shiftKey }));
}
