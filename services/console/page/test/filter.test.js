import assert from "node:assert/strict";
import { test } from "node:test";
import { apiFilter, milliseconds, parse, parts, toggled } from "../assets/journeys/filter.js";

test("the API gets the filters and nothing else", () => {
  const query = new URLSearchParams("view=lanes&sort=newest&at=5&state=stuck&state=dead&state=dead&q=%20&minMs=5&minMs=9&customer=b&customer=a&follow=1&commands=any");
  assert.equal(String(apiFilter(query)), "state=dead&state=stuck&customer=a&customer=b&minMs=5&commands=any");
});

test("equal filters are equal texts", () => {
  assert.equal(String(apiFilter(new URLSearchParams("q=x&state=b&state=a"))), String(apiFilter(new URLSearchParams("state=a&q=x&state=b"))));
});

test("a chip adds a state and takes it away", () => {
  const query = new URLSearchParams("state=dead");
  assert.deepEqual(toggled(query, "state", "stuck"), ["dead", "stuck"]);
  assert.deepEqual(toggled(query, "state", "dead"), []);
});

test("what is typed becomes a filter", () => {
  assert.deepEqual(parse("customer: alice b"), { name: "customer", value: "alice b" });
  assert.deepEqual(parse("commands:any"), { name: "commands", value: "any" });
  assert.match(JSON.stringify(parse("commands:mine")), /none, any or only/);
  assert.deepEqual(parse("Service:kitchen"), { name: "service", value: "kitchen" });
  assert.deepEqual(parse("over:2s"), { name: "minMs", value: "2000" });
  assert.deepEqual(parse("under: 1.5 min"), { name: "maxMs", value: "90000" });
  assert.deepEqual(parse("traceria.kind=event"), { name: "attribute", value: "traceria.kind=event" });
  assert.deepEqual(parse("POST /order"), { name: "q", value: "POST /order" });
  assert.deepEqual(parse("http://a=b"), { name: "q", value: "http://a=b" });
  assert.equal(parse("  "), null);
  assert.match(JSON.stringify(parse("over:soon")), /soon is not a duration/);
});

test("durations have units", () => {
  assert.deepEqual(["250", "250ms", "2s", "1.5 min", "1h", "2 s "].map(milliseconds), [250, 250, 2000, 90000, 3600000, 2000]);
  assert.deepEqual(["", "s", "-1s", "2 days"].map(milliseconds), [null, null, null, null]);
});

test("filters without a control of their own are listed", () => {
  const query = new URLSearchParams("state=dead&q=x&customer=a&minMs=20");
  assert.deepEqual(parts(query).map((part) => `${part.word} ${part.value}`), ["Customer a", "At least 20"]);
});
