/* Learning: lessons that take steps, one of which is seen. A file learn_<name>.js puts its lesson into LESSONS:

   at (its place), first (settings at first, with `steps` where it takes steps), limits (key -> [low, high, step]),
   choices (key -> values), flags (keys of boxes to tick), shown (the keys that have a control now), says (key -> how its
   number is written), names (key -> how a choice is written), presets (buttons: words -> new settings), figures (elements,
   by name), make (settings -> what takes steps: `step()`, `done()`), draw (it, with the figures; returns the verdict),
   perFrame (steps). */

const LESSONS = {};
const UNDER_WAY = { name: "", frame: 0, later: 0, key: "", made: null, count: 0, parts: null, shape: "" };
const PATIENCE = 150; // milliseconds of steps without a picture
const AT_ONCE = 100; // steps of a run for those who want no motion

function lessonNow() {
  return Object.hasOwn(LESSONS, state.lesson) ? state.lesson : DEFAULTS.lesson;
}

/* The settings of a lesson: what the address says of them, within their limits. */
function readLesson(name = lessonNow()) {
  const { first, limits, choices = {}, flags = [] } = LESSONS[name];
  const found = { ...first };
  for (const [key, value] of state[name].split(",").map((pair) => pair.split(":"))) {
    const number = Number(value);
    if (Object.hasOwn(choices, key) && choices[key]().includes(value)) found[key] = value;
    if (flags.includes(key)) found[key] = value === "1" ? 1 : 0;
    if (!Object.hasOwn(limits, key) || value === "" || !Number.isFinite(number)) continue;
    const [low, high, step] = limits[key];
    found[key] = Math.min(Math.max(Number.isInteger(step) ? Math.round(number) : number, low), high);
  }
  return found;
}

function changeLesson(news, name = lessonNow()) {
  const { first } = LESSONS[name];
  const now = { ...readLesson(name), ...news };
  change({ [name]: Object.keys(first).filter((key) => now[key] !== first[key]).map((key) => `${key}:${now[key]}`).join(",") });
}

function lessonControl(name, key, chosen) {
  const { limits, choices = {}, flags = [], says = {}, names = {} } = LESSONS[name];
  const label = t(`${name}_${key}`);
  const set = (value) => (pauseLesson(), changeLesson({ [key]: value }));
  if (choices[key]) {
    const called = names[key] ?? ((value) => t(`${name}_${key}_${value}`));
    return select(label, choices[key]().map((value) => [value, called(value)]), chosen[key], set);
  }
  if (flags.includes(key)) {
    const box = h("input", { type: "checkbox", checked: Boolean(chosen[key]), onchange: () => set(box.checked ? 1 : 0) });
    return h("label", { class: "choice" }, box, label);
  }
  const [min, max, step] = limits[key];
  return slider(label, { min, max, step, value: chosen[key], show: says[key] }, set);
}

/* Words with links to cards: [[loss/mse]] is one. */
function linked(text) {
  const link = (key) => {
    const parts = new URLSearchParams({ show: key, ...(language === LANG ? {} : { lang: language }) });
    return h("a", { href: `#${parts}` }, memberOf(key).name);
  };
  return text.split(/\[\[(.*?)\]\]/).map((part, at) => (at % 2 ? link(part) : part));
}

function stepButtons(name) {
  const { presets = {} } = LESSONS[name];
  const button = (label, onclick) => h("button", { type: "button", onclick }, label);
  const run = button(t("learn_run"), () => (UNDER_WAY.frame ? pauseLesson() : runLesson()));
  const row = h("div", { class: "buttons" },
    button(t("learn_step"), () => (pauseLesson(), changeLesson({ steps: UNDER_WAY.count + 1 }))), run,
    button(t("learn_reset"), () => (pauseLesson(), changeLesson({ steps: 0 }))), h("output", {}),
    Object.keys(presets).map((key) => button(t(`${name}_${key}`), () => (pauseLesson(), changeLesson(presets[key](readLesson()))))));
  return Object.assign(row, { run });
}

/* All elements of a lesson, made once for each language. */
function buildLesson(name) {
  const lesson = LESSONS[name];
  const parts = { controls: h("div", { class: "controls" }), figures: lesson.figures(), verdict: h("p", { class: "verdict", role: "status", id: "lesson-verdict" }) };
  parts.buttons = lesson.make ? stepButtons(name) : null;
  document.getElementById("lesson").replaceChildren(
    h("h2", {}, t(name)), h("p", {}, linked(t(`${name}_lead`))), parts.controls, parts.buttons ?? "", parts.verdict,
    ...Object.values(parts.figures), h("h3", {}, t("learn_cure")), h("p", { id: "lesson-cure" }, linked(t(`${name}_cure`))),
  );
  Object.assign(UNDER_WAY, { parts, shape: "" });
}

function buildControls(name, chosen) {
  const { limits, shown } = LESSONS[name];
  const all = shown(chosen).filter(Boolean);
  const keys = [...all.filter((key) => !limits[key]), ...all.filter((key) => limits[key])]; // sliders stand below
  if (UNDER_WAY.shape === keys.join()) return;
  const host = UNDER_WAY.parts.controls;
  const before = UNDER_WAY.shape.split(",");
  const every = () => [...host.querySelectorAll("select, input")];
  const focused = before[every().indexOf(document.activeElement)];
  const made = (slides) => keys.filter((key) => Boolean(limits[key]) === slides).map((key) => lessonControl(name, key, chosen));
  host.replaceChildren(h("div", {}, made(false)), ...made(true));
  UNDER_WAY.shape = keys.join();
  const again = keys.indexOf(focused);
  if (again >= 0) every()[again].focus();
}

