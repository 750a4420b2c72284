"""Trials follow the user's settings: what is ignored is not treated."""

import torch
from tests.treat.programs import classifier, train
from torch import nn

from neurologist.diagnose import Settings, rules
from neurologist.treat.fix import fix


def sick() -> None:
    model = classifier(nn.Softmax(1))
    train(model, torch.optim.SGD(model.parameters(), lr=0.1))


def test_what_is_ignored_is_not_treated():
    seen = fix(sick, steps=20, seeds=1, minutes=0.01).diagnosis
    assert "double-softmax" in [finding.rule for finding in seen.findings]
    cure = fix(sick, steps=20, seeds=1, settings=Settings(ignore=dict.fromkeys(rules(), "on purpose")))
    assert cure.verdicts == ()
    assert cure.why.startswith("nothing to treat")
    assert "double-softmax" in [aside.finding.rule for aside in cure.diagnosis.aside]
