// Rates of the last minutes, for the small charts, and what was redriven while this page is open.

/** @typedef {{at: number, in: number, out: number, ready: number}} Sample */
/** @typedef {{messageId: string, conversationId: string, traceId: string, at: number}} Redriven */

export const span = 180_000; // ms
const most = 200; // samples, queues and redriven letters

/** newHistory keeps samples of queues. */
export function newHistory() {
  /** @type {Map<string, Sample[]>} */
  const samples = new Map();
  return {
    /**
     * take adds a sample of each queue, at most one in half a second.
     * @param {import("../../types.js").Queue[]} queues
     * @param {number} now
     */
    take(queues, now) {
      for (const queue of queues) {
        const old = samples.get(queue.queue) ?? [];
        if (now - (old.at(-1)?.at ?? -Infinity) < 500) continue;
        if (!samples.has(queue.queue) && samples.size >= most) continue;
        const kept = old.filter((sample) => now - sample.at <= span).slice(1 - most);
        samples.set(queue.queue, [...kept, { at: now, in: queue.inPerSecond ?? 0, out: queue.outPerSecond ?? 0, ready: queue.ready }]);
      }
    },
    /** of returns the samples of a queue, the oldest first. @param {string} queue @returns {Sample[]} */
    of: (queue) => samples.get(queue) ?? [],
  };
}

/** newRedriven keeps what was redriven, by queue, the newest first. */
export function newRedriven() {
  /** @type {Map<string, Redriven[]>} */
  const all = new Map();
  return {
    /** @param {string} queue @param {Omit<Redriven, "at">[]} letters @param {number} now */
    add(queue, letters, now) {
      all.set(queue, [...letters.map((letter) => ({ ...letter, at: now })), ...(all.get(queue) ?? [])].slice(0, most));
    },
    /** @param {string} queue @returns {Redriven[]} */
    of: (queue) => all.get(queue) ?? [],
  };
}

/**
 * line returns the path of a small chart: time from left to right, the greatest value at the top.
 * @param {Sample[]} samples
 * @param {"in"|"out"|"ready"} what
 * @param {{width: number, height: number, now: number, top: number}} chart
 */
export function line(samples, what, { width, height, now, top }) {
  const scale = top > 0 ? (height - 2) / top : 0;
  return samples
    .map((sample, i) => {
      const x = width - ((now - sample.at) / span) * width;
      const y = height - 1 - Math.min(top, Math.max(0, sample[what])) * scale;
      return `${i === 0 ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`;
    })
    .join("");
}

/** peak is the greatest rate, at least 1 so that a calm queue has a calm line. @param {Sample[]} samples */
export const peak = (samples) => Math.max(1, ...samples.map((sample) => Math.max(sample.in, sample.out)));
