import assert from "node:assert/strict";
import { test } from "node:test";
import { nameOf, titleOf, whereIn } from "../assets/lib/names.js";
import { whereText } from "../assets/views/journey/facts.js";
import { at, row } from "./rows.js";

test("an order is named by its number, others by the first span", () => {
  assert.equal(titleOf(row({ number: "ORD7", customer: "ada" })), "ORD7 · ada");
  assert.equal(titleOf(row({ root: "POST /buy" })), "POST /buy");
  assert.equal(nameOf(row({ root: "", id: "basket-1" })), "basket-1");
});

test("no service is at work on a lost message", () => {
  assert.equal(whereIn("running", "service"), "at work");
  assert.equal(whereIn("lost", "service"), "acked, then lost");
  const where = { kind: /** @type {const} */ ("service"), name: "delivery", since: at(0), event: "kitchen.order-boxed.v1" };
  assert.equal(whereText(row({ state: "lost", where }), Date.parse(at(3000))), "kitchen.order-boxed.v1 acked, then lost at delivery, 3 s ago");
});
