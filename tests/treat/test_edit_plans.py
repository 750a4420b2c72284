"""Any treatments together, in any order, make of a source a script that still runs."""

from __future__ import annotations

import random
import runpy

import pytest

from neurologist.diagnose import Finding
from neurologist.treat.plan import Plan
from neurologist.treat.source import edited
from neurologist.treat.treatment import treatments

from .scripts import HEAD, LOOP, NET, ROW, proposed

NUMBERS = HEAD.replace("x[:, :4].argmax(1)", "x.sum(1) * 100 + 500")
ONE = NET.replace("hidden, 4", "hidden, 1")
PLANS = 25
SCRIPTS = {
    "a row": HEAD + ROW.replace("nn.Linear(16, 4),", "nn.Linear(16, 4),\n    nn.Softmax(dim=0),") + LOOP,
    "a class": NUMBERS
    + ONE.replace("self.three(x)", "torch.sigmoid(self.three(F.dropout(x, 0.5, self.training)))")
    + LOOP.replace("cross_entropy", "l1_loss"),
    "a formula": NUMBERS
    + ONE
    + LOOP.replace("F.cross_entropy(model(x[rows]), y[rows])", "((model(x[rows]) - y[rows]) ** 2).sum()"),
}


@pytest.mark.filterwarnings("ignore:Using a target size")
@pytest.mark.parametrize("name", SCRIPTS)
def test_treatments_together_make_a_script_that_runs(name, tmp_path):
    path = tmp_path / "train.py"
    path.write_text(SCRIPTS[name], encoding="utf-8")
    _, seen = proposed(path, "adam", "lr_too_low")
    findings = [(kind, Finding("", "", cause, "error", "")) for kind in treatments().values() for cause in kind.treats]
    found = {t.label: t for kind, finding in findings for t in kind.proposals(finding, seen)}
    draw = random.Random(name)
    edits = 0
    for _ in range(PLANS):
        several = draw.sample(list(found.values()), draw.choice((2, 3)))
        if len({treatment.slug for treatment in several}) < len(several):
            continue
        path.write_text(SCRIPTS[name], encoding="utf-8")
        for change in edited(Plan(tuple(several)), seen).changes:
            change.write()
            edits += 1
        runpy.run_path(str(path))
    assert edits > PLANS / 3
