// A small part of Markdown as a tree: headings, paragraphs, lists, code, tables, quotes, emphasis and links. HTML is text.

/**
 * @typedef {{kind: "text", text: string} | {kind: "code", text: string} | {kind: "strong"|"em", children: Inline[]} | {kind: "link", href: string, children: Inline[]}} Inline
 * @typedef {{kind: "heading", level: number, children: Inline[]} | {kind: "paragraph", children: Inline[]} | {kind: "code", language: string, text: string}
 *   | {kind: "list", ordered: boolean, start: number, items: Block[][]} | {kind: "quote", children: Block[]}
 *   | {kind: "table", head: Inline[][], rows: Inline[][][]}} Block
 */

const deepest = 8; // nested lists, quotes and emphasis beyond it are text
const fence = /^ {0,3}(```+|~~~+)\s*([\w-]*)/;
const item = /^( {0,3})([-*+]|\d{1,9}[.)])( +)(.*)$/;

/**
 * parse reads Markdown.
 * @param {string} text
 * @returns {Block[]}
 */
export function parse(text) {
  return blocks(text.replace(/\r\n?/g, "\n").replace(/<!--[\s\S]*?-->/g, "").split("\n"), 0);
}

/** @param {string[]} lines @param {number} depth @returns {Block[]} */
function blocks(lines, depth) {
  /** @type {Block[]} */
  const found = [];
  let i = 0;
  while (i < lines.length) {
    const line = lines[i] ?? "";
    if (line.trim() === "") {
      i++;
      continue;
    }
    const read = code(lines, i) ?? heading(line, i) ?? table(lines, i) ?? (depth < deepest ? (quote(lines, i, depth) ?? list(lines, i, depth)) : null) ?? paragraph(lines, i);
    found.push(read.block);
    i = read.next;
  }
  return found;
}

/** @typedef {{block: Block, next: number}|null} Read */

/** @param {string[]} lines @param {number} i @returns {Read} */
function code(lines, i) {
  const opened = fence.exec(lines[i] ?? "");
  if (!opened) return null;
  const mark = opened[1] ?? "```";
  const body = [];
  let next = i + 1;
  for (; next < lines.length && !(lines[next] ?? "").trim().startsWith(mark); next++) body.push(lines[next]);
  return { block: { kind: "code", language: opened[2] ?? "", text: body.join("\n") }, next: next + 1 };
}

