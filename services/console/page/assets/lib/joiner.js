// Long lists of journeys come in parts, so that the page can draw between them.

/**
 * joiner returns a function that puts the parts of a long list of journeys together. It returns null for a part that more follow.
 * @returns {(data: any) => any}
 */
export function joiner() {
  /** @type {any[]} */
  let upsert = [];
  let reset = false;
  return (data) => {
    if (!data?.more && !upsert.length) return data;
    if (!Array.isArray(data.upsert)) return data; // an event of another topic between the parts
    if (data.reset) upsert = []; // the connection was cut between the parts
    reset = data.reset || (reset && upsert.length > 0);
    upsert = upsert.concat(data.upsert);
    if (data.more) return null;
    const whole = { ...data, reset, upsert };
    upsert = [];
    reset = false;
    return whole;
  };
}
