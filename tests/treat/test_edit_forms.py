"""Edits in the forms that sources come in: several at once, other layouts, helper files, and where there is a doubt."""

from __future__ import annotations

import runpy
import sys

import pytest

from neurologist.treat.plan import Plan
from neurologist.treat.source import edited

from .scripts import HEAD, LOOP, NET, ROW, changed, close, edit, proposed, tried

MANY = (
    ("normalise", "too_deep"),
    ("residual", "too_deep"),
    ("replace-activation", "wrong_hidden_activation"),
    ("re-initialise", "bad_init"),
    ("standardise-input", "unscaled_input"),
    ("clip-gradient", "exploding_gradient"),
    ("adam", "lr_too_low"),
    ("longer", "too_few_epochs"),
    ("train-mode", "eval_mode_training"),
)


def together(path, text, *which):
    path.write_bytes(text.encode())
    found = [proposed(path, *pair) for pair in which]
    return edited(Plan(tuple(treatment for treatment, _ in found)), found[-1][1])


@pytest.mark.parametrize("model", [NET, ROW], ids=["class", "row"])
def test_many_at_once_make_a_script_that_runs(model, tmp_path):
    path = tmp_path / "train.py"
    found = together(path, HEAD + model + LOOP, *MANY)
    assert not found.by_hand
    found.changes[0].write()
    trained = runpy.run_path(str(path))["model"]
    kinds = [type(module).__name__ for module in trained.modules()]
    assert kinds.count("BatchNorm1d") == 2
    assert "Tanh" not in kinds
    text = path.read_text(encoding="utf-8")
    assert ("x = x + F.relu(self.two_norm(self.two(x)))" in text) == (model == NET)
    assert ("        nn.BatchNorm1d(16),\n        nn.ReLU(),\n    ),\n" in text) == (model == ROW)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_weights_suit_the_activations_that_another_change_puts_in(order, tmp_path):
    path, pairs = tmp_path / "train.py", (MANY[2], MANY[3])
    text = HEAD + NET + LOOP
    after = together(path, text, *(pairs[i] for i in order)).changes[0].after
    assert (
        'for layer in (model.one, model.two):\n    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")' in after
    )
    assert "1.593" in together(path, text, MANY[3]).changes[0].after  # tanh's own gain, where tanh stays


@pytest.mark.filterwarnings("ignore:Using a target size")
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_target_gets_its_shape_inside_of_its_scale(order, tmp_path):
    path = tmp_path / "train.py"
    numbers = HEAD.replace("x[:, :4].argmax(1)", "x.sum(1) * 100 + 500")
    text = numbers + NET.replace("hidden, 4", "hidden, 1") + LOOP.replace("cross_entropy", "mse_loss")
    pairs = (("standardise-target", "unscaled_target"), ("match-target-shape", "wrong_target_shape"))
    found = together(path, text, *(pairs[i] for i in order))
    assert not found.by_hand
    assert "(y[rows].unsqueeze(1) - TARGET_MEAN) / TARGET_STD)" in found.changes[0].after
    found.changes[0].write()
    runpy.run_path(str(path))


def test_layers_that_get_other_numbers_are_not_named_by_them(tmp_path):
    path = tmp_path / "train.py"
    text = HEAD + ROW.replace("nn.Tanh(),\n    nn.Linear(16, 4)", "nn.Linear(16, 4)") + LOOP  # three gains
    found = together(path, text, ("re-initialise", "bad_init"), ("standardise-input", "unscaled_input"))
    assert [text.partition(":")[0] for text in found.by_hand] == ["initial weights for the activations that follow"]
    assert "another change of this plan gives the layers other numbers" in found.by_hand[0]


