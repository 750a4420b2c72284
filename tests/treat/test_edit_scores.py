"""Treatments that draw other weights, or more of them, as edits: the edited script scores what was treated."""

from __future__ import annotations

import pytest

from .scripts import HEAD, LOOP, NET, ROW, loss, tried

SCORE = "\nmodel.eval()\nwith torch.no_grad():\n    score = (model(x).argmax(1) == y).float().mean().item()\n"
CONSTANT = "for p in model.parameters():\n    nn.init.constant_(p, 0.1)\n"
DIGITS = HEAD.replace("256, 6)", "256, 30) * 50 + 8")
# Other initial weights, or more of them: the score is the same.
ALIKE = {
    "normalised class": ("normalise", "too_deep", HEAD + NET + LOOP, 0),
    "normalised row": ("normalise", "too_deep", HEAD + ROW + LOOP, 0),
    "weights by gain": (
        "re-initialise",
        "bad_init",
        HEAD + NET + CONSTANT + LOOP,
        0,
    ),
    "weights anew": (
        "re-initialise",
        "bad_init",
        HEAD + ROW + CONSTANT + LOOP,
        1,
    ),
    "wider": ("wider", "capacity_too_small", HEAD + ROW.replace("16, 16", "16, 1").replace("16, 4", "1, 4") + LOOP, 0),
    "dropout of a function": (
        "less-dropout",
        "too_much_dropout",
        HEAD + NET.replace("self.three(x)", "self.three(F.dropout(x, 0.9, self.training))") + LOOP,
        0,
    ),
    "dropout of a layer": (
        "less-dropout",
        "too_much_dropout",
        HEAD + ROW.replace("nn.Tanh(),  # kept", "nn.Dropout(p=0.95),") + LOOP,
        1,
    ),
    "longer": ("longer", "too_few_epochs", HEAD + NET + LOOP, 0),
    "output units": (
        "output-units",
        "wrong_output_units",
        HEAD
        + NET.replace("hidden, 4", "hidden, 1")
        + loss(
            "F.cross_entropy(model(x[rows]), y[rows])",
            "F.binary_cross_entropy_with_logits(model(x[rows]), y[rows, None].float())",
        ),
        0,
    ),
    "many inputs of a class": ("standardise-input", "unscaled_input", DIGITS + NET.replace("(6,", "(30,") + LOOP, 0),
    "many inputs of a row": ("standardise-input", "unscaled_input", DIGITS + ROW.replace("(6,", "(30,") + LOOP, 0),
}


@pytest.mark.parametrize("name", ALIKE)
def test_the_edited_script_scores_what_was_treated(name, tmp_path):
    slug, cause, text, which = ALIKE[name]
    text = text.replace("range(4)", "range(15)") + SCORE
    found = tried(tmp_path / "train.py", text, slug, cause, which)
    if slug != "longer":  # that goes on in another run
        assert found.edited["score"] == pytest.approx(found.treated["score"], abs=0.08)
    assert found.edited["score"] > found.plain["score"] + 0.02
