import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { pick } from "../assets/lib/keys.js";
import { safeAddress } from "../assets/lib/dom.js";
import { aborted, Problem, problemOf, refusal } from "../assets/lib/api.js";

test("addresses that a browser would run are refused", () => {
  for (const bad of ["javascript:alert(1)", " JaVaScript:alert(1)", "java\nscript:alert(1)", "\u0001javascript:x", "data:text/html,x", "vbscript:x", "file:///etc/passwd"]) assert.equal(safeAddress(bad), false, bad);
  for (const good of ["/journeys/a:b", "https://jaeger/trace/1", "http://x", "#top", "?q=a:b", "blob:http://x/1", "journeys"]) assert.equal(safeAddress(good), true, good);
});

const root = new URL("../assets/", import.meta.url);
const files = readdirSync(root, { recursive: true }).map(String).filter((name) => /\.(js|css)$/.test(name));

test("no file interprets text as HTML or runs text", () => {
  assert.ok(files.length > 20, "the files are found");
  for (const name of files) {
    const text = readFileSync(new URL(name, root), "utf8");
    const found = /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser|createContextualFragment/.exec(text);
    assert.equal(found?.[0], undefined, name);
  }
});

test("no file asks another origin", () => {
  for (const name of files) {
    const text = readFileSync(new URL(name, root), "utf8").replaceAll("http://www.w3.org/2000/svg", "");
    assert.equal(/(?:import[^;]*|url\(|fetch\()\s*["'`(]?https?:/.exec(text)?.[0], undefined, name);
  }
});

test("modules stay under 200 lines", () => {
  for (const name of files.filter((file) => file.endsWith(".js"))) {
    const lines = readFileSync(new URL(name, root), "utf8").split("\n").length - 1;
    assert.ok(lines <= 200, `${name} has ${lines} lines`);
  }
});

test("a refusal keeps the problem's title and detail", () => {
  const answer = new Response(null, { status: 422, statusText: "Unprocessable" });
  const problem = refusal(answer, '{"title":"The order cannot be placed","detail":"items is empty"}');
  assert.deepEqual([problem.status, problem.title, problem.detail, problem.message], [422, "The order cannot be placed", "items is empty", "items is empty"]);
  assert.equal(refusal(answer, "<html>").detail, "<html>");
  assert.ok(problemOf("x") instanceof Problem);
  assert.equal(aborted(new DOMException("x", "AbortError")), true);
  assert.equal(aborted(new Error("x")), false);
});

test("a pair of keys comes before a single key", () => {
  const fn = () => {};
  const all = [{ scope: "", key: "j", text: "next", fn }, { scope: "", key: "g j", text: "go", fn }, { scope: "", key: "j", text: "later", fn }];
  assert.equal(pick(all, "j", "g")?.text, "go");
  assert.equal(pick(all, "j", "x")?.text, "later");
  assert.equal(pick(all, "z", "g"), undefined);
});
