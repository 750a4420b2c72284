/* Brings the exhibits together: which one is seen, in which language, as the address says. */

function drawViews() {
  for (const section of document.querySelectorAll("main > section")) section.hidden = section.id !== `view-${state.view}`;
  for (const button of document.querySelectorAll("nav [data-view]")) {
    if (button.dataset.view === state.view) button.setAttribute("aria-current", "page");
    else button.removeAttribute("aria-current");
  }
}

function speakIn(lang) {
  language = lang;
  speak();
  change({ lang });
}

function toAddress() {
  readAddress();
  delete state.lang;
  if (!document.getElementById(`view-${state.view}`)) state.view = DEFAULTS.view;
  if (!memberOf(state.show) || state.show === OWN_KEY) state.show = keyOf(MEMBERS[0]);
  speak();
  drawViews();
  for (const listener of listeners) listener(new Set(["lang", "address", ...Object.keys(DEFAULTS)]));
}

/* What is wider than the page scrolls: then, and only then, the keyboard must reach it. */
function reachWide() {
  for (const part of document.querySelectorAll(".wide")) {
    if (part.scrollWidth > part.clientWidth) part.tabIndex = 0;
    else part.removeAttribute("tabindex");
  }
}

function start() {
  document.getElementById("version").textContent = VERSION;
  listeners.push((news) => news.has("view") && drawViews());
  startGallery();
  startCard();
  startCompare();
  startDeep();
  startChain();
  startClasses();
  startLessons();
  startOwn();
  startRun();
  listeners.push(reachWide);
  for (const button of document.querySelectorAll("nav [data-view]")) {
    button.addEventListener("click", () => change({ view: button.dataset.view }));
  }
  document.getElementById("language").addEventListener("click", () => speakIn(language === "en" ? "zh" : "en"));
  window.addEventListener("hashchange", toAddress);
  let width = window.innerWidth;
  window.addEventListener("resize", () => {
    if (window.innerWidth === width) return; // a phone's bars that come and go change the height alone
    width = window.innerWidth;
    for (const listener of listeners) listener(new Set(["size"]));
  });
  toAddress();
}
