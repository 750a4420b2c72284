"""Faults of the objective and of the data; each is what a rule's specimen does, done to other programs."""

from __future__ import annotations

from .edits import BATCHES, CE, FORWARD, HEAD, LOSS, MSE, RATE, to_data
from .fault import CLASSES, NUMBERS, Builder

objective = Builder()
add = objective.add

# -- objective ---------------------------------------------------------------------------------------------------
add(
    "double-softmax",
    "softmax, then cross_entropy",
    (FORWARD, "outputs = torch.softmax(model(x[rows]), dim=1)"),
    to=CLASSES,
    placed=True,
)
add(
    "activation-before-logits-loss",
    "ReLU on the logits",
    (FORWARD, "outputs = torch.relu(model(x[rows]))"),
    to=CLASSES,
    placed=True,
)
add(
    "activation-before-logits-loss",
    "sigmoid on the logits",
    (FORWARD, "outputs = torch.sigmoid(model(x[rows]))"),
    to=CLASSES,
    placed=True,
)
add("missing-output-activation", "nll_loss of scores", (CE, "F.nll_loss(outputs, y[rows])"), to=CLASSES, placed=True)
add(
    "regression-loss-on-classes",
    "squared error of sigmoids",
    (CE, "F.mse_loss(torch.sigmoid(outputs), F.one_hot(y[rows], 10).float())"),
    to=("classifier", "convolutional"),
    only={"recurrent": [(CE, "F.mse_loss(torch.sigmoid(outputs), F.one_hot(y[rows], kinds).float().mT)")]},
    placed=True,
)
add(
    "target-outside-loss-domain",
    "two classes at once into cross_entropy",
    (CE, "F.cross_entropy(outputs, (F.one_hot(y[rows], 10) + F.one_hot(9 - y[rows], 10)).float())"),
    to=("classifier", "convolutional"),
    placed=True,
)
add(
    "target-outside-loss-domain",
    "numbers into binary cross-entropy",
    (MSE, "F.binary_cross_entropy_with_logits(outputs, y[rows])"),
    to=NUMBERS,
    placed=True,
)
add(
    "output-units-against-classes",
    "cross_entropy of a single output",
    (HEAD, r"nn.Linear(\1, 1)"),
    to_data("y = (y % 2).float().unsqueeze(1)"),
    to=("classifier", "convolutional"),
)
add(
    "wrong-softmax-axis",
    "log_softmax over the batch",
    (CE, "F.nll_loss(F.log_softmax(outputs, dim=0), y[rows])"),
    to=CLASSES,
    only={"transformer": [(r"32\*\*0\.5, dim=-1", "32**0.5, dim=-2")]},
    placed=True,
)
add(
    "output-range-excludes-targets",
    "sigmoid at the end of a regression",
    (FORWARD, "outputs = torch.sigmoid(model(x[rows]))"),
    to=NUMBERS,
    placed=True,
)
add(
    "output-range-excludes-targets",
    "ReLU at the end of a regression",
    (FORWARD, "outputs = torch.relu(model(x[rows]))"),
    to=NUMBERS,
    placed=True,
)
add(
    "target-broadcast",
    "targets (n,), outputs (n, 1)",
    (MSE, "F.mse_loss(outputs, y[rows].squeeze(1))"),
    to=NUMBERS,
    placed=True,
)
add(
    "summed-loss",
    "the sum instead of the mean",
    (LOSS, r'F.\1(outputs, y[rows], reduction="sum")'),
    placed=True,
    by_degree=True,
)
add("gradient-ascent", "a minus before the loss", (LOSS, r"-F.\1(outputs, y[rows])"), placed=True)
add(
    "unstable-expression",
    "the logarithm of a softmax",
    (CE, "-torch.log(torch.softmax(outputs, dim=1)).gather(1, y[rows].unsqueeze(1)).mean()"),
    to=CLASSES,
    placed=True,
)

# -- data --------------------------------------------------------------------------------------------------------
add(
    "unscaled-input",
    "inputs times 255",
    to_data("x = 255 * x"),
    to=("classifier", "convolutional", "regressor", "transformer"),
)
add("unscaled-target", "targets times 10,000", to_data("y = 1e4 * y"), to=NUMBERS)
add("constant-input", "zeros for all inputs", to_data("x = torch.zeros_like(x)"))
add("constant-targets", "one class for all", to_data("y = torch.zeros_like(y)"), to=CLASSES)
add("unrelated-labels", "targets in another order", to_data("y = y[torch.randperm(len(y))]"))
add(
    "non-finite",
    "NaN in the data",
    to_data("x[::50] = torch.nan"),
    to=("classifier", "convolutional", "regressor", "transformer"),
)
add("repeated-batches", "the same batch at every step", (BATCHES, "[torch.arange(64)] * 20"))

add(
    "one-signed-inputs",
    "inputs above 0, one example at a time",
    to_data("x = (x - x.min()) / 4"),
    (r"split\(64\)", "split(1)[:300]"),
    (r"torch.optim.*$", "torch.optim.SGD(model.parameters(), lr=0.05)"),
    to=("classifier", "convolutional"),
    by_degree=True,
)
add(
    "class-imbalance",
    "one example in 25 of the second class",
    to_data("y = ((y == 3) & (torch.rand(len(y)) < 0.4)).long()"),
    (HEAD, r"nn.Linear(\1, 2)"),
    to=("classifier", "convolutional"),
)
add(
    "gradient-noise",
    "two examples at a time, most labels drawn",
    to_data("y = torch.where(torch.rand(len(y)) < 0.8, torch.randint(10, y.shape), y)"),
    (r"split\(64\)", "split(2)[:200]"),
    (RATE, "lr=0.003"),
    to=("classifier", "convolutional"),
    by_degree=True,
)
