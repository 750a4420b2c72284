"""Each treatment as an edit: what the edited script trains is what the treatment trained, and the lines are few."""

from __future__ import annotations

import pytest

from .scripts import HEAD, LOOP, NET, ROW, changed, close, loss, tried

BARE = "\nmodel = nn.Sequential(nn.Linear(6, 16), nn.Linear(16, 4))\n"
NUMBERS = HEAD.replace("x[:, :4].argmax(1)", "x.sum(1) * 100 + 500")
ONE = "\nmodel = nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 1))\n"
SQUARES = LOOP.replace("F.cross_entropy(model(x[rows])", "F.mse_loss(model(x[rows]).squeeze(1)")
OWN = LOOP.replace("F.cross_entropy(model(x[rows]), y[rows])", "((model(x[rows]) - y[rows]) ** 2).mean()")
PENALTY = " + 0.1 * sum(p.pow(2).sum() for p in model.parameters())"

# What is trained is the same, but for rounding: slug, cause, script, which proposal, the lines that are put in.
SAME = {
    "a function that a module holds": (
        "replace-activation",
        "wrong_hidden_activation",
        HEAD
        + NET.replace("torch.tanh(", "self.tanh(").replace("self.one =", "self.tanh = torch.tanh\n        self.one =")
        + LOOP,
        0,
        ["        x = F.relu(self.one(x))", "        x = F.relu(self.two(x))"],
    ),
    "a function by another name": (
        "replace-activation",
        "wrong_hidden_activation",
        HEAD
        + NET.replace("torch.tanh(", "self.act(").replace("self.one =", "self.act = F.tanh\n        self.one =")
        + LOOP,
        1,
        ["        x = F.leaky_relu(self.one(x))", "        x = F.leaky_relu(self.two(x))"],
    ),
    "a method": (
        "replace-activation",
        "wrong_hidden_activation",
        HEAD + NET.replace("torch.tanh(self.one(x))", "self.one(x).tanh()") + LOOP,
        0,
        ["        x = self.one(x).relu()", "        x = F.relu(self.two(x))"],
    ),
    "clear gradients": (
        "clear-gradients",
        "stale_gradient",
        HEAD + NET + loss("        optimizer.zero_grad()\n", ""),
        0,
        ["        optimizer.zero_grad()"],
    ),
    "clip": (
        "clip-gradient",
        "exploding_gradient",
        HEAD + NET + loss("lr=0.1", "lr=9.0"),
        0,
        ["        nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)"],
    ),
    "clip a part": (
        "clip-gradient",
        "exploding_gradient",
        HEAD + NET + loss("SGD(model.", "SGD(model.three.").replace("= F.cross", "= 50 * F.cross"),
        0,
        [
            '        nn.utils.clip_grad_norm_([p for group in optimizer.param_groups for p in group["params"]], '
            "max_norm=1.0)"
        ],
    ),
    "sign of a name": (
        "flip-sign",
        "flipped_gradient_sign",
        HEAD + NET + loss("F.cross", "0 - F.cross"),
        0,
        ["        (-loss).backward()"],
    ),
    "sign of a loss": (
        "flip-sign",
        "flipped_gradient_sign",
        HEAD + NET + loss("F.cross", "-F.cross"),
        0,
        ["        loss = F.cross_entropy(model(x[rows]), y[rows])"],
    ),
    "sign of an optimizer": (
        "flip-sign",
        "flipped_gradient_sign",
        HEAD + NET + loss("lr=0.1", "lr=0.1, maximize=True"),
        0,
        ["optimizer = torch.optim.SGD(model.parameters(), lr=0.1)"],
    ),
    "mean by option": (
        "mean-reduction",
        "wrong_loss_reduction",
        HEAD + NET + loss("y[rows])", 'y[rows], reduction="sum")'),
        0,
        ["        loss = F.cross_entropy(model(x[rows]), y[rows])"],
    ),
    "mean of a layer": (
        "mean-reduction",
        "wrong_loss_reduction",
        HEAD + 'criterion = nn.CrossEntropyLoss(reduction="sum")\n' + NET + loss("F.cross_entropy", "criterion"),
        0,
        ["criterion = nn.CrossEntropyLoss()"],
    ),
    "mean of a formula": (
        "mean-reduction",
        "wrong_loss_reduction",
        NUMBERS + ONE + loss("y[rows]) ** 2).mean()", "y[rows, None]) ** 2).sum()", OWN),
        0,
        ["        loss = ((model(x[rows]) - y[rows, None]) ** 2).mean()"],
    ),
    "target's shape": (
        "match-target-shape",
        "wrong_target_shape",
        NUMBERS + ONE + loss("model(x[rows]).squeeze(1)", "model(x[rows])", SQUARES),
        0,
        ["        loss = F.mse_loss(model(x[rows]), y[rows].unsqueeze(1))"],
    ),
    "target's shape in a formula": (
        "match-target-shape",
        "wrong_target_shape",
        NUMBERS + ONE + OWN,
        0,
        ["        loss = ((model(x[rows]) - y[rows].unsqueeze(1)) ** 2).mean()"],
    ),
    "no penalty": (
        "lower-weight-decay",
        "over_regularised",
        HEAD + NET + loss("y[rows])", f"y[rows]){PENALTY}"),
        0,
        ["        loss = F.cross_entropy(model(x[rows]), y[rows])"],
    ),
    "no penalty in a loop": (
        "lower-weight-decay",
        "over_regularised",
        HEAD
        + NET
        + loss(
            "        loss.b",
            "        for p in model.parameters():\n            loss = loss + p.abs().sum()\n        loss.b",
        ),
        0,
        [],
    ),
    "no decay of AdamW": (
        "lower-weight-decay",
        "over_regularised",
        HEAD + NET + loss("SGD(model.parameters(), lr=0.1)", "AdamW(model.parameters())"),
        0,
        ["optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0)"],
    ),
    "a rate that is not given": (
        "learning-rate",
        "lr_too_high",
        HEAD + NET + loss("SGD(model.parameters(), lr=0.1)", "Adam(model.parameters())"),
        0,
        ["optimizer = torch.optim.Adam(model.parameters(), lr=0.0001)"],
    ),
    "activation inserted": (
        "insert-activation",
        "missing_hidden_activation",
        HEAD + BARE + LOOP,
        0,
        ["model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 4))"],
    ),
    "function inserted": (
        "insert-activation",
        "missing_hidden_activation",
        HEAD + NET.replace("torch.tanh(self.one(x))", "self.one(x)") + LOOP,
        0,
        ["        x = torch.tanh(self.two(F.relu(x)))"],
    ),
    "softmax axis": (
        "softmax-axis",
        "wrong_softmax_axis",
        HEAD + NET.replace("self.three(x)", "F.log_softmax(self.three(x), dim=0)") + loss("cross_entropy", "nll_loss"),
        0,
        ["        return F.log_softmax(self.three(x), dim=1)"],
    ),
    "softmax axis of a layer": (
        "softmax-axis",
        "wrong_softmax_axis",
        HEAD + BARE.replace("4))", "4), nn.LogSoftmax(0))") + loss("cross_entropy", "nll_loss"),
        0,
        ["model = nn.Sequential(nn.Linear(6, 16), nn.Linear(16, 4), nn.LogSoftmax(1))"],
    ),
    "group normalisation": (
        "group-norm",
        "batch_norm_of_few",
        HEAD + BARE.replace("nn.Linear(16, 4)", "nn.BatchNorm1d(16), nn.Linear(16, 4)") + LOOP,
        0,
        ["model = nn.Sequential(nn.Linear(6, 16), nn.GroupNorm(1, 16), nn.Linear(16, 4))"],
    ),
    "residual function": ("residual", "too_deep", HEAD + NET + LOOP, 0, ["        x = x + torch.tanh(self.two(x))"]),
    "residual layers": ("residual", "too_deep", HEAD + ROW + LOOP, 0, None),
    "cross-entropy": (
        "fitting-loss",
        "wrong_loss",
        HEAD
        + NET
        + loss("F.cross_entropy(model(x[rows]), y[rows])", "F.mse_loss(model(x[rows]), F.one_hot(y[rows], 4).float())"),
        0,
        ["        loss = F.cross_entropy(model(x[rows]), F.one_hot(y[rows], 4).float())"],
    ),
    "squared error of a formula": (
        "fitting-loss",
        "wrong_loss",
        NUMBERS
        + ONE
        + loss(
            "        loss = ((model(x[rows]) - y[rows]) ** 2).mean()",
            "        out, t = model(x[rows]), y[rows, None]\n        loss = (out - t).abs().sqrt().mean()",
            OWN,
        ),
        0,
        ["        loss = F.mse_loss(out, t)"],
    ),
    "training mode": (
        "train-mode",
        "eval_mode_training",
        HEAD + NET.replace("model =", "model = nn.Sequential(nn.BatchNorm1d(6), Net())  #") + "model.eval()\n" + LOOP,
        0,
        ["    model.train()"],
    ),
    "float32": (
        "single-precision",
        "half_precision_overflow",
        HEAD
        + NET.replace("Net()\n", "Net().bfloat16()\n")
        + loss("model(x[rows])", "model(x[rows].to(torch.bfloat16))"),
        0,
        ["model = Net().float()", "        loss = F.cross_entropy(model(x[rows].to(torch.float32)), y[rows])"],
    ),
    "unfrozen": (
        "unfreeze",
        "frozen_parameters",
        HEAD
        + NET
        + "for p in model.one.parameters():\n    p.requires_grad = False\n"
        + loss("SGD(model.parameters()", "SGD(model.three.parameters()"),
        0,
        ["optimizer = torch.optim.SGD(model.parameters(), lr=0.1)"],
    ),
    "unfrozen twice": (
        "unfreeze",
        "frozen_parameters",
        HEAD + NET + "model.one.requires_grad_(False)\nmodel.two.requires_grad_(False)\n" + LOOP,
        0,
        ["model.requires_grad_(True)"],
    ),
    "targets of a class": (
        "standardise-target",
        "unscaled_target",
        NUMBERS + NET.replace("hidden, 4", "hidden, 1") + SQUARES,
        0,
        None,
    ),
    "targets of a row": ("standardise-target", "unscaled_target", NUMBERS + ONE + SQUARES, 0, None),
    "inputs by one number": (
        "standardise-input",
        "unscaled_input",
        HEAD.replace("256, 6)", "256, 6) * 50 + 8") + NET + LOOP,
        1,
        None,
    ),
    "inputs of a row": (
        "standardise-input",
        "unscaled_input",
        HEAD.replace("256, 6)", "256, 6) * 50 + 8") + ROW + LOOP,
        0,
        None,
    ),
}


@pytest.mark.filterwarnings("ignore:Using a target size")
@pytest.mark.parametrize("name", SAME)
def test_the_edited_script_trains_what_was_treated(name, tmp_path):
    slug, cause, text, which, put_in = SAME[name]
    found = tried(tmp_path / "train.py", text, slug, cause, which)
    few = {"rtol": 0.02, "atol": 0.02} if slug.startswith("standardise") else {"rtol": 1e-4, "atol": 1e-5}
    assert close(found.edited, found.treated, **few)
    assert not close(found.edited, found.plain, **few)
    lines = [line[1:] for line in changed(text, found.after) if line.startswith("+")]
    assert put_in is None or lines == put_in
