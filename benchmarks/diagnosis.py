"""What a diagnosis of a long run costs: seconds and memory of a fresh process, from a record of many ops and samples.

    python benchmarks/diagnosis.py                          # about 1,300 ops x 500 samples
    python benchmarks/diagnosis.py --blocks 40 --samples 5000

A stack of linear, batch normalisation and ReLU is trained for six steps, all examined; the record's rows are then
copied to as many samples as asked for. Three fresh interpreters diagnose it. None of them imports torch.
Linux only: memory is the process's peak as /proc tells it.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from torch import nn

import neurologist as nl

STEPS = 6
READ = """
import json, re, sys, time
from pathlib import Path
import neurologist as nl
start = time.perf_counter()
found = nl.diagnose(sys.argv[1])
print(json.dumps({
    "seconds": time.perf_counter() - start,
    "megabytes": int(re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1]) / 1e3,
    "torch": "torch" in sys.modules,
    "findings": [f.rule for f in found.findings],
}))
"""


def recorded(path: Path, blocks: int) -> None:
    """Train a deep stack, every step examined."""
    torch.manual_seed(0)
    body = [layer for _ in range(blocks) for layer in (nn.Linear(16, 16), nn.BatchNorm1d(16), nn.ReLU())]
    model = nn.Sequential(nn.Linear(8, 16), *body, nn.Linear(16, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    x, y = torch.randn(32, 8), torch.randint(3, (32,))
    with nl.watch(1.0, record=path):
        for _ in range(STEPS):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()


def lengthen(path: Path, samples: int) -> tuple[int, int]:
    """Copy what was seen to later steps; the numbers of ops and samples."""
    db = sqlite3.connect(path)
    for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
        if "step" in columns and table not in ("problem", "rate"):
            rest = ", ".join(column for column in columns if column != "step")
            for at in range(STEPS, samples, STEPS):
                db.execute(
                    f"INSERT INTO {table} (step, {rest}) SELECT step + {at}, {rest} FROM {table} WHERE step < {STEPS}"
                )
    db.execute("UPDATE meta SET value = ? WHERE key = 'steps'", (str(samples),))
    db.commit()
    counts = [db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("op", "sample")]
    db.close()
    return counts[0], counts[1]


def diagnosed(path: Path) -> dict[str, object]:
    """What one fresh process reports of its diagnosis."""
    done = subprocess.run([sys.executable, "-c", READ, str(path)], capture_output=True, text=True, check=True)
    found: dict[str, object] = json.loads(done.stdout)
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--blocks", type=int, default=330)
    parser.add_argument("--samples", type=int, default=500)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.nlr"
        recorded(path, options.blocks)
        ops, samples = lengthen(path, options.samples)
        print(f"{ops} ops x {samples} samples, {path.stat().st_size / 1e6:.0f} MB")
        for found in (diagnosed(path) for _ in range(3)):
            loaded = "with torch" if found["torch"] else "without torch"
            print(f"{found['seconds']:.2f} s, {found['megabytes']:.0f} MB, {loaded}: {', '.join(found['findings'])}")


if __name__ == "__main__":
    main()
