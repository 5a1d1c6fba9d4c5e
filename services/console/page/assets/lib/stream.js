// The stream of the console. All listeners of a page share one connection where they can: a browser opens six at most.
import { connect } from "./connection.js";
import { joiner } from "./joiner.js";

/** @typedef {Record<string, (data: any) => void>} Handlers by the name of the event */
/** @typedef {{topics: string[], filter: string, handlers: Handlers}} Listener */
/** @typedef {{topics: string[], filter: string, listeners: Listener[]}} Plan */

/** The topics of which each event replaces the one before. A new listener gets the last one at once. */
const whole = new Set(["failures", "queues", "parts", "run", "load"]);

/**
 * plan puts listeners on as few connections as possible. Only the filters of journeys must be equal.
 * @param {Listener[]} listeners
 * @returns {Plan[]}
 */
export function plan(listeners) {
  /** @type {Plan[]} */
  const plans = [];
  const filtered = (/** @type {Listener} */ one) => one.topics.includes("journeys");
  for (const one of [...listeners.filter(filtered), ...listeners.filter((l) => !filtered(l))]) {
    const fits = filtered(one) ? plans.find((p) => p.filter === one.filter) : plans[0];
    if (!fits) {
      plans.push({ topics: [...one.topics], filter: filtered(one) ? one.filter : "", listeners: [one] });
      continue;
    }
    fits.listeners.push(one);
    fits.topics = [...new Set([...fits.topics, ...one.topics])];
  }
  return plans;
}

/** @param {Plan} p */
export function urlOf(p) {
  const query = new URLSearchParams({ topics: [...p.topics].sort().join(",") });
  for (const [name, value] of new URLSearchParams(p.filter)) query.append(name, value);
  return `/api/events?${query}`;
}

/** @type {Listener[]} */
let listeners = [];
/** @type {Map<string, {plan: Plan, connection: ReturnType<typeof connect>|null, last: Map<string, any>, link: import("./connection.js").Link}>} */
const open = new Map();
/** @type {Set<(link: import("./connection.js").Link) => void>} */
const watchers = new Set();
let settling = false;

/** next lets the browser draw and take clicks. A timer would wait a second in a page that is not in sight. */
const next = () => new Promise((/** @type {(_: void) => void} */ done) => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    done();
  };
  port2.postMessage(null);
});

const needs = {
  now: () => performance.now(),
  next,
  fetch: (/** @type {string} */ url, /** @type {RequestInit} */ init) => fetch(url, init),
  after: (/** @type {() => void} */ fn, /** @type {number} */ ms) => setTimeout(fn, ms),
  cancel: (/** @type {any} */ timer) => clearTimeout(timer),
  random: Math.random,
};

export const stream = {
  /**
   * listen calls the handlers by the name of the event, with its data. Topics are those of GET /api/events.
   * @param {string[]} topics
   * @param {URLSearchParams|null} filter of journeys
   * @param {Handlers} handlers
   * @returns {() => void} stops it
   */
  listen(topics, filter, handlers) {
    const one = { topics, filter: filter ? String(filter) : "", handlers };
    listeners.push(one);
    settle();
    return () => {
      listeners = listeners.filter((l) => l !== one);
      settle();
    };
  },
  /**
   * onLink calls fn with the state of the connections, now and at each change.
   * @param {(link: import("./connection.js").Link) => void} fn
   */
  onLink(fn) {
    watchers.add(fn);
    fn(link());
    return () => watchers.delete(fn);
  },
};

/** link is the worst state of all connections. */
function link() {
  const states = [...open.values()].map((c) => c.link);
  return states.find((s) => s === "reconnecting") ?? states.find((s) => s === "connecting") ?? (states.length ? "live" : "connecting");
}

const tell = () => {
  for (const fn of watchers) fn(link());
};

/** settle waits for the end of the turn: a view that closes and the next one that opens change the connection once. */
function settle() {
  if (settling) return;
  settling = true;
  setTimeout(() => {
    settling = false;
    arrange(plan(listeners));
  }, 0);
}

/** @param {Plan[]} plans */
function arrange(plans) {
  const wanted = new Map(plans.map((p) => [urlOf(p), p]));
  for (const [url, connection] of open) {
    if (wanted.has(url)) continue;
    connection.connection?.close();
    open.delete(url);
  }
  for (const [url, p] of wanted) {
    const connection = open.get(url);
    if (connection) join(connection, p);
    else begin(url, p);
  }
  tell();
}

/**
 * join gives a connection new listeners, and them what came before.
 * @param {{plan: Plan, last: Map<string, any>}} connection
 * @param {Plan} p
 */
function join(connection, p) {
  const known = new Set(connection.plan.listeners);
  connection.plan = p;
  for (const one of p.listeners) {
    if (known.has(one)) continue;
    for (const topic of one.topics) if (connection.last.has(topic)) one.handlers[topic]?.(connection.last.get(topic));
  }
}

/** @param {string} url @param {Plan} p */
function begin(url, p) {
  const connection = { plan: p, connection: /** @type {ReturnType<typeof connect>|null} */ (null), last: new Map(), link: /** @type {import("./connection.js").Link} */ ("connecting") };
  open.set(url, connection);
  const join = joiner();
  connection.connection = connect(url, (message) => {
    const data = join(JSON.parse(message.data));
    if (!data) return;
    if (whole.has(message.event)) connection.last.set(message.event, data);
    for (const one of connection.plan.listeners) one.handlers[message.event]?.(data);
  }, (state) => {
    connection.link = state;
    tell();
  }, needs);
}

/** patience is how long a page that is not in sight keeps its connection, in ms. */
const patience = 20000;

/**
 * rest cuts the connections of a page that is not in sight, and goes on when it is seen again. A tab in the background, and a page that the
 * browser keeps to go back to, would hold connections that other tabs need.
 * @param {Document} page
 * @param {Window} frame
 */
export function rest(page, frame) {
  /** @type {any} */
  let timer;
  const pause = () => open.forEach((one) => one.connection?.pause());
  const resume = () => {
    clearTimeout(timer);
    open.forEach((one) => one.connection?.resume());
  };
  page.addEventListener("visibilitychange", () => {
    if (page.visibilityState === "hidden") timer = setTimeout(pause, patience);
    else resume();
  });
  frame.addEventListener("pagehide", pause);
  frame.addEventListener("pageshow", resume);
}
