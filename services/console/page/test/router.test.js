import assert from "node:assert/strict";
import { test } from "node:test";
import { address, match, path, withQuery } from "../assets/lib/router.js";

test("every address has its view", () => {
  const cases = {
    "/": "journeys", "/journeys": "journeys", "/journeys/": "journeys", "/journeys/abc": "journey", "/journeys/abc/tree": "journey", "/compare": "compare",
    "/counter": "counter", "/failures": "failures", "/queues": "queues", "/queues/kitchen.order-confirmed": "queues", "/map": "map", "/scenarios": "scenarios",
    "/scenarios/poison": "scenarios", "/parts": "parts",
  };
  for (const [at, view] of Object.entries(cases)) assert.equal(match(at)?.view, view, at);
  for (const at of ["/nothing", "/journeys/a/b/c", "/Journeys"]) assert.equal(match(at), null, at);
});

test("an id may have any character", () => {
  for (const id of ["a/b", "a b", "ä?&#", "100%"]) {
    const found = match(path("journeys", id, "waterfall"));
    assert.deepEqual(found, { view: "journey", params: { id, view: "waterfall" } }, id);
  }
  assert.equal(match("/journeys/%E0%A4%A")?.params.id, "%E0%A4%A", "a broken escape stays as it is");
});

test("withQuery sets, repeats and removes names", () => {
  const query = new URLSearchParams("state=dead&state=stuck&q=x");
  assert.equal(String(withQuery(query, { state: ["dead"], q: null, sort: "newest" })), "state=dead&sort=newest");
  assert.equal(String(withQuery(query, { state: [], q: "", follow: false })), "");
  assert.equal(String(query), "state=dead&state=stuck&q=x", "the argument is not changed");
  assert.equal(address("/journeys", new URLSearchParams()), "/journeys");
});
