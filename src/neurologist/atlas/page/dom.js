/* Making elements, and speaking two languages. Text always goes in as text. */

const SVG = "http://www.w3.org/2000/svg";
const PROPERTIES = new Set(["value", "checked", "hidden", "disabled", "open", "selected"]);

/* h("p", {class: "note"}, "text", child): an element; handlers are given as onclick, oninput and so on. */
function h(tag, given = {}, ...children) {
  return filled(document.createElement(tag), given, children);
}

function s(tag, given = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), given, children);
}

function filled(element, given, children) {
  for (const [name, value] of Object.entries(given)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (PROPERTIES.has(name)) element[name] = value;
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/* MathML that Python made, in an element of its own. */
function formula(markup, attributes = {}) {
  const element = h("span", { class: "formula", ...attributes });
  element.innerHTML = markup; // written by atlas.mathml, which escapes every letter
  return element;
}

let language = LANG;

/* The words under a key, with {names} filled in. */
function t(key, values = {}) {
  const words = WORDS_OF[key];
  if (!words) throw new Error(`no words for ${key}`);
  return words[language].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/* Words for what has a fixed place in index.html. */
function speak() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  document.title = t("title");
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const element of document.querySelectorAll("[data-t-label]")) {
    element.setAttribute("aria-label", t(element.dataset.tLabel));
  }
  for (const element of document.querySelectorAll("[data-t-hint]")) element.placeholder = t(element.dataset.tHint);
}

/* A slider with its name and its number, as `given.show` writes it: `row.set(value)` moves it. */
function slider(label, given, onchange) {
  const id = `slider-${(slider.count = (slider.count || 0) + 1)}`;
  const show = given.show ?? fmt;
  const output = h("output", { for: id });
  const input = h("input", { type: "range", id, min: given.min, max: given.max, step: given.step ?? "any" });
  const tell = (value) => {
    output.textContent = show(value);
    if (given.show) input.setAttribute("aria-valuetext", output.textContent);
  };
  input.value = given.value;
  tell(given.value);
  input.addEventListener("input", () => {
    tell(Number(input.value));
    onchange(Number(input.value));
  });
  const row = h("div", { class: "slider" }, h("label", { for: id }, label), input, output);
  row.set = (value) => {
    input.value = value;
    tell(value);
  };
  row.input = input;
  return row;
}

function select(label, options, value, onchange) {
  const list = h("select", { "aria-label": label, onchange: () => onchange(list.value) });
  for (const [key, text] of options) list.append(h("option", { value: key, selected: key === value }, text));
  return h("label", { class: "choice" }, h("span", {}, label), list);
}
