// Reads the text of a stream of server-sent events.

/** @typedef {{id: string, event: string, data: string}} Message */

/**
 * reader returns a function that takes pieces of the text and returns the messages that are complete. The last id counts for
 * messages without one, as the specification of server-sent events says.
 * @returns {{read: (piece: string) => Message[], retry: () => number}} retry is the server's wish in ms, or 0
 */
export function reader() {
  /** The pieces of a line without its end. They are joined once: a list of 1 MB comes in many. @type {string[]} */
  let rest = [];
  let id = "";
  let event = "";
  let retry = 0;
  /** @type {string[]} */
  let data = [];

  /** @param {string} line @param {Message[]} done */
  const take = (line, done) => {
    if (line === "") {
      if (data.length) done.push({ id, event: event || "message", data: data.join("\n") });
      event = "";
      data = [];
      return;
    }
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") data.push(value);
    else if (name === "event") event = value;
    else if (name === "id" && !value.includes("\0")) id = value;
    else if (name === "retry" && /^\d+$/.test(value)) retry = Number(value);
  };

  return {
    read(piece) {
      /** @type {Message[]} */
      const done = [];
      // A piece that ends with \r, or is before one, is joined: \r\n is one end.
      if (!/[\r\n]/.test(piece) && !rest.at(-1)?.endsWith("\r")) {
        rest.push(piece);
        return done;
      }
      const lines = (rest.join("") + piece).split(/\r\n|\n|\r(?!$)/);
      rest = [lines.pop() ?? ""];
      for (const line of lines) take(line, done);
      return done;
    },
    retry: () => retry,
  };
}
