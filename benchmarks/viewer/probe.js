/**
 * Runs in the measured page before its own scripts: moves the map as a hand would, and measures times.
 *
 * The work of a frame is the main thread's time from the first animation callback to the first task after the frame was drawn:
 * the page's callbacks, layout, painting and compositing. Events are sent at the beginning of the frame and included.
 */
(() => {
  const channel = new MessageChannel();
  /** @type {(() => void) | null} */
  let afterFrame = null;
  channel.port1.onmessage = () => afterFrame?.();

  const longTasks = [];
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) longTasks.push({ start_ms: startTime, duration_ms: duration });
  }).observe({ type: "longtask", buffered: true });

  /** Measures one frame: acts, and lets the page draw. @param {() => void} act */
  const frame = (act) =>
    new Promise((done) => {
      requestAnimationFrame(() => {
        const start = performance.now();
        afterFrame = () => done({ start, work_ms: performance.now() - start });
        channel.port2.postMessage(null);
        act();
      });
    });

  /** @param {() => Element} target  @param {(i: number) => void} act  @param {number} frames */
  async function measure(frames, act) {
    const work_ms = [];
    const interval_ms = [];
    let before = 0;
    for (let i = 0; i < frames; i++) {
      const { start, work_ms: work } = await frame(() => act(i));
      work_ms.push(work);
      if (i > 0) interval_ms.push(start - before);
      before = start;
    }
    return { work_ms, interval_ms };
  }

  const options = (x, y) => ({ bubbles: true, cancelable: true, view: window, clientX: x, clientY: y, button: 0, buttons: 1 });

  /** @param {Element} target */
  async function pan(target, frames) {
    const [x, y] = [innerWidth * 0.6, innerHeight / 2];
    const at = (i) => [x + 170 * Math.sin(i / 9), y + 120 * Math.sin(i / 13)];
    target.dispatchEvent(new MouseEvent("mousedown", options(x, y)));
    const times = await measure(frames, (i) => {
      const event = new MouseEvent("mousemove", options(...at(i)));
      // d3-zoom and most other libraries listen for drags on the window.
      target.dispatchEvent(event);
    });
    target.dispatchEvent(new MouseEvent("mouseup", options(...at(frames - 1))));
    return times;
  }

  /** Zooms in and out again. @param {Element} target */
  function wheel(target, frames, depth) {
    return measure(frames, (i) => {
      const inwards = i < frames / 2;
      const [clientX, clientY] = [innerWidth * 0.6, innerHeight / 2];
      const deltaY = ((inwards ? -1 : 1) * depth) / (frames / 2);
      target.dispatchEvent(new WheelEvent("wheel", { bubbles: true, cancelable: true, view: window, clientX, clientY, deltaY }));
    });
  }

  const rest = (ms) => new Promise((done) => setTimeout(done, ms));

  window.probe = {
    longTasks,
    async gestures(selector) {
      const target = document.querySelector(selector);
      const parts = [];
      parts.push(await pan(target, 90));
      await rest(300);
      parts.push(await wheel(target, 120, 1500));
      await rest(300);
      await wheel(target, 10, 900).then(() => rest(300));
      parts.push(await pan(target, 60));
      return {
        work_ms: parts.flatMap((part) => part.work_ms),
        interval_ms: parts.flatMap((part) => part.interval_ms),
      };
    },
    /** Measures pointer events including their synchronous handlers. */
    hovers(selector, count) {
      const target = document.querySelector(selector);
      const times = [];
      for (let i = 0; i < count; i++) {
        const clientX = innerWidth * (0.35 + 0.5 * ((i * 0.618) % 1));
        const clientY = innerHeight * (0.15 + 0.7 * ((i * 0.381) % 1));
        const event = new PointerEvent("pointermove", { bubbles: true, view: window, clientX, clientY, pointerType: "mouse" });
        const start = performance.now();
        target.dispatchEvent(event);
        times.push(performance.now() - start);
      }
      return times;
    },
  };
})();
