"""How large the report page of a long run is, and how soon it can be used in a browser.

    python benchmarks/report.py                       # 300 ops x 200 samples and more
    python benchmarks/report.py --samples 2000

A record of a deep stack, its rows copied to as many samples as asked for, is diagnosed and written as a page. Chromium
opens it several times, each time in a fresh tab: *ready* is the time from the start of the navigation until all scripts
have run, *opened* until a click on an op of the waterfall, made as soon as that, has drawn its history; *step* what a
move of the step's slider takes then. *cpu* is the time that the page's main thread has computed until *opened*, which a
busy machine does not stretch. Needs playwright, and a browser on the PATH.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import median

from _browser import launched
from diagnosis import lengthen, recorded
from playwright.sync_api import Page

import neurologist as nl

LIMITS = {"MB": 3.0, "ready": 1000.0}
READY = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"
CLICK = """() => new Promise(done => {
  document.querySelector('table.fall tr.row:nth-child(20) button').click();
  requestAnimationFrame(() => setTimeout(() => done(performance.now())));
})"""
STEP = """() => new Promise(done => {
  const step = document.getElementById('step'), began = performance.now();
  step.value = '100';
  step.dispatchEvent(new Event('input'));
  requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)));
})"""


def once(page: Page, path: Path) -> dict[str, float]:
    """Milliseconds of one visit."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.setTimeDomain", {"timeDomain": "threadTicks"})
    devtools.send("Performance.enable")
    page.goto(path.as_uri(), wait_until="domcontentloaded")
    seen = {"opened": page.evaluate(CLICK), "ready": page.evaluate(READY)}
    metrics = {one["name"]: one["value"] for one in devtools.send("Performance.getMetrics")["metrics"]}
    return {**seen, "cpu": 1e3 * metrics["ThreadTime"], "step": page.evaluate(STEP)}


def main() -> int:
    """Measure and print; 1 where a limit is not held."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--blocks", type=int, default=75)
    parser.add_argument("--samples", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, launched() as chromium:
        record, path = Path(folder) / "run.nlr", Path(folder) / "report.html"
        recorded(record, options.blocks)
        ops, samples = lengthen(record, options.samples)
        nl.diagnose(record).save(path)
        visits = [once(chromium.new_page(), path) for _ in range(options.rounds)]
        size = path.stat().st_size / 1e6
    found = {name: median(visit[name] for visit in visits) for name in visits[0]}
    print(f"{ops} ops x {samples} samples: {size:.2f} MB, median of {len(visits)} visits in ms:")
    print(", ".join(f"{name} {found[name]:.0f}" for name in ("ready", "opened", "cpu", "step")))
    held = size < LIMITS["MB"] and found["ready"] < LIMITS["ready"] and found["opened"] < LIMITS["ready"]
    print(f"limits ({LIMITS['MB']:g} MB, {LIMITS['ready']:g} ms until it can be used): {'held' if held else 'MISSED'}")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
