// Requests to the console's API.

/** Problem is a refusal of the server (RFC 9457), or a request without an answer (status 0). */
export class Problem extends Error {
  /**
   * @param {number} status
   * @param {string} title
   * @param {string} detail
   */
  constructor(status, title, detail) {
    super(detail || title);
    this.name = "Problem";
    this.status = status;
    this.title = title;
    this.detail = detail;
  }
}

/**
 * problemOf makes a Problem of anything that was thrown.
 * @param {unknown} thrown
 * @returns {Problem}
 */
export function problemOf(thrown) {
  if (thrown instanceof Problem) return thrown;
  return new Problem(0, "The page failed", thrown instanceof Error ? thrown.message : String(thrown));
}

/** aborted reports whether a request ended because the page ended it. @param {unknown} thrown */
export const aborted = (thrown) => thrown instanceof DOMException && thrown.name === "AbortError";

/**
 * @typedef {object} Options
 * @property {AbortSignal} [signal]
 */

export const api = {
  /**
   * get reads JSON. It throws a [Problem].
   * @param {string} path
   * @param {Options} [options]
   * @returns {Promise<any>}
   */
  get: (path, options) => request("GET", path, undefined, options),
  /**
   * send sends a body as JSON, a string or a Blob as it is. It throws a [Problem].
   * @param {"POST"|"PUT"|"DELETE"} method
   * @param {string} path
   * @param {unknown} [body]
   * @param {Options} [options]
   * @returns {Promise<any>}
   */
  send: (method, path, body, options) => request(method, path, body, options),
};

/**
 * @param {string} method
 * @param {string} path
 * @param {unknown} body
 * @param {Options} [options]
 */
async function request(method, path, body, options) {
  const raw = typeof body === "string" || body instanceof Blob;
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json" };
  if (body !== undefined && !raw) headers["Content-Type"] = "application/json";
  /** @type {Response} */
  let answer;
  try {
    const payload = body === undefined ? null : raw ? /** @type {string|Blob} */ (body) : JSON.stringify(body);
    answer = await fetch(path, { method, headers, body: payload, signal: options?.signal ?? null });
  } catch (thrown) {
    if (aborted(thrown)) throw thrown;
    throw new Problem(0, "The console does not answer", "The page cannot reach the console. It may have stopped. The page tries again by itself.");
  }
  const text = await answer.text();
  if (!answer.ok) throw refusal(answer, text);
  return text === "" ? null : parse(text, path);
}

/**
 * refusal reads a problem document.
 * @param {Response} answer
 * @param {string} text
 */
export function refusal(answer, text) {
  try {
    const document = JSON.parse(text);
    return new Problem(answer.status, String(document.title ?? answer.statusText), String(document.detail ?? ""));
  } catch {
    return new Problem(answer.status, answer.statusText || `Status ${answer.status}`, text.slice(0, 300));
  }
}

/**
 * @param {string} text
 * @param {string} path
 */
function parse(text, path) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem(0, "The answer cannot be read", `The answer to ${path} is not JSON.`);
  }
}
