// Rows for tests.

/**
 * row makes a row with what a test says.
 * @param {Partial<import("../assets/types.js").Row>} [values]
 * @returns {import("../assets/types.js").Row}
 */
export const row = (values = {}) => ({
  id: "a", version: 1, source: "otlp", root: "POST /order", state: "done", start: "2025-01-01T12:00:00Z", end: "2025-01-01T12:00:01Z", seen: "2025-01-01T12:00:01Z",
  durationMs: 1000, spans: 3, traces: ["t"], services: ["order"], events: [], attempts: 1, errors: 0, dead: 0, redriven: 0, failures: [], waitMs: 0,
  backOffMs: 0, workMs: 0, track: [], ...values,
});

/** at is a moment after noon. @param {number} ms */
export const at = (ms) => new Date(Date.UTC(2025, 0, 1, 12) + ms).toISOString();
