/* Reads a formula of the reader's own into a tree: numbers, names, calls, + - * / ** and comparisons, nothing else.

   A part of the tree is {kind, start, end, ...}, with its place in the text. What a formula may hold is decided in
   own_check.js; no text of a reader's ever runs. */

const OWN_TOKEN = /\s+|0[xX][\da-fA-F]+|(?:\d[\d_]*)?\.\d[\d_]*(?:[eE][+-]?\d+)?|\d[\d_]*\.?(?:[eE][+-]?\d+)?|[A-Za-z_]\w*|\*\*|\/\/|[<>=!]=|<<|>>|[\s\S]/gy;
const OWN_COMPARISONS = new Set(["<", "<=", ">", ">=", "=="]);
const OWN_NESTED = 190; // brackets and signs within one another that are read at all; a formula has no more parts

/* What is wrong with a formula, and where: `key` and `values` name the words for it. */
class OwnError extends Error {
  constructor(key, start, end, values = {}) {
    super(key);
    Object.assign(this, { key, start, end, values });
  }
}

/* Numbers, names and signs, each with its place; the last is an empty one at the end. */
function ownTokens(text) {
  const found = [];
  let open = 0;
  for (const match of text.matchAll(OWN_TOKEN)) {
    const [token] = match;
    if (/^\s/.test(token)) {
      const inside = open > 0 || match.index === 0 || match.index + token.length === text.length;
      if (/[\n\r]/.test(token) && !inside) throw new OwnError("own_two_lines", match.index, match.index + token.length);
      continue;
    }
    if (token === "(") open += 1;
    if (token === ")") open -= 1;
    found.push({ text: token, start: match.index, end: match.index + token.length });
  }
  found.push({ text: "", start: text.length, end: text.length });
  return found;
}

class OwnReader {
  constructor(text) {
    this.tokens = ownTokens(text);
    this.at = 0;
    this.depth = 0;
  }

  get next() {
    return this.tokens[this.at];
  }

  take() {
    this.at += 1;
    return this.tokens[this.at - 1];
  }

  takes(text) {
    if (this.next.text !== text) return false;
    this.at += 1;
    return true;
  }

  /* Something within something; stops before the browser's own stack would. */
  within(read) {
    this.depth += 1;
    if (this.depth > OWN_NESTED) throw new OwnError("own_nested", this.next.start, this.next.end, { most: OWN_NESTED });
    const found = read();
    this.depth -= 1;
    return found;
  }

  whole() {
    if (this.next.text === "") throw new OwnError("own_empty", 0, 0);
    const tree = this.comparison();
    if (this.next.text !== "") this.refuse();
    return tree;
  }

  comparison() {
    const left = this.sum();
    if (!OWN_COMPARISONS.has(this.next.text)) return left;
    const op = this.take().text;
    const right = this.sum();
    if (OWN_COMPARISONS.has(this.next.text)) throw new OwnError("own_compare_once", left.start, this.next.end);
    return { kind: "compare", op, left, right, start: left.start, end: right.end };
  }

  chain(read, ops) {
    let left = read();
    while (ops.includes(this.next.text)) {
      const op = this.take().text;
      const right = read();
      left = { kind: "binary", op, left, right, start: left.start, end: right.end };
    }
    return left;
  }

  sum() {
    return this.chain(() => this.product(), ["+", "-"]);
  }

  product() {
    return this.chain(() => this.signed(), ["*", "/"]);
  }

  /* A sign binds less than a power: -x ** 2 is -(x ** 2). */
  signed() {
    const { text, start } = this.next;
    if (text !== "-" && text !== "+") return this.power();
    this.take();
    const of = this.within(() => this.signed());
    return { kind: text === "-" ? "negative" : "positive", of, start, end: of.end };
  }

  power() {
    const left = this.part();
    if (!this.takes("**")) return left;
    const right = this.within(() => this.signed());
    return { kind: "binary", op: "**", left, right, start: left.start, end: right.end };
  }

  part() {
    const token = this.take();
    if (token.text === "(") {
      const inside = this.within(() => this.comparison());
      const end = this.closing(token);
      return { ...inside, start: token.start, end };
    }
    if (/^\.?\d/.test(token.text)) return this.number(token);
    if (/^[A-Za-z_]/.test(token.text) && !LANGUAGE.keywords.includes(token.text)) {
      return this.next.text === "(" ? this.call(token) : { kind: "name", name: token.text, start: token.start, end: token.end };
    }
    this.at -= 1;
    return this.refuse();
  }

  closing(opening) {
    if (this.next.text === "") throw new OwnError("own_unclosed", opening.start, opening.end);
    if (this.next.text !== ")") this.refuse();
    return this.take().end;
  }

  number(token) {
    const digits = token.text.replaceAll("_", "");
    const malformed = /^0\d/.test(digits) && /^0*[1-9]\d*$/.test(digits);
    if (malformed || /__|_$|_\D/.test(token.text)) throw new OwnError("own_number", token.start, token.end, { text: token.text });
    if (/^[A-Za-z_\d]/.test(this.next.text) && this.next.start === token.end) {
      throw new OwnError("own_times", token.start, this.next.end, { left: token.text, right: this.next.text });
    }
    return { kind: "number", value: Number(digits), start: token.start, end: token.end };
  }

  call(word) {
    const opening = this.take();
    const args = [];
    while (this.next.text !== ")") {
      args.push(this.within(() => this.comparison()));
      if (!this.takes(",")) break;
    }
    const end = this.closing(opening);
    return { kind: "call", word: word.text, args, start: word.start, end };
  }

  /* The next token does not belong there: what to write instead, where that is known. */
  refuse() {
    const { text, start, end } = this.next;
    const before = this.tokens[this.at - 1];
    if (text === "") throw new OwnError("own_ends", start, end);
    if (text === "^") throw new OwnError("own_power", start, end);
    if (["if", "else", "and", "or", "not", "%", "//"].includes(text)) throw new OwnError("own_where", start, end, { text });
    if (text === "(" && before && before.text === ")") throw new OwnError("own_times", before.start, end, { left: ")", right: "(" });
    if (/^[A-Za-z_\d(]/.test(text) && before && /[\w)]$/.test(before.text) && !LANGUAGE.keywords.includes(text)) {
      throw new OwnError("own_times", before.start, end, { left: before.text, right: text });
    }
    throw new OwnError("own_strange", start, end, { text });
  }
}

/* The tree of a text, or an OwnError. */
function ownRead(text) {
  if (text.length > LANGUAGE.longest) throw new OwnError("own_long", 0, 0, { length: text.length, most: LANGUAGE.longest });
  // eslint-disable-next-line no-control-regex
  const strange = /[^\x00-\x7f]|#/u.exec(text);
  if (strange) {
    const write = Object.hasOwn(LANGUAGE.lookAlike, strange[0]) ? LANGUAGE.lookAlike[strange[0]] : "";
    const place = [strange.index, strange.index + strange[0].length];
    throw new OwnError(write ? "own_look_alike" : "own_strange", ...place, { text: strange[0], write });
  }
  return new OwnReader(text).whole();
}
