import assert from "node:assert/strict";
import { test } from "node:test";
import { expected, failureOf, loadOf, money, orderOf, price, read, write } from "../assets/views/counter/choices.js";

const query = (text) => new URLSearchParams(text);
/** @param {Record<string, string|string[]|null>} values */
const written = (values) => {
  const made = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) for (const one of [value ?? []].flat()) made.append(name, one);
  return made;
};

test("an address without choices is one Margherita", () => {
  const choices = read(query(""));
  assert.deepEqual([choices.orders, choices.pieces, choices.customer, failureOf(choices)], [1, { Margherita: 1 }, "", ""]);
  assert.equal(written(write(choices)).size, 0);
});

test("the address has the choices, and gives them back", () => {
  const choices = { orders: 50, pieces: { Diavola: 2, "Garlic Bread": 1 }, customer: "O'Neil & Söhne", failure: "kitchen.error", variant: "twice", rate: 0.5, seconds: 30 };
  assert.deepEqual(read(written(write(choices))), choices);
});

test("what cannot be is replaced", () => {
  const choices = read(query("orders=9000&item=Diavola*999&rate=1e9&seconds=-4&customer=" + "x".repeat(999)));
  assert.deepEqual([choices.orders, choices.pieces, choices.rate, choices.seconds, choices.customer.length], [50, { Diavola: 20 }, 2, 60, 256]);
  assert.equal(Object.keys(read(query(Array.from({ length: 99 }, (_, i) => `item=d${i}`).join("&"))).pieces).length, 20);
});

test("names of the language are dishes like others", () => {
  assert.deepEqual(Object.keys(read(query("item=constructor&item=__proto__")).pieces).length > 0, true);
  assert.equal({}.polluted, undefined);
});

test("an order has its pieces and its failure", () => {
  const choices = read(query("orders=3&item=Diavola*2&customer=alice&failure=kitchen.slow%3D10s"));
  assert.deepEqual(orderOf({ ...choices, pieces: { ...choices.pieces, Marinara: 0 } }), { count: 3, customerId: "alice", items: [{ itemName: "Diavola", quantity: 2 }], failure: "kitchen.slow=10s", deliveryAddress: { addressLine1: "167 My Street" } });
  assert.equal(orderOf(read(query(""))).customerId, "counter");
});

test("a load leaves out what is not chosen", () => {
  assert.deepEqual(loadOf(read(query("rate=5&seconds=10"))), { perSecond: 5, seconds: 10 });
  assert.deepEqual(loadOf(read(query("customer=a&failure=kitchen.error"))), { perSecond: 2, seconds: 60, customerId: "a", failure: "kitchen.error" });
  assert.equal(expected(0.1, 1), 1);
});

test("a price is exact, and unknown for unknown dishes", () => {
  const menu = [{ itemName: "Margherita", price: { value: 6.63, currency: "GBP" } }];
  assert.equal(price(menu, { Margherita: 3 }), 1989);
  assert.equal(price(menu, { Else: 1 }), null);
  assert.equal(money(1989, "GBP"), "£19.89");
  assert.equal(money(1989, "not a currency"), "19.89 not a currency");
});
