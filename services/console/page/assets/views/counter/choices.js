// The choices of the counter, as the query of the page's address and as the bodies of requests.

/**
 * @typedef {object} Choices
 * @property {number} orders 1 to 50
 * @property {Record<string, number>} pieces by the name of the dish
 * @property {string} customer
 * @property {string} failure a key, or ""
 * @property {string} variant of the failure, or "" for its first one
 * @property {number} rate orders per second of the steady load
 * @property {number} seconds
 */

export const limits = { orders: 50, pieces: 20, rate: 50, leastRate: 0.1, seconds: 600 };
const firstDish = "Margherita";
/** address is where all orders of the counter go: an order must have an address. */
const address = { addressLine1: "167 My Street" };

/**
 * read reads the choices of an address. What cannot be is replaced by what is common.
 * @param {URLSearchParams} query
 * @returns {Choices}
 */
export function read(query) {
  /** @type {Record<string, number>} */
  const pieces = {};
  for (const text of query.getAll("item").slice(0, 20)) {
    const [, name, amount] = /^(.{1,100}?)(?:\*(\d{1,3}))?$/.exec(text) ?? [];
    if (name) pieces[name] = whole(amount ?? "1", 1, limits.pieces, 1);
  }
  if (Object.keys(pieces).length === 0) pieces[firstDish] = 1;
  const [failure = "", variant = ""] = (query.get("failure") ?? "").split("=");
  return {
    orders: whole(query.get("orders"), 1, limits.orders, 1),
    pieces,
    customer: (query.get("customer") ?? "").slice(0, 256),
    failure, variant,
    rate: decimal(query.get("rate"), limits.leastRate, limits.rate, 2),
    seconds: whole(query.get("seconds"), 1, limits.seconds, 60),
  };
}

/**
 * write writes the choices as values of the query. null removes one: it is the usual one.
 * @param {Choices} choices
 * @returns {Record<string, string|string[]|null>}
 */
export function write(choices) {
  const items = Object.entries(choices.pieces).filter(([, n]) => n > 0).map(([name, n]) => (n === 1 ? name : `${name}*${n}`));
  return {
    orders: choices.orders === 1 ? null : String(choices.orders),
    item: items.length === 1 && items[0] === firstDish ? null : items,
    customer: choices.customer || null,
    failure: failureOf(choices) || null,
    rate: choices.rate === 2 ? null : String(choices.rate),
    seconds: choices.seconds === 60 ? null : String(choices.seconds),
  };
}

/** failureOf is the failure as X-Traceria-Failure has it. @param {Choices} choices */
export const failureOf = ({ failure, variant }) => (failure && variant ? `${failure}=${variant}` : failure);

/**
 * orderOf makes the body of POST /api/orders. Without a customer the orders get one of their own.
 * @param {Choices} choices
 */
export function orderOf(choices) {
  return {
    count: choices.orders,
    customerId: choices.customer || "counter",
    items: Object.entries(choices.pieces).filter(([, n]) => n > 0).map(([itemName, quantity]) => ({ itemName, quantity })),
    failure: failureOf(choices),
    deliveryAddress: address,
  };
}

/**
 * loadOf makes the body of PUT /api/load.
 * @param {Choices} choices
 */
export function loadOf(choices) {
  const failure = failureOf(choices);
  return {
    perSecond: choices.rate, seconds: choices.seconds,
    ...(choices.customer ? { customerId: choices.customer } : {}),
    ...(failure ? { failure } : {}),
  };
}

/**
 * price is the sum in pence of one order, or null if a price is unknown.
 * @param {{itemName: string, price: {value: number, currency: string}}[]} menu
 * @param {Record<string, number>} pieces
 */
export function price(menu, pieces) {
  let sum = 0;
  for (const [name, n] of Object.entries(pieces)) {
    const dish = menu.find((line) => line.itemName === name);
    if (!dish) return null;
    sum += Math.round(dish.price.value * 100) * n;
  }
  return sum;
}

/** money writes an amount of the menu's currency: £6.63. @param {number} pence @param {string} currency */
export const money = (pence, currency) => {
  try {
    return new Intl.NumberFormat("en", { style: "currency", currency }).format(pence / 100);
  } catch {
    return `${(pence / 100).toFixed(2)} ${currency}`;
  }
};

/**
 * expected is what a steady load will place.
 * @param {number} rate
 * @param {number} seconds
 */
export const expected = (rate, seconds) => Math.max(1, Math.round(rate * seconds));

/** @param {string|null} text @param {number} least @param {number} most @param {number} usual */
function whole(text, least, most, usual) {
  const n = text && /^\d{1,6}$/.test(text) ? Number(text) : usual;
  return Math.min(most, Math.max(least, n));
}

/** @param {string|null} text @param {number} least @param {number} most @param {number} usual */
function decimal(text, least, most, usual) {
  const n = text && /^\d{1,4}(\.\d{1,3})?$/.test(text) ? Number(text) : usual;
  return Math.min(most, Math.max(least, n));
}
