// One stream of server-sent events that comes back by itself and goes on where it was cut.
import { reader } from "./events.js";

/** @typedef {"connecting"|"live"|"reconnecting"} Link */

/**
 * @typedef {object} Needs what a test replaces
 * @property {(url: string, init: RequestInit) => Promise<Response>} fetch
 * @property {(fn: () => void, ms: number) => unknown} after
 * @property {(timer: any) => void} cancel
 * @property {() => number} random
 * @property {() => number} now in ms
 * @property {() => Promise<void>} next waits for the next turn of the browser
 */

/** silence is how long a stream may say nothing, in ms. The server sends a comment every 10 s. */
export const silence = 25000;

/** stint is how long messages are taken in one turn, in ms. Half a frame of the browser is left for the rest. */
const stint = 8;

/**
 * backOff is the time before the next try in ms: it doubles up to 10 s, with jitter so that many pages do not come back at once.
 * @param {number} tries so far, from 1
 * @param {number} random from 0 to 1
 */
export const backOff = (tries, random) => Math.min(10000, 250 * 2 ** Math.min(tries, 10)) * (0.5 + random / 2);

/**
 * connect opens a stream and keeps it open until close is called. pause cuts it for a while: a browser has six connections to an origin,
 * for all of its tabs.
 * @param {string} url
 * @param {(message: import("./events.js").Message) => void} take
 * @param {(link: Link) => void} changed
 * @param {Needs} needs
 * @returns {{close: () => void, pause: () => void, resume: () => void}}
 */
export function connect(url, take, changed, needs) {
  let lastId = "";
  let tries = 0;
  let closed = false;
  let paused = false;
  let turn = 0; // the number of the present try: an older one that ends late changes nothing
  /** @type {any} */
  let timer;
  let abort = new AbortController();

  const watch = () => {
    needs.cancel(timer);
    timer = needs.after(() => abort.abort(), silence);
  };

  const again = (/** @type {number} */ mine, /** @type {number} */ wanted) => {
    if (closed || paused || mine !== turn) return;
    tries++;
    changed("reconnecting");
    needs.cancel(timer);
    timer = needs.after(open, Math.max(wanted, backOff(tries, needs.random())));
  };

  async function open() {
    const mine = ++turn;
    abort = new AbortController();
    const { signal } = abort;
    watch();
    /** @type {Record<string, string>} */
    const headers = { Accept: "text/event-stream" };
    if (lastId) headers["Last-Event-ID"] = lastId;
    try {
      const answer = await needs.fetch(url, { headers, signal, cache: "no-store" });
      if (!answer.ok || !answer.body) return again(mine, Number(answer.headers.get("Retry-After") ?? 0) * 1000);
      tries = 0;
      if (!closed && !paused) changed("live");
      again(mine, await follow(answer.body));
    } catch {
      again(mine, 0); // cut, or silent for too long
    }
  }

  /** @param {ReadableStream<Uint8Array>} body @returns {Promise<number>} the server's wish for the next try, in ms */
  async function follow(body) {
    const lines = reader();
    const decoder = new TextDecoder();
    const pieces = body.getReader();
    let began = needs.now();
    for (;;) {
      const { done, value } = await pieces.read();
      if (done || closed) return lines.retry();
      watch();
      for (const message of lines.read(decoder.decode(value, { stream: true }))) {
        if (message.id) lastId = message.id;
        if (!closed) take(message);
        if (needs.now() - began < stint) continue;
        await needs.next();
        began = needs.now();
      }
    }
  }

  changed("connecting");
  void open();
  return {
    close() {
      closed = true;
      needs.cancel(timer);
      abort.abort();
    },
    pause() {
      paused = true;
      needs.cancel(timer);
      abort.abort();
    },
    resume() {
      if (!paused || closed) return;
      paused = false;
      tries = 0;
      changed("connecting");
      void open();
    },
  };
}
