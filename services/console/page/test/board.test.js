import assert from "node:assert/strict";
import { test } from "node:test";
import { activeText, byOrder, choices, filtered, first, grouped, journeysOf, settingOf, target, whyNot } from "../assets/views/failures/groups.js";
import { check } from "../assets/views/failures/settings.js";
import { adviceFor, byHealth, share } from "../assets/views/parts/advice.js";
import { praise } from "../assets/views/mystery/solution.js";

const entry = (key, more = {}) => ({ key, kind: "failure", group: "consumer", title: "T", breaks: "b", where: "w", variants: ["off", "on"], default: "off", targets: ["everyone", "percent", "customer", "order"], crash: false, jaeger: "j", search: "s", jaegerUrl: "", repair: "r", refused: "", active: null, hits: { orders: 0, since: null }, ...more });

test("groups are in order, and unknown ones come last", () => {
  const groups = grouped([entry("x", { group: "new" }), entry("e", { group: "experiment" }), entry("c")]);
  assert.deepEqual(groups.map((group) => group.id), ["consumer", "experiment", "new"]);
});

test("a filter wants every word", () => {
  const all = [entry("kitchen.slow", { breaks: "Cooking takes longer" }), entry("loyalty.down")];
  assert.deepEqual(filtered(all, "KITCHEN longer").map((one) => one.key), ["kitchen.slow"]);
  assert.equal(filtered(all, " ").length, 2);
  assert.equal(filtered(all, "nothing").length, 0);
});

test("one click sets the first variant for the widest target", () => {
  assert.equal(first(entry("kitchen.slow", { variants: ["off", "2s", "10s"] })), "2s");
  assert.equal(target(entry("a")), "everyone");
  assert.equal(target(entry("kitchen.crash", { targets: ["percent", "customer", "order"] })), "percent");
  assert.equal(target(entry("kitchen.hang", { targets: ["customer", "order"] })), "customer");
  assert.deepEqual(choices(entry("trace.mode", { variants: ["parent", "link", "none"], default: "parent" })), ["link", "none"]);
});

test("a target that is not allowed says why", () => {
  assert.equal(whyNot(entry("a"), "everyone"), "");
  assert.match(whyNot(entry("a", { targets: ["percent"], crash: true }), "everyone"), /process/);
  for (const id of ["percent", "customer", "order"]) assert.match(whyNot(entry("a", { targets: ["everyone"] }), id), /service|broker/);
});

test("a setting has only the members of its target", () => {
  const chosen = { variant: "on", percent: 10, customer: "alice" };
  assert.deepEqual(settingOf({ ...chosen, target: "everyone" }), { variant: "on" });
  assert.deepEqual(settingOf({ ...chosen, target: "percent" }), { variant: "on", percent: 10 });
  assert.deepEqual(settingOf({ ...chosen, target: "customer" }), { variant: "on", customer: "alice" });
});

test("fields are checked before they are sent", () => {
  for (const wrong of ["0", "101", "", "1.5", "x"]) assert.notEqual(check("percent", wrong, ""), "", wrong);
  assert.equal(check("percent", "100", ""), "");
  assert.notEqual(check("customer", "10", "  "), "");
  assert.equal(check("everyone", "", ""), "");
});

test("what is on is said in words", () => {
  assert.equal(activeText({ variant: "on" }), "every order");
  assert.equal(activeText({ variant: "2s", percent: 10 }), "2s, 10% of the orders");
  assert.equal(activeText({ variant: "on", customer: "alice" }), "customer alice");
  assert.equal(activeText({ variant: "custom" }), "by a rule that was written by hand");
});

test("hits lead to their journeys since the switch", () => {
  assert.equal(journeysOf(entry("a.b", { hits: { orders: 2, since: "2026-01-01T00:00:00Z" } })), "/journeys?failure=a.b&since=2026-01-01T00%3A00%3A00Z");
  assert.equal(journeysOf(entry("a.b", { hits: { orders: 0, since: "0001-01-01T00:00:00Z" } })), "/journeys?failure=a.b");
});

test("a single order has only keys that allow it", () => {
  assert.deepEqual(byOrder([entry("a"), entry("b", { targets: ["everyone"] }), entry("c", { refused: "not here" })]).map((one) => one.key), ["a"]);
});

test("parts that are away come first and have advice", () => {
  const part = (name, healthy) => ({ name, healthy, address: "" });
  assert.deepEqual(byHealth([part("a", true), part("b", false), part("c", true)]).map((one) => one.name), ["b", "a", "c"]);
  for (const name of ["rabbitmq", "collector", "jaeger", "order", "kitchen", "topology"]) assert.notEqual(adviceFor(name).loss, "", name);
  assert.notEqual(adviceFor("anything").act, "");
});

test("the memory is never more than full", () => {
  assert.equal(share({ bytes: 10, limitBytes: 20 }), 0.5);
  assert.equal(share({ bytes: 30, limitBytes: 20 }), 1);
  assert.equal(share({ bytes: 30, limitBytes: 0 }), 0);
});

test("the end of a mystery counts hints and guesses", () => {
  assert.match(praise(true, { hints: 0, guesses: 0 }), /first guess/);
  assert.equal(praise(true, { hints: 1, guesses: 2 }), "With 1 hint and 2 wrong guesses.");
  assert.notEqual(praise(false, { hints: 0, guesses: 0 }), praise(true, { hints: 0, guesses: 0 }));
});
