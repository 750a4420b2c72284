"""The faults: for every rule what its specimen does, done to programs that have nothing to do with the specimen."""

from __future__ import annotations

from .edits import (
    BATCHES,
    CE,
    EPOCHS,
    FIRST,
    FORWARD,
    LOSS,
    MSE,
    SECOND,
    STACKS,
    after_model,
    rate,
    stack,
    to_data,
)
from .fault import CLASSES, NUMBERS, Builder

book = Builder()
add = book.add
FAULTS = book.faults

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
    (r"nn\.Linear\((.*), 10\)", r"nn.Linear(\1, 1)"),
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
    to=("classifier", "convolutional"),
)
add(
    "gradient-noise",
    "two examples at a time, most labels drawn",
    to_data("y = torch.where(torch.rand(len(y)) < 0.8, torch.randint(10, y.shape), y)"),
    (r"split\(64\)", "split(2)[:200]"),
    to=("classifier", "convolutional"),
    by_degree=True,
)

# -- start -------------------------------------------------------------------------------------------------------
add(
    "symmetric-units",
    "all weights equal",
    after_model("for p in model.parameters():", "    nn.init.constant_(p, 0.05)"),
)
add(
    "ill-scaled-weights",
    "weights times 10",
    after_model("for p in model.parameters():", "    p.data *= 10"),
    also=("saturated-units", "exploding-gradient"),
    by_degree=True,
)
add(
    "ill-scaled-weights",
    "weights divided by 100",
    after_model("for p in model.parameters():", "    p.data /= 100"),
    also=("vanishing-gradient",),
    by_degree=True,
)
add(
    "dead-units",
    "biases of -50",
    after_model("nn.init.constant_(model.second.bias, -50.0)"),
    to=STACKS,
    only={"recurrent": [after_model("nn.init.constant_(model.second.bias, -50.0)")]},
)
add(
    "saturated-units",
    "tanh, and weights from -5 to 5",
    (SECOND, "torch.tanh(self.second(x))"),
    after_model("nn.init.uniform_(model.second.weight, -5, 5)"),
    to=(*STACKS, "recurrent"),
    also=("ill-scaled-weights",),
    by_degree=True,
)

# -- architecture ------------------------------------------------------------------------------------------------
add(
    "linear-collapse",
    "no activation",
    (SECOND, "self.second(x)"),
    (FIRST, "self.first(x)"),
    to=STACKS,
    by_degree=True,
)
add(
    "hidden-softmax",
    "softmax in hidden layers",
    (SECOND, "torch.softmax(self.second(x), dim=-1)"),
    to=(*STACKS, "recurrent"),
    only={"convolutional": [(SECOND, "torch.softmax(self.second(x), dim=1)")]},
    placed=True,
)
add("vanishing-gradient", "twelve layers of sigmoids", only=stack("nn.Sigmoid()", 12), also=("rank-collapse",))
add(
    "exploding-gradient",
    "sixteen layers of weights twice too large",
    only={
        name: [
            *edits,
            after_model(
                "for m in model.second:",
                "    if hasattr(m, 'weight'):",
                "        nn.init.kaiming_normal_(m.weight)",
                "        m.weight.data *= 2",
            ),
        ]
        for name, edits in stack("nn.ReLU()", 16).items()
    },
    also=("ill-scaled-weights",),
)
add("rank-collapse", "twenty layers of tanh", only=stack("nn.Tanh()", 20), also=("vanishing-gradient",))
add(
    "too-much-dropout",
    "dropout of 0.95",
    (SECOND, "F.dropout(torch.relu(self.second(x)), 0.95)"),
    to=(*STACKS, "recurrent"),
    placed=True,
    by_degree=True,
)
add(
    "capacity-too-small",
    "one hidden unit",
    only={
        "regressor": [
            (r"nn\.Linear\(4, 64\)", "nn.Linear(4, 1)"),
            (r"nn\.Linear\(64, 64\)", "nn.Linear(1, 1)"),
            (r"nn\.Linear\(64, 1\)", "nn.Linear(1, 1)"),
        ],
        "classifier": [
            (r"nn\.Linear\(64, 64\)\n        self\.second", "nn.Linear(64, 1)\n        self.second"),
            (r"self\.second = nn\.Linear\(64, 64\)", "self.second = nn.Linear(1, 1)"),
            (r"nn\.Linear\(64, 10\)", "nn.Linear(1, 10)"),
        ],
    },
    also=("dead-units",),
    by_degree=True,
)

# -- step --------------------------------------------------------------------------------------------------------
add("lr-too-high", "learning rate times 1,000", only=rate(1000), also=("dead-units", "oscillating-loss"))
add("lr-too-high", "learning rate times 50", only=rate(50), also=("dead-units", "oscillating-loss"), by_degree=True)
add("lr-too-low", "learning rate divided by 1,000", only=rate(0.001))
add(
    "oscillating-loss",
    "steps from wall to wall",
    also=("lr-too-high",),
    by_degree=True,
    only={"regressor": [(r"optim\.Adam\(model\.parameters\(\), lr=0\.004\)", "optim.SGD(model.parameters(), lr=1.0)")]},
)
add("over-regularised", "weight decay of 10", (r"(lr=[\d.]+.*)\)$", r"\1, weight_decay=10)"), by_degree=True)
add("stopped-too-early", "a single pass", (EPOCHS, "range(1):"), by_degree=True)
add("stale-gradient", "no zero_grad", (r"        optimizer\.zero_grad\(\)\n", ""), by_degree=True)
