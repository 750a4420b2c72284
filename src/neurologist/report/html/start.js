// The page's parts, which can be ended and begun anew: a page that is fed changes under the reader.
"use strict";
const Report = (() => {
  const parts = [];
  let on = null;
  // kept: what the reader had opened and chosen before the page changed.
  function start(kept = null) {
    on = new AbortController();
    const data = JSON.parse(document.getElementById("data").textContent);
    for (const part of parts) part(data, on.signal, kept);
  }
  return {part: work => parts.push(work), start, stop: () => on.abort()};
})();
