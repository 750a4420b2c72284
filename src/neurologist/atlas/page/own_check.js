/* What a formula may hold: Python's whitelist (`catalogue.grammar`, `functional.custom`), with the place of what it may
   not. Then its rewriting by the patterns of `catalogue.stabilise`, so that it does not overflow on its way. */

const OWN_FOLDS = { "+": (a, b) => a + b, "-": (a, b) => a - b, "*": (a, b) => a * b, "/": (a, b) => a / b, "**": (a, b) => a ** b };

function ownConstant(name) {
  return LANGUAGE.constants.includes(name) ? JETS[name] : null;
}

/* Throws an OwnError for what is not allowed; gives the value of a part without names, else null. */
function ownCheck(node, depth = 0) {
  const refuse = (key, values = {}) => {
    throw new OwnError(key, node.start, node.end, values);
  };
  if (depth > LANGUAGE.deepest) refuse("own_deep", { most: LANGUAGE.deepest });
  switch (node.kind) {
    case "number":
      if (node.value === Infinity) refuse("own_huge");
      return node.value;
    case "name":
      return ownName(node, refuse);
    case "negative":
    case "positive": {
      const inner = ownCheck(node.of, depth + 1);
      return inner !== null && node.kind === "negative" ? -inner : inner;
    }
    case "binary":
      return ownFolded(node, ownCheck(node.left, depth + 1), ownCheck(node.right, depth + 1), refuse);
    case "call":
      return ownCall(node, depth, refuse);
    default:
      return refuse("own_compare");
  }
}

function ownName({ name }, refuse) {
  if (name.startsWith("_")) refuse("own_letter", { text: name });
  if (Object.hasOwn(LANGUAGE.words, name)) refuse("own_function", { name, call: `${name}(${[..."uvw"].slice(0, LANGUAGE.words[name].at(-1)).join(", ")})` });
  if (LANGUAGE.vectors.includes(name)) refuse("own_vector", { name });
  if (name !== "x" && LANGUAGE.taken.includes(name)) refuse("own_taken", { name });
  return ownConstant(name);
}

function ownFolded(node, left, right, refuse) {
  if (node.op === "**" && right !== null && Math.abs(right) > LANGUAGE.largestPower) refuse("own_large_power", { most: LANGUAGE.largestPower });
  if (left === null || right === null || Math.abs(left) === Infinity || Math.abs(right) === Infinity) return null;
  const value = OWN_FOLDS[node.op](left, right);
  return Number.isFinite(value) ? value : refuse("own_no_number");
}

function ownCall({ word, args }, depth, refuse) {
  const counts = Object.hasOwn(LANGUAGE.words, word) ? LANGUAGE.words[word] : null;
  if (!counts) refuse(...ownUnknown(word));
  if (["max", "min"].includes(word) && args.length === 1) refuse("own_vector", { name: `${word}(u)` });
  if (!counts.includes(args.length)) refuse("own_counts", { word, takes: counts.at(-1), got: args.length });
  const [first, ...others] = args;
  if (word === "where" && first.kind !== "compare") throw new OwnError("own_condition", first.start, first.end);
  for (const part of word === "where" ? [first.left, first.right, ...others] : args) ownCheck(part, depth + 1);
  return null;
}

/* The words for a function that there is not: what it is called here, or the nearest. */
function ownUnknown(word) {
  if (LANGUAGE.vectors.includes(word)) return ["own_vector", { name: word }];
  if (Object.hasOwn(LANGUAGE.elsewhere, word)) return ["own_elsewhere", { word, write: LANGUAGE.elsewhere[word] }];
  const near = Object.keys(LANGUAGE.words).map((known) => [ownDistance(word.slice(0, 20).toLowerCase(), known), known]).sort(([a], [b]) => a - b)[0];
  return near[0] <= Math.min(2, word.length / 2) ? ["own_near", { word, near: near[1] }] : ["own_unknown", { word }];
}

/* Letters to change, add or take away. */
function ownDistance(a, b) {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    row = next;
  }
  return row[b.length];
}

function ownInside(node) {
  if (node.kind === "binary" || node.kind === "compare") return [node.left, node.right];
  if (node.kind === "call") return node.args;
  return node.of ? [node.of] : [];
}

/* How many parts stand within one another; sums may be long. */
function ownLevels(node) {
  const counts = node.kind === "call" || (node.kind === "binary" && node.op !== "+" && node.op !== "-");
  return (counts ? 1 : 0) + Math.max(0, ...ownInside(node).map(ownLevels));
}

/* Names in the order in which they stand, without x and the constants. */
function ownLetters(node, found = new Set()) {
  if (node.kind === "name" && node.name !== "x" && ownConstant(node.name) === null) found.add(node.name);
  for (const part of ownInside(node)) ownLetters(part, found);
  return found;
}

function ownReads(node, name) {
  return (node.kind === "name" && node.name === name) || ownInside(node).some((part) => ownReads(part, name));
}

/* The checked tree of a text, as Python's `nl.activation` would accept it. */
function ownTree(text) {
  const tree = ownRead(text);
  if (tree.kind === "compare") throw new OwnError("own_compare", tree.start, tree.end);
  ownCheck(tree);
  if (!ownReads(tree, "x")) throw new OwnError("own_no_x", 0, text.length);
  const levels = ownLevels(tree);
  if (levels > LANGUAGE.nested) throw new OwnError("own_levels", tree.start, tree.end, { levels, most: LANGUAGE.nested });
  return tree;
}

/* A part as text that is equal for equal parts. */
function ownSpelt(node) {
  if (node.kind === "number") return String(node.value);
  if (node.kind === "name") return node.name;
  return `${node.op ?? node.word ?? node.kind}(${ownInside(node).map(ownSpelt).join(",")})`;
}

const ownPatterns = [];

/* The tree with every known unstable pattern replaced; a replacement may make room for another. */
function ownStable(tree) {
  if (!ownPatterns.length) ownPatterns.push(...LANGUAGE.patterns.map((pair) => pair.map(ownRead)));
  let better = tree;
  for (let round = 0; round < 4; round += 1) better = ownImproved(better);
  return better;
}

function ownImproved(node) {
  for (const [pattern, better] of ownPatterns) {
    const found = new Map();
    if (ownMatches(pattern, node, found)) return ownImproved(ownPut(better, found));
  }
  return ownRebuilt(node, ownImproved);
}

function ownRebuilt(node, of) {
  if (node.kind === "binary" || node.kind === "compare") return { ...node, left: of(node.left), right: of(node.right) };
  if (node.kind === "call") return { ...node, args: node.args.map(of) };
  return node.of ? { ...node, of: of(node.of) } : node;
}

/* Whether a part has the pattern's form; what its letters u and v stand for is put into `found`. */
function ownMatches(pattern, node, found) {
  if (pattern.kind === "name" && (pattern.name === "u" || pattern.name === "v")) {
    if (!found.has(pattern.name)) found.set(pattern.name, node);
    return ownSpelt(found.get(pattern.name)) === ownSpelt(node);
  }
  if (pattern.kind !== node.kind || pattern.op !== node.op || pattern.word !== node.word) return false;
  if (pattern.kind === "number" || pattern.kind === "name") return ownSpelt(pattern) === ownSpelt(node);
  const [parts, others] = [ownInside(pattern), ownInside(node)];
  return parts.length === others.length && parts.every((part, i) => ownMatches(part, others[i], found));
}

function ownPut(node, found) {
  return node.kind === "name" ? (found.get(node.name) ?? node) : ownRebuilt(node, (part) => ownPut(part, found));
}