/* Controls show the settings also where a button or a link has moved them. */
function setControls(chosen) {
  const inputs = UNDER_WAY.parts.controls.querySelectorAll("select, input");
  UNDER_WAY.shape.split(",").forEach((key, at) => {
    const input = inputs[at];
    if (!input || document.activeElement === input) return;
    if (input.type === "checkbox") input.checked = Boolean(chosen[key]);
    else if (input.type === "range") input.closest(".slider").set(chosen[key]);
    else input.value = chosen[key];
  });
}

/* What takes steps, after as many as the settings say: further ones where it was on its way, else from the start. What
   takes long is drawn in between, so that a slider stays quick. */
function advanced(name, chosen) {
  const { steps, ...rest } = chosen;
  const key = JSON.stringify([name, rest, state.own, state.letters]); // the reader's own function may be chosen
  if (key !== UNDER_WAY.key || steps < UNDER_WAY.count) Object.assign(UNDER_WAY, { key, made: LESSONS[name].make(rest), count: 0 });
  const began = performance.now();
  const going = () => UNDER_WAY.count < steps && !UNDER_WAY.made.done();
  while (going() && performance.now() - began < PATIENCE) stepOn();
  cancelAnimationFrame(UNDER_WAY.later);
  if (going()) UNDER_WAY.later = requestAnimationFrame(() => state.view === "learn" && lessonNow() === name && drawLesson());
  return UNDER_WAY.made;
}

function stepOn() {
  UNDER_WAY.made.step();
  UNDER_WAY.count += 1;
}

function drawLesson() {
  const name = lessonNow();
  const lesson = LESSONS[name];
  const chosen = readLesson(name);
  const { parts } = UNDER_WAY;
  if (lesson.make) {
    const made = UNDER_WAY.frame ? UNDER_WAY.made : advanced(name, chosen);
    parts.verdict.textContent = lesson.draw(made, parts.figures, chosen);
    parts.buttons.querySelector("output").textContent = t("learn_steps", { count: UNDER_WAY.count });
    parts.buttons.run.textContent = t(UNDER_WAY.frame ? "learn_pause" : "learn_run");
  } else parts.verdict.textContent = lesson.draw(chosen, parts.figures);
}

/* Some steps a frame while it is seen; all at once for those who want no motion. */
function runLesson() {
  const name = (UNDER_WAY.name = lessonNow());
  const { limits, perFrame } = LESSONS[name];
  const most = limits.steps[1];
  const made = advanced(name, readLesson(name));
  cancelAnimationFrame(UNDER_WAY.later);
  const on = (count) => {
    for (let i = 0; i < count && UNDER_WAY.count < most && !made.done(); i += 1) stepOn();
    return UNDER_WAY.count < most && !made.done();
  };
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
    on(AT_ONCE * perFrame);
    return changeLesson({ steps: UNDER_WAY.count });
  }
  UNDER_WAY.parts.verdict.setAttribute("aria-live", "off"); // not read out sixty times a second
  const frame = () => {
    if (!on(perFrame)) return pauseLesson();
    UNDER_WAY.frame = requestAnimationFrame(frame);
    drawLesson();
  };
  UNDER_WAY.frame = requestAnimationFrame(frame);
  drawLesson();
}

/* The address then says how far it came, unless it has just been written by hand. */
function pauseLesson(keep = true) {
  if (!UNDER_WAY.frame) return;
  cancelAnimationFrame(UNDER_WAY.frame);
  UNDER_WAY.frame = 0;
  UNDER_WAY.parts.verdict.removeAttribute("aria-live");
  if (keep) changeLesson({ steps: UNDER_WAY.count }, UNDER_WAY.name);
}

function drawLessonNames() {
  const names = Object.keys(LESSONS).sort((a, b) => LESSONS[a].at - LESSONS[b].at);
  const host = document.getElementById("lessons");
  const focused = host.contains(document.activeElement) ? [...host.children].indexOf(document.activeElement) : -1;
  host.replaceChildren(...names.map((name) =>
    h("button", { type: "button", "aria-current": name === lessonNow() ? "true" : null, onclick: () => change({ lesson: name }) }, t(name))));
  if (focused >= 0) host.children[focused].focus();
}

function startLessons() {
  const anew = ["lang", "view", "lesson", "address"];
  document.addEventListener("visibilitychange", () => document.hidden && pauseLesson());
  listeners.push((news) => {
    if (["view", "lesson", "address"].some((key) => news.has(key))) pauseLesson(!news.has("address"));
    const name = lessonNow();
    if (state.view !== "learn" || ![name, "size", ...anew].some((key) => news.has(key))) return;
    if (anew.some((key) => news.has(key))) {
      drawLessonNames();
      buildLesson(name);
    }
    buildControls(name, readLesson(name));
    setControls(readLesson(name));
    drawLesson();
  });
}
