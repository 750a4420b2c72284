"""Ranking, folding, and what the engine does when a rule or torch is missing."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from neurologist.diagnose import Diagnosis, Evidence, Finding, Origin, examine, rules
from neurologist.diagnose.engine import fold, rank
from neurologist.record import Run
from neurologist.watch.session import watch


def found(slug, **changes) -> Finding:
    """A finding as the rule itself would fill it in."""
    cls = rules()[slug]
    made = cls().finding(f"{slug} seen", evidence=[Evidence("number", 1.0)])
    return replace(made, origin=Origin("train.py", 7), **changes)


def slugs(findings) -> list[str]:
    return [f.rule for f in findings]


def test_severity_ranks_before_stage():
    worse, earlier = found("lr-too-high"), found("unscaled-input")
    assert (worse.severity, earlier.severity) == ("error", "warning")
    assert slugs(rank([earlier, worse])) == ["lr-too-high", "unscaled-input"]


def test_causes_rank_before_their_effects():
    mixed = [found(s, severity="error") for s in ("dead-units", "lr-too-high", "linear-collapse", "double-softmax")]
    assert slugs(rank(mixed)) == ["double-softmax", "linear-collapse", "lr-too-high", "dead-units"]


def test_the_surer_then_the_earlier_ranks_first():
    late, early, sure = found("dead-units", since=9), found("dead-units", since=2), found("dead-units", since=30)
    late, early = replace(late, certainty=0.5), replace(early, certainty=0.5)
    assert [f.since for f in rank([late, early, sure])] == [30, 2, 9]


@pytest.mark.parametrize("order", [1, -1])
def test_a_symptom_is_folded_under_its_cause(order):
    cause, symptom = found("symmetric-units"), found("vanishing-gradient")
    [folded] = fold([cause, symptom][::order])
    assert folded.rule == "symmetric-units"
    assert [(s.rule, s.message, s.origin) for s in folded.symptoms] == [
        ("vanishing-gradient", symptom.message, symptom.origin)
    ]


def test_a_cause_takes_over_the_worse_severity():
    [folded] = fold([found("unscaled-input", severity="warning"), found("lr-too-high", severity="error")])
    assert (folded.rule, folded.severity) == ("unscaled-input", "error")


def test_symptoms_of_a_symptom_are_kept():
    chain = [found("double-softmax"), found("vanishing-gradient"), found("saturated-units")]
    [folded] = fold(chain)
    assert folded.rule == "double-softmax"
    assert sorted(s.rule for s in folded.symptoms) == ["saturated-units", "vanishing-gradient"]


def test_unrelated_findings_stay_apart():
    assert sorted(slugs(fold([found("linear-collapse"), found("constant-targets")]))) == [
        "constant-targets",
        "linear-collapse",
    ]


def test_a_cause_explains_its_symptom_even_when_the_symptoms_rule_stands_earlier():
    """A gradient that never arrives makes updates tiny: that is no second fault, a low learning rate."""
    assert "lr-too-low" in rules()["vanishing-gradient"].explains
    deep = found("vanishing-gradient", cause="wrong_hidden_activation", stage=4)
    [folded] = fold([deep, found("lr-too-low")])
    assert (folded.rule, [s.rule for s in folded.symptoms]) == ("vanishing-gradient", ["lr-too-low"])


def test_what_was_there_before_the_first_step_is_no_symptom_of_the_step():
    """Weights that start too large explode at any learning rate."""
    [folded] = fold([found("exploding-gradient", cause="bad_init", stage=3), found("lr-too-high")])
    assert (folded.rule, [s.rule for s in folded.symptoms]) == ("exploding-gradient", ["lr-too-high"])


def test_units_that_died_later_are_a_symptom_of_the_step():
    died = found("dead-units", cause="lr_too_high", stage=5, since=40)
    [folded] = fold([died, found("lr-too-high")])
    assert (folded.rule, [s.rule for s in folded.symptoms]) == ("lr-too-high", ["dead-units"])


def test_what_slows_learning_explains_steps_too_small_and_steps_too_few_alike():
    small = {slug for slug, rule in rules().items() if "lr-too-low" in rule.explains}
    few = {slug for slug, rule in rules().items() if "stopped-too-early" in rule.explains}
    assert small - few == {"non-finite"}  # a loss that broke ends no run that was learning
    assert few <= small
    [folded] = fold([found("stopped-too-early"), found("double-softmax")])
    assert (folded.rule, [symptom.rule for symptom in folded.symptoms]) == ("double-softmax", ["stopped-too-early"])


def test_folding_and_ranking_lose_nothing():
    everything = [found(slug) for slug in rules()]
    folded = fold(everything)
    told = [*slugs(folded), *(s.rule for f in folded for s in f.symptoms)]
    assert sorted(told) == sorted(rules())
    assert sorted(slugs(rank(folded))) == sorted(slugs(folded))


# -- a whole diagnosis ----------------------------------------------------------------------------------------


def train() -> None:
    x, y = torch.randn(128, 10), torch.randint(0, 3, (128,))
    model = nn.Sequential(nn.Linear(10, 16), nn.ReLU(), nn.Linear(16, 3), nn.Softmax(dim=1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(10):
        optimizer.zero_grad()
        F.cross_entropy(model(1000 * x), y).backward()
        optimizer.step()


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    path = tmp_path_factory.mktemp("record") / "run.nlr"
    with watch(record=path):
        train()
    return path


def test_a_rule_that_raises_costs_no_other(record, monkeypatch):
    def broken(self, run):
        raise ZeroDivisionError("no samples")

    whole = examine(Run(record))
    assert slugs(whole.findings)[0] == "double-softmax"
    monkeypatch.setattr(rules()["double-softmax"], "check", broken)
    rest = examine(Run(record))
    assert [(m.what, m.why) for m in rest.not_measured] == [("rule double-softmax", "ZeroDivisionError: no samples")]
    assert "unscaled-input" in slugs(rest.findings)
    assert "double-softmax" not in slugs(rest.findings)
    assert rest.waterfall == whole.waterfall


def test_a_diagnosis_is_plain_json(record):
    diagnosis = examine(Run(record))
    data = json.loads(json.dumps(diagnosis.to_dict(), allow_nan=False))
    assert data["findings"][0]["rule"] == "double-softmax"
    assert {"findings", "not_measured", "waterfall", "summary"} <= set(data)
    assert data["findings"][0]["evidence"][0]["name"]


def test_a_run_in_which_nothing_happened_has_no_finding():
    with watch() as session:
        pass
    diagnosis = session.diagnose()
    assert isinstance(diagnosis, Diagnosis)
    assert (diagnosis.findings, diagnosis.not_measured, diagnosis.waterfall) == ((), (), None)


def test_a_record_is_read_where_torch_is_not_installed(record):
    program = (
        "import json, sys; sys.modules['torch'] = None\n"
        "import neurologist as nl\n"
        "print(json.dumps(nl.diagnose(sys.argv[1]).to_dict()))"
    )
    done = subprocess.run([sys.executable, "-c", program, str(record)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == json.loads(json.dumps(examine(Run(record)).to_dict()))
