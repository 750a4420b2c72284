/* The textbook's chain: four layers of one unit each, and dL/db1 factor by factor. */

const CHAIN_LIMITS = { w: [-3, 3], b: [-3, 3], x: [-3, 3], t: [-1, 1] };
const CHAIN_AT_FIRST = { w: 1, b: 0, x: 0.5, t: 1 };
const CHAIN_LAYERS = 4;

function readChain() {
  const found = { ...CHAIN_AT_FIRST };
  for (const [key, value] of state.chain.split(",").map((pair) => pair.split(":"))) {
    const number = Number(value);
    if (key in CHAIN_LIMITS && Number.isFinite(number)) found[key] = Math.min(Math.max(number, CHAIN_LIMITS[key][0]), CHAIN_LIMITS[key][1]);
  }
  return found;
}

/* a0 = x; z = w a + b; a = f(z); L = (a4 - t)^2 / 2. */
function runChain(member, { w, b, x, t: target }) {
  const given = member.parameters.map((parameter) => parameter.default);
  const [f, slope] = FUNCTIONS[keyOf(member)];
  const z = [];
  let a = x;
  for (let layer = 0; layer < CHAIN_LAYERS; layer += 1) {
    z.push(w * a + b);
    a = f(z[layer], ...given);
  }
  const factors = z.map((at, i) => ({ name: `f′(z${i + 1})`, value: slope(at, ...given) }));
  const chain = factors.flatMap((factor, i) => (i ? [{ name: `w${i + 1}`, value: w }, factor] : [factor]));
  chain.push({ name: "dL/da4", value: a - target });
  return { z, output: a, chain, product: chain.reduce((product, { value }) => product * value, 1) };
}

function subscripted(name) {
  return name.replace(/\d/g, (digit) => "₀₁₂₃₄₅₆₇₈₉"[digit]);
}

function drawChain() {
  const member = memberOf(`activation/${readDeep().act}`);
  const { chain, product, z, output } = runChain(member, readChain());
  let running = 1;
  const cells = chain.map(({ name, value }) => {
    running *= value;
    return h("tr", {}, h("th", { scope: "row" }, subscripted(name)), h("td", {}, fmt(value, 6)), h("td", {}, fmt(running, 6)));
  });
  const head = h("tr", {}, h("th", { scope: "col" }, t("chain_factor")), h("th", { scope: "col" }, t("value")), h("th", { scope: "col" }, t("chain_product")));
  document.getElementById("chain-table").replaceChildren(h("table", {}, h("thead", {}, head), h("tbody", {}, cells)));
  document.getElementById("chain-result").textContent = t("chain_result", {
    name: member.name, product: fmt(product, 6), z: z.map((at) => fmt(at, 3)).join(", "), output: fmt(output, 4),
  });
}

function chainControls() {
  const chosen = readChain();
  return Object.keys(CHAIN_LIMITS).map((key) =>
    slider(t(`chain_${key}`), { min: CHAIN_LIMITS[key][0], max: CHAIN_LIMITS[key][1], step: 0.05, value: chosen[key] }, (value) => {
      const now = { ...readChain(), [key]: value };
      change({ chain: Object.keys(now).filter((name) => now[name] !== CHAIN_AT_FIRST[name]).map((name) => `${name}:${now[name]}`).join(",") });
    }),
  );
}

function startChain() {
  document.getElementById("chain-formula").innerHTML = CHAIN_FORMULA; // MathML made by Python
  listeners.push((news) => {
    if (state.view !== "depth") return;
    if (news.has("address") || news.has("lang") || news.has("view")) document.getElementById("chain-controls").replaceChildren(...chainControls());
    if (["chain", "lang", "view", "address"].some((key) => news.has(key))) drawChain();
  });
}
