import assert from "node:assert/strict";
import { test } from "node:test";
import { placeFor, refusalOf } from "../assets/lib/upload.js";

test("a file that cannot be read is refused with the reason", () => {
  assert.equal(refusalOf({ name: "a.json", size: 10 }), "");
  assert.equal(refusalOf({ name: "page.HTML", size: 10 }), "");
  assert.match(refusalOf({ name: "a.json", size: 0 }), /empty/);
  assert.match(refusalOf({ name: "a.json", size: 17 << 20 }), /At most 16 MB/);
  assert.match(refusalOf({ name: "a.png", size: 10 }), /neither OTLP JSON/);
});

test("one journey is opened, several are listed", () => {
  assert.equal(placeFor(["a/b"]), "/journeys/a%2Fb");
  assert.equal(placeFor(["a", "b"]), "/journeys?id=a&id=b");
  assert.equal(placeFor(Array.from({ length: 21 }, String)), "/journeys?source=file");
});
