"""Diagnoses made by hand, for the tests of the views: the fixture `made`."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace

import pytest

from neurologist.diagnose import (
    Bar,
    Diagnosis,
    Evidence,
    Finding,
    NotMeasured,
    Origin,
    Summary,
    Symptom,
    Waterfall,
)

SOURCE = """\
def forward(self, x):
    x = torch.sigmoid(self.fc1(x))

    return F.softmax(self.fc2(x), dim=1)
"""


def at(file: Path | str | None, line: int, module: str | None = None) -> Origin:
    return Origin(str(file) if file else None, line, SOURCE.splitlines()[line - 1].strip(), module)


def bars(file: Path | None = None) -> Waterfall:
    return Waterfall(
        40,
        (
            Bar("cross_entropy", "loss", Origin(), None, 1e-3, None, 0.0),
            Bar("softmax", "softmax", at(file, 4), 1e-3, 1e-4, -1.0, -1.0),
            Bar("linear model.fc2", "linear", at(file, 4), 1e-4, 1.6e-4, 0.2, -0.8),
            Bar("sigmoid", "activation", at(file, 2), 1.6e-4, 1e-6, -2.2, -3.0),
            Bar("linear model.fc1", "linear", at(file, 2), 1e-6, None, None, None),
        ),
    )


def sick(file: Path | None = None, **changes: object) -> Diagnosis:
    cause = Finding(
        "double-softmax",
        "NL101",
        "double_softmax",
        "error",
        "The softmax of model feeds cross_entropy, which applies softmax itself: the loss cannot fall below 1.46.",
        "Return the logits: drop F.softmax, and apply it only where you need probabilities.",
        at(file, 4, "model"),
        (
            Evidence("smallest loss that can be reached", 1.46115, "", "0"),
            Evidence("slope that the second softmax leaves", 0.0000123, "", "about 1", 12),
        ),
        (Symptom("vanishing-gradient", "The gradient falls by 3.1 decades.", at(file, 2, "model.fc1")),),
        ("remove-activation",),
        12,
    )
    second = Finding(
        "saturated-units", "NL604", "saturated", "warning", "47 of 128 units are flat.", "Scale the inputs."
    )
    third = Finding("unscaled-input", "NL201", "unscaled_input", "info", "Inputs lie in [0, 16].")
    fields: dict[str, object] = {
        "findings": (cause, second, third),
        "not_measured": (NotMeasured("update norms", "quantity update raised RuntimeError('boom')"),),
        "waterfall": bars(file),
        "summary": summary(),
    }
    return Diagnosis(**{**fields, **changes})  # type: ignore[arg-type]


def summary(status: str = "finished") -> Summary:
    curve = tuple((i, 2.3 * math.exp(-i / 300)) for i in range(0, 500, 3))
    return Summary(
        status, 1500, 31, 2.302, 0.0712, curve, 101770, ("SGD(lr=0.1)",), 125.0, 0.0071, "/elsewhere/run.nlr", {}
    )


def healthy() -> Diagnosis:
    return Diagnosis(waterfall=bars(), summary=summary())


@pytest.fixture
def made() -> SimpleNamespace:
    return SimpleNamespace(sick=sick, healthy=healthy, summary=summary, source=SOURCE)
