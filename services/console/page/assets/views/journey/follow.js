// Keeps a journey up to date while it is under way.
import { api, aborted, Problem } from "../../lib/api.js";
import { path } from "../../lib/router.js";
import { stream } from "../../lib/stream.js";
import { ended } from "./facts.js";

/** @typedef {import("../../types.js").Journey} Journey */

const pause = 400; // ms between two readings, so that many spans at once make few readings
const again = 5000; // ms after which an unfinished journey is read again: a message moves in the broker without a span
const patience = 30_000; // ms for which an unknown journey may still come

/**
 * follow reads a journey, and reads it again when it changes.
 * @param {{take: (journey: Journey) => void, fail: (thrown: unknown, trying: boolean) => void}} on
 *   fail gets whether the page goes on trying.
 */
export function follow(on) {
  let id = "";
  let began = 0;
  let known = false;
  let dirty = false;
  let busy = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @type {AbortController | null} */
  let request = null;
  let unlisten = () => {};

  const later = (/** @type {number} */ ms) => {
    clearTimeout(timer);
    timer = setTimeout(read, ms);
  };

  async function read() {
    if (busy || !id) return;
    busy = true;
    dirty = false;
    request = new AbortController();
    const asked = id;
    try {
      /** @type {Journey} */
      const journey = await api.get(path("api", "journeys", asked), { signal: request.signal });
      if (asked !== id) return;
      known = true;
      on.take(journey);
      if (dirty) later(pause);
      else if (!ended(journey.row) && journey.source === "memory") later(again);
    } catch (thrown) {
      if (aborted(thrown) || asked !== id) return;
      const unknown = thrown instanceof Problem && thrown.status === 404;
      const trying = !unknown || Date.now() - began < patience;
      on.fail(thrown, trying);
      if (trying) later(unknown ? 1000 : 3000);
    } finally {
      if (asked === id) busy = false;
    }
  }

  function changed() {
    if (busy) dirty = true;
    else later(known ? pause : 0);
  }

  return {
    /** @param {string} next */
    start(next) {
      this.stop();
      id = next;
      began = Date.now();
      known = busy = dirty = false;
      unlisten = stream.listen([`journey:${next}`], null, { journey: (data) => data.id === undefined || data.id === next || known ? changed() : undefined });
      void read();
    },
    stop() {
      id = "";
      request?.abort();
      clearTimeout(timer);
      unlisten();
      unlisten = () => {};
    },
  };
}