/** @param {string} line @param {number} i @returns {Read} */
function heading(line, i) {
  const found = /^(#{1,6})\s+(.*?)\s*#*$/.exec(line);
  return found && { block: { kind: "heading", level: (found[1] ?? "").length, children: inline(found[2] ?? "") }, next: i + 1 };
}

/** @param {string[]} lines @param {number} i @returns {Read} */
function table(lines, i) {
  if (!(lines[i] ?? "").includes("|") || !/^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/.test(lines[i + 1] ?? "") || !(lines[i + 1] ?? "").includes("|")) return null;
  const head = cells(lines[i] ?? "");
  const rows = [];
  let next = i + 2;
  for (; next < lines.length && (lines[next] ?? "").includes("|"); next++) {
    const row = cells(lines[next] ?? "");
    rows.push(head.map((_, column) => row[column] ?? []));
  }
  return { block: { kind: "table", head, rows }, next };
}

/** cells splits a row at the bars that are not in code. @param {string} line */
function cells(line) {
  const inner = line.trim().replace(/^\|/, "").replace(/\|$/, "");
  return (inner.match(/(?:`[^`]*`|\\\||[^|])+|(?<=\|)(?=\||$)|^(?=\|)/g) ?? []).map((cell) => inline(cell.trim().replaceAll("\\|", "|")));
}

/** @param {string[]} lines @param {number} i @param {number} depth @returns {Read} */
function quote(lines, i, depth) {
  if (!/^ {0,3}>/.test(lines[i] ?? "")) return null;
  let next = i;
  const body = [];
  for (; next < lines.length && /^ {0,3}>/.test(lines[next] ?? ""); next++) body.push((lines[next] ?? "").replace(/^ {0,3}> ?/, ""));
  return { block: { kind: "quote", children: blocks(body, depth + 1) }, next };
}

/** @param {string[]} lines @param {number} i @param {number} depth @returns {Read} */
function list(lines, i, depth) {
  const first = item.exec(lines[i] ?? "");
  if (!first) return null;
  const ordered = /\d/.test(first[2] ?? "");
  /** @type {Block[][]} */
  const items = [];
  let next = i;
  for (let found = item.exec(lines[next] ?? ""); found && /\d/.test(found[2] ?? "") === ordered; found = item.exec(lines[next] ?? "")) {
    const indent = (found[1] ?? "").length + (found[2] ?? "").length + (found[3] ?? " ").length;
    const body = [found[4] ?? ""];
    for (next++; next < lines.length && continues(lines, next, indent); next++) body.push((lines[next] ?? "").replace(new RegExp(`^ {0,${indent}}`), ""));
    while (body.length && (body.at(-1) ?? "").trim() === "") body.pop();
    items.push(blocks(body, depth + 1));
  }
  return { block: { kind: "list", ordered, start: Number.parseInt(first[2] ?? "1", 10) || 1, items }, next };
}

/** continues reports whether a line belongs to the item before it. @param {string[]} lines @param {number} i @param {number} indent */
function continues(lines, i, indent) {
  const line = lines[i] ?? "";
  if (line.trim() !== "") {
    const spaces = line.length - line.trimStart().length;
    return spaces >= indent || (spaces > 0 && !item.test(line)) || ((lines[i - 1] ?? "").trim() !== "" && !item.test(line) && !fence.test(line) && !/^(#{1,6}\s|>)/.test(line));
  }
  const after = lines.slice(i + 1).find((other) => other.trim() !== "") ?? "";
  return after.startsWith("  ") && !(item.test(after) && after.length - after.trimStart().length < indent);
}

/** @param {string[]} lines @param {number} i @returns {{block: Block, next: number}} */
function paragraph(lines, i) {
  const body = [(lines[i] ?? "").trim()];
  let next = i + 1;
  for (; next < lines.length; next++) {
    const line = lines[next] ?? "";
    if (line.trim() === "" || fence.test(line) || /^(#{1,6}\s|>)/.test(line) || item.test(line)) break;
    body.push(line.trim());
  }
  return { block: { kind: "paragraph", children: inline(body.join(" ")) }, next };
}

const marks = /(`+)([\s\S]*?[^`])\1(?!`)|\*\*(?=\S)([\s\S]*?\S)\*\*|\*(?=[^\s*])([\s\S]*?[^\s*])\*(?!\*)|\[((?:[^[\]]|\[[^\]]*\])*)\]\(([^()\s]*)\)/;

/**
 * inline reads the marks within a line.
 * @param {string} text
 * @param {number} [depth]
 * @returns {Inline[]}
 */
export function inline(text, depth = 0) {
  /** @type {Inline[]} */
  const found = [];
  let rest = text;
  for (let mark = depth < deepest ? marks.exec(rest) : null; mark; mark = marks.exec(rest)) {
    if (mark.index > 0) found.push({ kind: "text", text: rest.slice(0, mark.index) });
    if (mark[1]) found.push({ kind: "code", text: (mark[2] ?? "").trim() });
    else if (mark[3]) found.push({ kind: "strong", children: inline(mark[3], depth + 1) });
    else if (mark[4]) found.push({ kind: "em", children: inline(mark[4], depth + 1) });
    else found.push({ kind: "link", href: mark[6] ?? "", children: inline(mark[5] ?? "", depth + 1) });
    rest = rest.slice(mark.index + mark[0].length);
  }
  if (rest) found.push({ kind: "text", text: rest });
  return found;
}
