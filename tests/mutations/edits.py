"""Where programs are edited, as regular expressions, and edits that several faults have in common."""

from __future__ import annotations

from .fault import Edit

FORWARD = r"outputs = model\(x\[rows\]\)"
CE = r"F\.cross_entropy\(outputs, y\[rows\]\)"
MSE = r"F\.mse_loss\(outputs, y\[rows\]\)"
LOSS = r"F\.(\w+)\(outputs, y\[rows\]\)"
MODEL = r"^model = Net\(\)$"
RATE = r"lr=[\d.]+"
EPOCHS = r"range\(\d+\):$"
BATCHES = r"torch\.randperm\(len\(x\)\)\.split\(64\)"
FIRST = r"torch\.relu\(self\.first\(x\)\)"
HEAD = r"nn\.Linear\((.*), 10\)"
SECOND = r"torch\.relu\(self\.second\(x\)\)"
EVALUATION = r"        optimizer\.step\(\)\n\Z", "        optimizer.step()\n    model.eval()\n"
STACKS = ("classifier", "convolutional", "regressor")  # layers one after the other


def after_model(*lines: str) -> Edit:
    return MODEL, "\n".join(("model = Net()", *lines))


def to_data(line: str) -> Edit:
    """A line between the data and the model."""
    return MODEL, f"{line}\nmodel = Net()"


def rate(factor: float) -> dict[str, list[Edit]]:
    usual = {"classifier": 0.05, "convolutional": 0.003, "recurrent": 0.005, "regressor": 0.004, "transformer": 0.003}
    return {name: [(RATE, f"lr={factor * value:g}")] for name, value in usual.items()}


def stack(layers: str, count: int) -> dict[str, list[Edit]]:
    """The second layer many times over."""
    kinds = {
        "classifier": "nn.Linear(64, 64)",
        "regressor": "nn.Linear(64, 64)",
        "convolutional": "nn.Conv2d(16, 16, 3, padding=1)",
    }
    made = "self.second = nn.Sequential(*[m for _ in range({}) for m in ({}, {})])"
    pattern = r"self\.second = nn\.\w+\(.*\)$"
    return {name: [(pattern, made.format(count, kind, layers))] for name, kind in kinds.items()}


def normalised() -> dict[str, list[Edit]]:
    """A batch normalisation behind the second layer."""
    kinds = {"classifier": "BatchNorm1d(64)", "regressor": "BatchNorm1d(64)", "convolutional": "BatchNorm2d(16)"}
    after = SECOND, "torch.relu(self.norm(self.second(x)))"
    return {
        name: [(r"self\.head = ", f"self.norm = nn.{kind}\n        self.head = "), after]
        for name, kind in kinds.items()
    }
