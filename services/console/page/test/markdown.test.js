import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { inline, parse } from "../assets/views/scenarios/markdown.js";
import { linesOf, summary } from "../assets/views/scenarios/difference.js";

const text = (value) => ({ kind: "text", text: value });
const code = (value) => ({ kind: "code", text: value });

test("marks within a line are read", () => {
  assert.deepEqual(inline("a **b `c`** *d* [e](https://f)"), [
    text("a "), { kind: "strong", children: [text("b "), code("c")] }, text(" "), { kind: "em", children: [text("d")] }, text(" "),
    { kind: "link", href: "https://f", children: [text("e")] },
  ]);
});

test("marks without an end are text", () => {
  for (const line of ["a ** b", "a * b * c", "[x](y", "`open", "2 * 3 * 4 = 24"]) assert.deepEqual(inline(line), [text(line)]);
});

test("asterisks in code stay in code", () => {
  assert.deepEqual(inline("`none: *  loyalty` and `INSERT*`"), [code("none: *  loyalty"), text(" and "), code("INSERT*")]);
});

test("HTML is text, and comments are left out", () => {
  assert.deepEqual(parse("<!-- order.tree -->\n<script>alert(1)</script>"), [{ kind: "paragraph", children: [text("<script>alert(1)</script>")] }]);
});

test("headings, code and paragraphs are apart", () => {
  assert.deepEqual(parse("# T\ntext\nmore\n```json\n# no\n```\n"), [
    { kind: "heading", level: 1, children: [text("T")] }, { kind: "paragraph", children: [text("text more")] }, { kind: "code", language: "json", text: "# no" },
  ]);
});

test("code without an end goes to the end", () => {
  assert.deepEqual(parse("```\na\nb"), [{ kind: "code", language: "", text: "a\nb" }]);
});

test("lists are nested, and numbers begin where they say", () => {
  const [list] = parse("3. a\n   - b\n   - c\n4. d\n\nend");
  assert.equal(list?.kind === "list" && list.start, 3);
  assert.deepEqual(list?.kind === "list" && list.items[0]?.[1], { kind: "list", ordered: false, start: 1, items: [[{ kind: "paragraph", children: [text("b")] }], [{ kind: "paragraph", children: [text("c")] }]] });
  assert.equal(list?.kind === "list" && list.items.length, 2);
});

test("a table has the cells of its head, and bars in code stay", () => {
  const [table] = parse("| a | b |\n|---|---|\n| `x|y` | z |\n| one |");
  assert.deepEqual(table, { kind: "table", head: [[text("a")], [text("b")]], rows: [[[code("x|y")], [text("z")]], [[text("one")], []]] });
});

test("deep nesting ends", () => {
  assert.doesNotThrow(() => parse(">".repeat(5000) + " a"));
  assert.doesNotThrow(() => parse(Array.from({ length: 400 }, (_, i) => `${" ".repeat(i * 2)}- x`).join("\n")));
});

test("a long line of marks is read within a second", () => {
  const begin = performance.now();
  for (const mark of ["*a ", "**a ", "[a](", "`a``", "[[", "|", "a|`"]) parse(mark.repeat(5000));
  assert.ok(performance.now() - begin < 1000);
});

test("every page of the scenarios is read whole", () => {
  const root = new URL("../../../scenario/", import.meta.url);
  const pages = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory() && entry.name !== "testdata");
  let read = 0;
  for (const { name } of pages) {
    let page = "";
    try {
      page = readFileSync(new URL(`${name}/page.md`, root), "utf8");
    } catch {
      continue;
    }
    read++;
    const blocks = parse(page);
    assert.equal(blocks[0]?.kind, "heading", name);
    const headings = page.replace(/```[\s\S]*?```/g, "").match(/^#+ /gm) ?? [];
    assert.equal(blocks.filter((block) => block.kind === "heading").length, headings.length, name);
    assert.equal(blocks.filter((block) => block.kind === "code").length, (page.match(/^```/gm) ?? []).length / 2, name);
    assert.ok(!JSON.stringify(blocks.filter((block) => block.kind === "paragraph")).includes("**"), name);
  }
  assert.ok(read >= 30, `${read} pages`);
});

test("a difference has its signs apart", () => {
  const lines = linesOf("  a\n- b\n+ c\n");
  assert.deepEqual(lines, [{ sign: " ", text: "  a" }, { sign: "-", text: "b" }, { sign: "+", text: "c" }]);
  assert.equal(summary(lines), "1 line expected and not found, 1 line found and not expected");
});
