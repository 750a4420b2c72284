"""How large the atlas is, how soon it is seen, and how long a 30-layer network takes in its depth exhibit.

    python benchmarks/atlas.py

Chromium opens the file in a fresh tab several times: *first paint* is the browser's own first contentful paint. In the
depth exhibit the network of each activation is then run forward and backward and drawn, at 30 layers in each dtype:
medians of several runs. Needs playwright, and a browser on the PATH; measure on a machine that does nothing else.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from statistics import median

from _browser import launched

from neurologist.atlas import page as atlas
from neurologist.cli.atlas import _cards

LIMITS = {"MB": 1.5, "first paint, ms": 1000.0, "depth run, ms": 100.0}
ROUNDS = 9
ACTIVATIONS = ("sigmoid", "relu", "gelu", "mish")
DTYPES = ("float32", "bfloat16", "float16")
PAINT = """() => new Promise((done) => {
  const seen = () => performance.getEntriesByName("first-contentful-paint")[0];
  const look = () => (seen() ? done(seen().startTime) : setTimeout(look, 20));
  look();
})"""
DEEP = """([act, dtype, rounds]) => {
  change({ view: "depth", deep: `act:${act},depth:30,dtype:${dtype}` });
  return Array.from({ length: rounds }, () => {
    const began = performance.now();
    drawDeep();
    return performance.now() - began;
  });
}"""


def main() -> int:
    """Measure and print; 1 where a limit is not held."""
    with tempfile.TemporaryDirectory() as folder, launched() as chromium:
        path = Path(folder, "atlas.html")
        path.write_text(atlas(_cards()), encoding="utf-8")
        found = {"MB": path.stat().st_size / 1e6}
        paints = []
        for _ in range(ROUNDS):
            page = chromium.new_page(viewport={"width": 1440, "height": 900})
            page.goto(path.as_uri())
            paints.append(page.evaluate(PAINT))
            page.close()
        found["first paint, ms"] = median(paints)
        page = chromium.new_page(viewport={"width": 1440, "height": 900})
        page.goto(path.as_uri())
        runs = {(a, d): median(page.evaluate(DEEP, [a, d, ROUNDS])) for a in ACTIVATIONS for d in DTYPES}
        found["depth run, ms"] = max(runs.values())
    for (activation, dtype), time in runs.items():
        print(f"30 layers of {activation}, {dtype}: {time:.0f} ms")
    for name, value in found.items():
        print(f"{name}: {value:.4g}, at most {LIMITS[name]:g}{'' if value <= LIMITS[name] else ': MISSED'}")
    return int(any(value > LIMITS[name] for name, value in found.items()))


if __name__ == "__main__":
    sys.exit(main())
