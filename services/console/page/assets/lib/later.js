// Modules that are loaded when they are asked for, so that the first load stays small.

/**
 * later makes a part from a module at the first call of load. A load that failed is tried again by the next call.
 * @template T
 * @param {() => Promise<T>} make
 * @returns {{load: () => Promise<T>, now: () => T | null}} now returns the part once it is there
 */
export function later(make) {
  /** @type {T | null} */
  let part = null;
  /** @type {Promise<T> | null} */
  let loading = null;
  return {
    now: () => part,
    load: () => loading ??= make().then((made) => part = made, (thrown) => {
      loading = null;
      throw thrown;
    }),
  };
}
