"""Faults of the network and of the step; each is what a rule's specimen does, done to other programs."""

from __future__ import annotations

from .edits import EPOCHS, EVALUATION, FIRST, FORWARD, MODEL, RATE, SECOND, STACKS, after_model, normalised, rate, stack
from .fault import Builder

network = Builder()
add = network.add

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
    causes=("bad_init",),
    by_degree=True,
)
add(
    "ill-scaled-weights",
    "weights divided by 100",
    after_model("for p in model.parameters():", "    p.data /= 100"),
    causes=("bad_init",),
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
    by_degree=True,
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
    by_degree=True,
)
add(
    "unused-parameters",
    "detached before the last layer",
    (r"self\.head\(x\)", "self.head(x.detach())"),
    to=(*STACKS, "recurrent"),
    only={"transformer": [(r"self\.norm\(x\[:, -1\]\)\)", "self.norm(x[:, -1].detach()))")]},
    by_degree=True,
)
add(
    "frozen-parameters",
    "most of a fresh network frozen",
    after_model("model.first.requires_grad_(False)", "model.second.requires_grad_(False)"),
    to=STACKS,
    only={
        "recurrent": [after_model("model.cells.requires_grad_(False)")],
        "transformer": [after_model("model.blocks.requires_grad_(False)")],
    },
    by_degree=True,
)

# -- step --------------------------------------------------------------------------------------------------------
add("lr-too-high", "learning rate times 1,000", only=rate(1000), also=("oscillating-loss",), causes=("lr_too_high",))
add(
    "lr-too-high",
    "learning rate times 50",
    only=rate(50),
    also=("oscillating-loss",),
    causes=("lr_too_high",),
    by_degree=True,
)
add("lr-too-low", "learning rate divided by 1,000", only=rate(0.001))
add(
    "oscillating-loss",
    "steps from wall to wall",
    also=("lr-too-high",),
    by_degree=True,
    only={"regressor": [(r"optim\.Adam\(model\.parameters\(\), lr=0\.004\)", "optim.SGD(model.parameters(), lr=1.0)")]},
)
add("over-regularised", "weight decay of 10", (r"(lr=[\d.]+.*)\)$", r"\1, weight_decay=10)"), by_degree=True)
add("stopped-too-early", "ten steps", (EPOCHS, "range(1):"), (r"split\(64\)", "split(64)[:10]"), by_degree=True)
add("stale-gradient", "no zero_grad", (r"        optimizer\.zero_grad\(\)\n", ""), by_degree=True)
add(
    "parameters-not-in-optimizer",
    "an optimizer of the last layer alone",
    (r"\(model\.parameters\(\)", "(model.head.parameters()"),
    placed=True,
    by_degree=True,
)
add(
    "eval-mode-training",
    "evaluation mode after the first pass",
    only={name: [*edits, EVALUATION] for name, edits in normalised().items()},
    by_degree=True,
)
add(
    "batch-norm-of-few",
    "batch normalisation of two rows",
    only={
        name: [*normalised()[name], (r"split\(64\)", "split(2)[:150]"), (RATE, "lr=0.002")]
        for name in ("classifier", "regressor")
    },
)
add(
    "half-precision-underflow",
    "weights in bfloat16, and small steps",
    (MODEL, "model = Net().bfloat16()\nx = x.bfloat16()"),
    (FORWARD, "outputs = model(x[rows]).float()"),
    (RATE, "lr=0.0001"),
    to=("convolutional", "regressor", "transformer"),
    by_degree=True,
)
add(
    "half-precision-overflow",
    "products in float16, divided after they are summed",
    only={
        "transformer": [
            (r"q @ k\.mT / 32\*\*0\.5", "((100 * q).half() @ (100 * k).half().mT / (1e4 * 32**0.5)).float()"),
        ]
    },
    placed=True,
)
