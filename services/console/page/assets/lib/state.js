// The names, texts, icons and colours of states and of kinds of time. A colour is the name of a token: var(--work).

/** @typedef {import("../types.js").State} State */

/**
 * @typedef {object} Meaning
 * @property {string} word
 * @property {string} text a sentence that explains it
 * @property {string} icon of lib/svg.js
 * @property {string} tone the token of the colour, without dashes
 */

/** states are the states of a journey, the gravest first. @type {Record<State, Meaning>} */
export const states = {
  dead: { word: "Dead", text: "A message is a dead letter. It needs a redrive.", icon: "dead", tone: "error" },
  lost: { word: "Lost", text: "A message was acked although its work failed. It does not come again.", icon: "lost", tone: "error" },
  stuck: { word: "Stuck", text: "A message waits or could not be sent, and nothing has happened for a while.", icon: "stuck", tone: "wait" },
  failed: { word: "Failed", text: "The last attempt failed, and nothing says that another one comes.", icon: "failed", tone: "error" },
  retrying: { word: "Retrying", text: "A message waits for its next attempt.", icon: "retrying", tone: "backoff" },
  waiting: { word: "Waiting", text: "A message is in its queue.", icon: "waiting", tone: "wait" },
  running: { word: "Running", text: "Spans arrive.", icon: "running", tone: "work" },
  done: { word: "Done", text: "Every message was handled.", icon: "done", tone: "done" },
};

/** stateNames are the states, the gravest first. */
export const stateNames = /** @type {State[]} */ (Object.keys(states));

/** ranks are the places of the states, 0 for the gravest. @type {Record<string, number>} */
export const ranks = Object.fromEntries(stateNames.map((name, i) => [name, i]));

/**
 * stateOf returns the meaning of a state. A state that this page does not know is shown by its name.
 * @param {string} name
 * @returns {Meaning}
 */
export const stateOf = (name) => states[/** @type {State} */ (name)] ?? { word: name, text: "", icon: "more", tone: "outbox" };

/** kinds are the kinds of time of a stay, a bar or a step. @type {Record<string, Meaning>} */
export const kinds = {
  work: { word: "Work", text: "A service works on it.", icon: "running", tone: "work" },
  wait: { word: "Wait", text: "The message is in its queue.", icon: "waiting", tone: "wait" },
  backoff: { word: "Back-off", text: "The message waits for its next attempt.", icon: "retrying", tone: "backoff" },
  database: { word: "Database", text: "The service waits for its database.", icon: "list", tone: "database" },
  outbox: { word: "Outbox", text: "The event is stored and not sent yet.", icon: "upload", tone: "outbox" },
  dead: { word: "Dead letter", text: "The message is in a dead-letter queue.", icon: "dead", tone: "error" },
  error: { word: "Error", text: "The work failed.", icon: "close", tone: "error" },
  injected: { word: "Injected", text: "A switch of the failure board caused it.", icon: "flag", tone: "injected" },
  done: { word: "Done", text: "It went well.", icon: "done", tone: "done" },
};

/**
 * placeOf says in words where a journey is: "in kitchen.order-confirmed".
 * @param {import("../types.js").Where} where
 */
export function placeOf(where) {
  switch (where.kind) {
    case "queue": return `in the queue ${where.name}`;
    case "retry": return `between attempts at ${where.name}`;
    case "dead": return `dead letter of ${where.name}`;
    case "outbox": return `in the outbox of ${where.name}`;
    default: return `at ${where.name}`;
  }
}