LAYOUTS = {
    "lines of Windows": (HEAD + NET + LOOP).replace("\n", "\r\n"),
    "tabs": (HEAD + NET + LOOP).replace("    ", "\t"),
    "letters of two bytes": (HEAD + NET + LOOP).replace(
        "    x = torch.tanh(self.one", '    "größe 形"; x = torch.tanh(self.one'
    ),
    "no last newline": (HEAD + NET + LOOP).rstrip("\n"),
    "lines that share": (HEAD + NET + LOOP).replace(".backward()\n        opt", ".backward(); opt"),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_layout_stays(name, tmp_path):
    path = tmp_path / "train.py"
    text = LAYOUTS[name]
    found = together(
        path, text, *MANY[:3], ("clip-gradient", "exploding_gradient"), ("clear-gradients", "stale_gradient")
    )
    assert not found.by_hand
    (change,) = found.changes
    change.write()
    assert path.read_bytes().decode() == change.after
    assert change.after.count("\r\n") == (change.after.count("\n") if "\r" in text else 0)
    assert len(changed(text, change.after)) <= 12
    runpy.run_path(str(path))


def test_a_helper_file_is_edited_in_its_place(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    helper = "from torch import nn\nimport torch\n" + NET.replace("\n\nmodel = Net()", "")
    (tmp_path / "nets_of_mine.py").write_text(helper, encoding="utf-8")
    path = tmp_path / "train.py"
    path.write_text(HEAD + "from nets_of_mine import Net\nmodel = Net()\n" + LOOP, encoding="utf-8")
    treatment, seen = proposed(path, "normalise", "too_deep")
    found = edit(treatment, seen)
    sys.modules.pop("nets_of_mine", None)
    assert [change.path for change in found.changes] == [str(tmp_path / "nets_of_mine.py")]
    assert not found.by_hand


def test_no_file_of_a_library_is_edited(tmp_path):
    path = tmp_path / "train.py"
    layer = "nn.TransformerEncoderLayer(6, 2, 16, batch_first=True)"
    model = f"model = nn.Sequential({layer}, nn.Linear(6, 4))\n"
    path.write_text(HEAD + model + LOOP.replace("x[rows])", "x[rows, None])[:, 0]"), encoding="utf-8")
    treatment, seen = proposed(path, "replace-activation", "wrong_hidden_activation", 1)
    found = edit(treatment, seen)
    assert not found.changes
    assert f"{path}:9" in found.by_hand[0]


TRAIN = """
def step(model, optimizer, rows):
    optimizer.zero_grad()
    F.cross_entropy(model(x[rows]), y[rows]).backward()
    optimizer.step()


def train(epochs=3):
    for _ in range(epochs):
        for rows in torch.arange(256).split(64):
            step(model, optimizer, rows)


optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
train()
"""


def test_loops_are_found_through_functions(tmp_path):
    found = tried(tmp_path / "train.py", HEAD + NET + TRAIN, "longer", "too_few_epochs")
    assert "    for _ in range(4 * epochs):" in found.after
    found = tried(tmp_path / "train.py", HEAD + NET + TRAIN, "train-mode", "eval_mode_training")
    assert "    model.train()\n    F.cross_entropy" in found.after
    found = tried(tmp_path / "train.py", HEAD + NET + TRAIN, "clip-gradient", "exploding_gradient")
    assert close(found.edited, found.treated, rtol=1e-4, atol=1e-5)


ARGUED = """
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--max-epochs", type=int, default=3)
args = parser.parse_args([])
for seed in range(2):
    torch.manual_seed(seed)
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(1, args.max_epochs + 1):
        for rows in torch.arange(256).split(64):
            optimizer.zero_grad()
            F.cross_entropy(model(x[rows]), y[rows]).backward()
            optimizer.step()
"""


def test_the_default_of_an_argument_is_multiplied_and_no_loop_over_seeds(tmp_path):
    text = HEAD + NET + ARGUED
    found = tried(tmp_path / "train.py", text, "longer", "too_few_epochs")
    assert changed(text, found.after)[1:] == ['+parser.add_argument("--max-epochs", type=int, default=12)']


DOUBTS = {  # slug, cause, script, what the text must name
    "one line for all layers": (
        "remove-activation",
        "wrong_output_activation",
        NET.replace(
            "x = torch.tanh(self.two(x))\n        return self.three(x)",
            "for layer in (self.two, self.three):\n            x = torch.tanh(layer(x))\n        return x",
        ),
        ("x = torch.tanh(layer(x))", "call 3 of tanh"),
    ),
    "a rate that a schedule sets": (
        "learning-rate",
        "lr_too_high",
        NET,
        ("OneCycleLR",),
    ),
    "an optimizer made twice": ("adam", "lr_too_low", NET, ("several lines",)),
    "rounds that are not counted": ("longer", "too_few_epochs", NET, ("does not count",)),
}
LOOPS = {
    "a rate that a schedule sets": LOOP.replace(
        "\nfor epoch", "\ncycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=99)\nfor epoch"
    ),
    "an optimizer made twice": LOOP.replace(
        "\nfor epoch", "\nother = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)\nfor epoch"
    ),
    "rounds that are not counted": LOOP.replace("range(4)", '"abcd"').replace("torch.arange(256).split(64)", "[...]"),
}


@pytest.mark.parametrize("name", DOUBTS)
def test_where_there_is_a_doubt_the_lines_are_named_and_nothing_changes(name, tmp_path):
    slug, cause, model, words = DOUBTS[name]
    path = tmp_path / "train.py"
    path.write_text(HEAD + model + LOOPS.get(name, LOOP), encoding="utf-8")
    found = edit(*proposed(path, slug, cause))
    assert not found.changes
    (text,) = found.by_hand
    assert all(word in text for word in words)
    assert any(line.strip().startswith("+ ") for line in text.splitlines())


BARE = '''"""No name for torch, and none for torch.nn."""
from torch import arange, manual_seed, randn
from torch.nn import Linear, Sequential, Tanh
from torch.nn.functional import cross_entropy
from torch.optim import SGD
manual_seed(0)
x = randn(256, 6)
y = x[:, :4].argmax(1)
model = Sequential(Linear(6, 16), Tanh(), Linear(16, 4))
optimizer = SGD(model.parameters(), lr=0.1)
for rows in arange(256).split(64):
    optimizer.zero_grad()
    cross_entropy(model(x[rows]), y[rows]).backward()
    optimizer.step()
'''


def test_a_file_imports_what_its_edit_names_and_no_more(tmp_path):
    found = tried(tmp_path / "train.py", BARE, "adam", "lr_too_low")
    assert [line for line in changed(BARE, found.after) if line.startswith("+")] == [
        "+from torch.optim import SGD, Adam",
        "+optimizer = Adam(model.parameters(), lr=0.001)",
    ]
    found = tried(tmp_path / "train.py", BARE, "normalise", "too_deep")
    assert "from torch.nn import Linear, Sequential, Tanh, BatchNorm1d\n" in found.after
    found = tried(tmp_path / "train.py", BARE, "clip-gradient", "exploding_gradient")
    assert [line for line in changed(BARE, found.after) if line.startswith("+")] == [
        "+from torch import nn",
        "+    nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)",
    ]
