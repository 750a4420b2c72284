/* What the page shows, as the part of its address behind the #: a link to it shows the same to others. */

const DEFAULTS = { view: "gallery", show: "activation/gelu", x: "1", q: "", kind: "", traits: "", sort: "name" };
Object.assign(DEFAULTS, { p: "", compare: "activation/relu,activation/gelu,activation/tanh", order: "0", deep: "", chain: "", classes: "" });
Object.assign(DEFAULTS, { lesson: "descent", descent: "", zigzag: "", small: "", dying: "", time: "" });
Object.assign(DEFAULTS, { own: "x / (1 + exp(-b * x))", letters: "" });
const state = { ...DEFAULTS };
const listeners = [];

/* Change some of it; every view then draws what has changed. */
function change(news) {
  Object.assign(state, news);
  const text = address();
  if (text !== location.hash) history.replaceState(null, "", text || "#");
  for (const listener of listeners) listener(new Set(Object.keys(news)));
}

function address() {
  const parts = new URLSearchParams();
  for (const [key, value] of Object.entries(state)) if (value !== DEFAULTS[key]) parts.set(key, value);
  if (language !== LANG) parts.set("lang", language);
  return `#${parts.toString()}`;
}

/* Read the address; what it does not name is as at first. */
function readAddress() {
  const parts = new URLSearchParams(location.hash.slice(1));
  for (const key of Object.keys(DEFAULTS)) state[key] = parts.get(key) ?? DEFAULTS[key];
  language = parts.get("lang") in { en: 1, zh: 1 } ? parts.get("lang") : LANG;
}

/* A member of the catalogue, or the reader's own function. */
function memberOf(key) {
  if (key === OWN_KEY) return ownMember();
  return MEMBERS.find((member) => `${member.kind}/${member.name}` === key);
}

function keyOf(member) {
  return `${member.kind}/${member.name}`;
}

/* name:value pairs, as in p=alpha:0.3,b:2 */
function parametersOf(member, text) {
  const given = new Map(text.split(",").map((pair) => pair.split(":")));
  return member.parameters.map((parameter) => {
    const value = Number(given.get(parameter.name));
    return given.has(parameter.name) && Number.isFinite(value) ? value : parameter.default;
  });
}
