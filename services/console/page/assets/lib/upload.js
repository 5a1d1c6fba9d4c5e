// Sends a file of spans to the console.
import { Problem, refusal } from "./api.js";
import { bytes } from "./format.js";

const most = 16 * 1024 * 1024;

/**
 * refusalOf says why a file cannot be read, or "".
 * @param {{name: string, size: number}} file
 */
export function refusalOf({ name, size }) {
  if (size === 0) return `${name} is empty.`;
  if (size > most) return `${name} has ${bytes(size)}. At most 16 MB can be read.`;
  if (!/\.(json|html?|jsonl|txt)$/i.test(name)) return `${name} is neither OTLP JSON (.json) nor an exported page (.html).`;
  return "";
}

/**
 * placeFor returns where the journeys of a file are shown.
 * @param {string[]} journeys
 */
export function placeFor(journeys) {
  if (journeys.length === 1) return `/journeys/${encodeURIComponent(journeys[0] ?? "")}`;
  if (journeys.length > 20) return "/journeys?source=file";
  return `/journeys?${new URLSearchParams(journeys.map((id) => ["id", id]))}`;
}

/**
 * upload sends a file. It uses XMLHttpRequest, because fetch does not tell how much is sent. It throws a [Problem].
 * @param {File} file
 * @param {{signal: AbortSignal, progress: (share: number) => void}} options
 * @returns {Promise<{journeys: string[], spans: number, refused?: number, reason?: string}>}
 */
export function upload(file, { signal, progress }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/api/files");
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("Content-Type", /\.html?$/i.test(file.name) ? "text/html" : "application/json");
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.upload.onload = () => progress(1);
    request.onerror = () => reject(new Problem(0, "The console does not answer", "The file was not sent."));
    request.onabort = () => reject(new Problem(0, "Stopped", ""));
    request.onload = () => {
      if (request.status >= 300) return reject(refusal(new Response(null, { status: request.status, statusText: request.statusText }), request.responseText));
      try {
        resolve(JSON.parse(request.responseText));
      } catch {
        reject(new Problem(0, "The answer cannot be read", "The answer to /api/files is not JSON."));
      }
    };
    signal.addEventListener("abort", () => request.abort());
    request.send(file);
  });
}
