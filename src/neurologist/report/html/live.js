// A page that is fed while training runs: asks what is new, and puts it in place without moving what the reader sees.
"use strict";
(() => {
  const EVERY = 1000;
  const bar = document.getElementById("live"), said = document.getElementById("live-said"), told = document.getElementById("live-told");
  const {live, words} = JSON.parse(document.getElementById("data").textContent);
  let version = live.version, misses = 0;

  // -- what the reader had opened, chosen and pointed at
  function kept() {
    Plots.cursors();
    const open = [...document.querySelectorAll("tr.detail")].map(line => line.previousElementSibling.id);
    const tables = [...document.querySelectorAll("tr.detail details[open]")].map(one =>
      [one.closest("tr.detail").id, one.querySelector(".numbers").scrollTop]);
    const step = document.getElementById("step"), layer = document.getElementById("layer"), tip = document.getElementById("tip");
    const focused = document.activeElement, row = focused.closest("tr[id]");
    return {
      open, tables, tip: tip.hidden ? null : tip.dataset.row,
      step: step && step.dataset.chosen ? Number(step.dataset.chosen) : null, layer: layer ? layer.value : "",
      focus: focused.id ? [focused.id, ""] : row && row.id ? [row.id, "button.open"] : null,
      scrolls: [...document.querySelectorAll(".long")].map(one => [one.getAttribute("aria-labelledby"), one.scrollTop]),
    };
  }
  // What stands at the top of the window stays there, whatever grows above it.
  function anchor() {
    const one = [...document.querySelectorAll("main tr[id], main h2[id], main h3[id], main article[id]")].find(e => e.getClientRects().length && e.getBoundingClientRect().top >= 0);
    return one ? [one.id, one.getBoundingClientRect().top] : null;
  }
  const chosen = () => !getSelection().isCollapsed;

  function put(text) {
    const fresh = new DOMParser().parseFromString(text, "text/html");
    const before = kept(), at = anchor(), y = scrollY;
    Report.stop();
    for (const part of ["header.top", "main"]) document.querySelector(part).replaceWith(fresh.querySelector(part));
    document.getElementById("data").textContent = fresh.getElementById("data").textContent;
    document.title = fresh.title;
    Report.start(before);
    for (const [id, top] of before.tables) {
      const one = document.getElementById(id)?.querySelector("details");
      if (!one) continue;
      one.fill();  // now, not when the browser tells of the opening: the heights must be right
      one.open = true;
      one.querySelector(".numbers").scrollTop = top;
    }
    for (const [name, top] of before.scrolls) {
      const one = document.querySelector(`.long[aria-labelledby="${CSS.escape(name)}"]`);
      if (one) one.scrollTop = top;
    }
    if (before.focus) {
      const one = document.getElementById(before.focus[0]);
      (before.focus[1] ? one?.querySelector(before.focus[1]) : one)?.focus({preventScroll: true});
    }
    const now = at && document.getElementById(at[0]);
    scrollTo(0, now ? scrollY + now.getBoundingClientRect().top - at[1] : y);
  }

  function end(text) {
    bar.className = "ended";
    said.textContent = told.textContent = text;
  }

  async function ask() {
    let state;
    try {
      state = await (await fetch("state", {cache: "no-store"})).json();
      misses = 0;
    } catch {
      misses += 1;
      if (misses > 2) return end(words.unfed);
      return setTimeout(ask, EVERY);
    }
    if (state.version !== version && !chosen()) {  // text that is being selected stays
      put(await (await fetch("./", {cache: "no-store"})).text());
      version = state.version;
    }
    if (state.ended && state.version === version) return end(state.said);
    said.textContent = state.said;
    setTimeout(ask, EVERY);
  }
  ask();
})();
