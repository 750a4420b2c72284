"""`nl.choose`: recommendations are judged against measured networks, and numbers against other computations of them."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

import neurologist as nl
from neurologist.catalogue import activations, losses
from neurologist.catalogue.interval import REAL, UNIT
from neurologist.functional import functions
from neurologist.report import json as strict
from neurologist.theory.choose import PLACES, TAKES, choose
from neurologist.theory.choose_loss import WRONG, floor, losses_for, value_of
from neurologist.theory.choose_made import Choice
from neurologist.theory.choose_stack import Place, candidate

HIDDEN = [
    {"depth": depth, "width": width, "norm": norm, "residual": residual}
    for depth, width in ((2, 64), (30, 512))
    for norm in (None, "layer", "batch")
    for residual in (False, True)
]
SANE = {"relu", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "mish"}  # what papers on plain and normed nets use


def reason(choice: Choice, what: str) -> float | str:
    (found,) = [one.value for one in choice.reasons if one.what.startswith(what)]
    return found


def number(choice: Choice, what: str) -> float:
    found = reason(choice, what)
    assert isinstance(found, float)
    return found


def refused(choice: Choice) -> dict[str, str]:
    return {one.name: one.problem for one in choice.avoid}


def deep(name: str, depth: int, width: int, seed: int) -> tuple[float, float]:
    """Mean square of the last layer of a random network, and the gradient's RMS at the first over the last."""
    torch.manual_seed(seed)
    function, gain = getattr(nl, name), activations[name] and nl.gain(name)
    z = torch.randn(1, width, requires_grad=True)
    layer = z
    for _ in range(depth):
        layer = function(layer) @ torch.randn(width, width) * (gain / math.sqrt(width))
    back = torch.randn(1, width)
    (gradient,) = torch.autograd.grad(layer, z, back)
    return float(layer.detach().square().mean()), float(gradient.norm() / back.norm())


@pytest.mark.parametrize("given", HIDDEN, ids=str)
def test_hidden_layers_get_what_torch_has_and_engineers_use(given: dict[str, object]) -> None:
    choice = choose("hidden", **given)  # type: ignore[arg-type]
    assert choice.use in SANE
    assert choice.use == choice.options[0].name
    assert not choice.warning
    assert all(hasattr(F, str(activations[one.name].torch_function)) for one in choice.options)
    assert not {one.name for one in choice.options} & set(refused(choice))


def test_thirty_plain_layers_have_the_known_numbers() -> None:
    choice = choose("hidden", depth=30, width=512)
    values = {one.name: one.value for one in choice.avoid}
    # measured on networks of 30 layers x 512: 5.75e-13 and 11.9
    assert values["sigmoid"] == pytest.approx(5.79e-13, rel=0.01)
    assert values["tanh"] == pytest.approx(11.6, rel=0.01)
    assert refused(choice)["sigmoid"] == "vanishes"
    assert refused(choice)["tanh"] == "explodes"
    assert refused(choice)["silu"] == refused(choice)["gelu"] == "drifts"
    assert refused(choice)["identity"] == "linear"
    assert refused(choice)["threshold"] == "jumps"
    assert "relu" in {one.name for one in choice.options}
    assert re.search(r"its slope is 0 on \(-inf, 0\]", next(o.behind for o in choice.options if o.name == "relu"))


def test_the_recommended_gradient_is_what_a_network_has() -> None:
    choice = choose("hidden", depth=20, width=256)
    measured = [deep(choice.use, 20, 256, seed)[1] for seed in range(12)]
    predicted = number(choice, "gradient over 20 layers")
    assert math.exp(np.mean(np.log(measured))) == pytest.approx(predicted, rel=0.15)
    assert number(choice, "with torch's default weights") < 1e-3 * predicted


@pytest.mark.parametrize("name", ["relu", "elu", "tanh", "selu", "gelu"])
def test_the_scatter_is_that_of_networks_of_finite_width(name: str) -> None:
    depth, width = (6, 128)
    squares = [deep(name, depth, width, seed)[0] for seed in range(200)]
    predicted = candidate(activations[name], Place(depth, width)).scatter
    assert np.std(np.log(squares)) == pytest.approx(predicted, rel=0.25)


def test_what_all_inputs_have_in_common_is_no_signal() -> None:
    choice = choose("hidden", norm="layer", residual=True)
    (flat,) = [one for one in choice.avoid if one.name == "softplus"]
    assert flat.problem == "constant"
    one, other = F.softplus(torch.randn(2, 400_000, dtype=torch.float64))
    assert float((one @ other) / (one.norm() * other.norm())) == pytest.approx(float(flat.value), abs=0.005)


def test_a_gradient_below_the_dtype_s_resolution_is_said_to_be_lost() -> None:
    def said(depth: int, dtype: str) -> str:
        return next(one.means for one in choose("hidden", depth=depth, dtype=dtype).avoid if one.name == "sigmoid")

    assert "float32 rounds it away" in said(30, "float32")
    assert "rounds it away" not in said(10, "float32")
    assert "bfloat16 rounds it away" in said(10, "bfloat16")


def test_narrow_layers_are_too_narrow_for_a_function_that_drifts() -> None:
    assert refused(choose("hidden", depth=10, width=32))["gelu"] == "drifts"
    assert "gelu" not in refused(choose("hidden", depth=10, width=4096))
    assert "gelu" not in refused(choose("hidden", depth=10, width=32, norm="layer"))


def test_deep_batch_norm_explodes_as_published() -> None:
    """Yang et al. (2019): ReLU behind batch norm multiplies the gradient's variance by pi / (pi - 1) per layer."""
    relu = {one.name: one for one in choose("hidden", depth=4, norm="batch").options}["relu"]
    # the first layer's input is no batch norm's output: its own variance is what the first norm divides by
    assert relu.numbers["gradient"] == pytest.approx((math.pi / (math.pi - 1)) ** 1.5, rel=0.02)
    assert refused(choose("hidden", depth=30, norm="batch"))["relu"] == "explodes"
    assert "relu" not in refused(choose("hidden", depth=30, norm="batch", residual=True))


def test_too_deep_a_stack_is_said_to_be_so() -> None:
    choice = choose("hidden", depth=2000, width=64)
    assert "no function that torch has" in choice.warning
    assert "skip connections" in choice.warning
    assert choice.use not in refused(choice)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16", "float64"])
def test_resolution_is_that_of_the_dtype(dtype: str) -> None:
    last = number(choose("gate", dtype=dtype), "slope resolved")
    half_ulp = torch.finfo(getattr(torch, dtype)).eps / 2
    assert nl.sigmoid.derivative(last) == pytest.approx(half_ulp, rel=0.02)
    assert choose("gate", dtype=getattr(torch, dtype)).given["dtype"] == dtype


@pytest.mark.parametrize("steps", [1, 5, 1000])
def test_gates_and_states(steps: int) -> None:
    gate, state = choose("gate", steps=steps), choose("state", steps=steps)
    assert (gate.use, state.use) == ("sigmoid", "tanh")
    assert nl.sigmoid(number(gate, "input to hold")) == pytest.approx(1 - 1 / max(steps, 2))
    assert refused(gate)["hardsigmoid"] == refused(state)["hardtanh"] == "dead"
    assert refused(gate)["tanh"] == "leaves-domain"
    assert refused(state)["relu"] == "explodes"
    assert refused(state)["sigmoid"] == "constant"


def test_a_state_s_gradient_is_that_of_a_recurrent_network() -> None:
    torch.manual_seed(1)
    weight, _ = torch.linalg.qr(torch.randn(400, 400))
    start = torch.randn(64, 400, requires_grad=True)
    state = start
    for _ in range(20):
        state = torch.tanh(state) @ weight
    back = torch.randn_like(state)
    (gradient,) = torch.autograd.grad(state, start, back)
    assert float(gradient.norm() / back.norm()) == pytest.approx(number(choose("state", steps=20), "gradient"), rel=0.1)


OUTPUTS = {
    "binary": ("identity", "sigmoid", "bce_with_logits"),
    "multi-class": ("identity", "softmax", "cross_entropy"),
    "multi-label": ("identity", "sigmoid", "bce_with_logits"),
    "counts": ("identity", "exp", "poisson_nll"),
    "non-negative": ("softplus", "softplus", "mse"),
    "unbounded": ("identity", "identity", "mse"),
}


@pytest.mark.parametrize("kind", OUTPUTS)
def test_outputs_get_the_loss_and_activation_of_their_kind(kind: str) -> None:
    choice = choose(kind)
    assert (choice.use, choice.predict, choice.loss) == OUTPUTS[kind]
    assert str(losses[str(choice.loss)].torch_function) in choice.how


@pytest.mark.parametrize(
    ("low", "high", "how"),
    [
        (-1, 1, r"is tanh\(score\)$"),
        (-3, 3, r"is 3 \* tanh\(score\)$"),
        (0, 5, r"is 5 \* sigmoid\(score\)$"),
        (2, 5, r"is 2 \+ 3 \* sigmoid\(score\)$"),
        (0, 1, r"predict sigmoid\(score\)$"),
    ],
)
def test_bounded_outputs_reach_their_ends_and_no_further(low: float, high: float, how: str) -> None:
    choice = choose("bounded", low=low, high=high)
    assert re.search(how, choice.how)
    written = re.search(r"(?:is|predict) (.*)$", choice.how)
    assert written
    for score, end in ((-60.0, low), (60.0, high)):
        words = {"score": torch.tensor(score), "tanh": torch.tanh, "sigmoid": torch.sigmoid}
        assert float(eval(written[1], words)) == pytest.approx(end, abs=1e-5)


def test_what_a_mistake_leaves_to_learn_is_torch_s_own_slope() -> None:
    score = torch.tensor(-WRONG, dtype=torch.float64, requires_grad=True)
    one = torch.tensor(1.0, dtype=torch.float64)
    (weak,) = torch.autograd.grad(F.mse_loss(score.sigmoid(), one), score)
    (strong,) = torch.autograd.grad(F.binary_cross_entropy_with_logits(score, one), score)
    choice = choose("binary")
    assert number(choice, "slope at a score") == pytest.approx(abs(float(strong)), rel=1e-4)
    values = {one.name: one.value for one in choice.avoid}
    assert values["sigmoid + mse"] == pytest.approx(abs(float(weak)), rel=1e-4)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_predictions_round_to_their_end_where_said(dtype: torch.dtype) -> None:
    last = number(choose("binary", dtype=dtype), "score resolved")
    below, above = torch.tensor([0.98 * last, 1.02 * last], dtype=dtype).sigmoid()
    assert below < 1 == above
    overflows = number(choose("counts", dtype=dtype), "largest score")
    below, above = torch.tensor([0.99 * overflows, 1.01 * overflows], dtype=dtype).exp()
    assert below.isfinite()
    assert above.isinf()


@pytest.mark.parametrize("classes", [2, 10, 1000])
def test_double_softmax_has_its_known_floor(classes: int) -> None:
    choice = choose("multi-class", classes=classes)
    (double,) = [one for one in choice.avoid if one.name == "softmax"]
    assert double.problem == "applied-twice"
    assert double.value == pytest.approx(math.log(1 + (classes - 1) / math.e))
    assert number(choice, "loss of a guess") == pytest.approx(math.log(classes))
    (score,) = [one.value for one in choice.reasons if one.what.startswith("score resolved")]
    margin = torch.tensor([score] + [0.0] * (classes - 1), dtype=torch.float64)
    assert 1 - float(margin.softmax(0)[0]) == pytest.approx(2**-25, rel=1e-3)


def test_a_floor_is_what_training_reaches() -> None:
    target = torch.tensor([0.0])
    z = torch.tensor([1.0], requires_grad=True)
    for _ in range(500):
        loss = F.binary_cross_entropy_with_logits(F.softplus(z), target)
        (slope,) = torch.autograd.grad(loss, z)
        z = (z - 5 * slope).detach().requires_grad_()
    reached = loss.item()
    assert floor(losses["bce_with_logits"], activations["softplus"], 2) == pytest.approx(reached, rel=0.01)


def test_losses_are_those_of_torch() -> None:
    for loss in losses_for("probability", UNIT) + losses_for("real", REAL):
        before = activations["sigmoid" if loss.link == "sigmoid" else "identity"]
        score = torch.tensor(0.7, dtype=torch.float64)
        prediction = functions[before.name](score)
        expected = getattr(F, str(loss.torch_function))(prediction, torch.tensor(0.2, dtype=torch.float64))
        assert value_of(loss, before, 0.7, 0.2) == pytest.approx(float(expected))


RNG = np.random.default_rng(0)
INFERRED = {
    "binary": [
        np.array([True, False]),
        np.array([0.0, 1.0, 1.0]),
        np.array([-1, 1, 1]),
        torch.tensor([0, 1, 0]),
        [[1.0], [0.0]],
        RNG.integers(0, 2, (5, 8, 8)),
    ],
    "multi-class": [
        np.array([0, 2, 1, 2]),
        RNG.integers(0, 10, 2000),
        torch.arange(30) % 3,
        np.eye(4)[RNG.integers(0, 4, 50)],
        torch.softmax(torch.randn(20, 5), 1).half(),
        RNG.integers(0, 3, (4, 16, 16)),
    ],
    "multi-label": [RNG.integers(0, 2, (50, 6)), torch.rand(40, 5) < 0.3],
    "counts": [RNG.poisson(4, 2000), RNG.poisson(30.0, 500).astype(float), np.array([0, 7, 3, 12, 5])],
    "non-negative": [RNG.exponential(2, 400), RNG.lognormal(3, 1, 200), torch.rand(300).bfloat16() * 9],
    "bounded": [RNG.random(500), np.sin(np.linspace(0, 9, 300)), torch.rand(500).double()],
    "unbounded": [RNG.normal(0, 1, 300), RNG.normal(170, 8, 300), np.array([-3, 5, 2, 8]), torch.randn(50, 3)],
}


@pytest.mark.parametrize(("kind", "targets"), [(kind, one) for kind, many in INFERRED.items() for one in many])
def test_the_kind_is_read_off_the_targets(kind: str, targets: object) -> None:
    choice = choose("output", targets)
    assert choice.place == kind
    assert choice.notes[0].startswith(f"Read as {kind}: ")
    assert "name the kind" in choice.notes[0]


def test_counts_and_classes_are_told_apart_by_their_distribution() -> None:
    assert choose("output", RNG.poisson(2, 3000)).place == "counts"
    assert choose("output", RNG.choice(8, 3000, p=[0.3, 0.02, 0.2, 0.03, 0.25, 0.05, 0.1, 0.05])).place == "multi-class"


def test_targets_give_the_numbers_of_a_start() -> None:
    labels = np.repeat([0.0, 1.0], [970, 30])
    choice = choose("output", labels)
    bias = torch.tensor(number(choice, "start the last bias"), dtype=torch.float64)
    assert float(bias.sigmoid()) == pytest.approx(0.03)
    target = torch.from_numpy(labels)
    constant = F.binary_cross_entropy_with_logits(bias.expand(1000), target)
    assert number(choice, "loss of a guess") == pytest.approx(float(constant))
    assert any("pos_weight = 32.3" in note for note in choice.notes)

    counts = RNG.poisson(6, 500)
    choice = choose("counts", counts)
    assert math.exp(number(choice, "start the last bias")) == pytest.approx(counts.mean())
    rates = torch.full((500,), math.log(counts.mean()), dtype=torch.float64)
    expected = F.poisson_nll_loss(rates, torch.from_numpy(counts).double())
    assert number(choice, "loss of a guess") == pytest.approx(float(expected))

    classes = np.repeat([0, 1, 2], [80, 15, 5])
    shares = np.array([0.8, 0.15, 0.05])
    choice = choose("output", classes)
    assert number(choice, "loss of a guess") == pytest.approx(-float(shares @ np.log(shares)))
    assert any("Class 2" in note for note in choice.notes)

    scaled = choose("bounded", [10.0, 12.0, 19.0], low=10, high=20)
    assert 10 + 10 * nl.sigmoid(number(scaled, "start the last bias")) == pytest.approx(41 / 3)


def test_targets_are_held_against_ranges() -> None:
    targets = np.array([-2.0, -1.0, 0.5, 3.0])
    values = {one.name: one.value for one in choose("unbounded", targets).avoid if one.problem == "excludes-targets"}
    assert values["relu"] == 0.5
    assert values["tanh"] == 0.5
    assert values["sigmoid"] == 0.75
    assert "identity" not in values
    assert refused(choose("non-negative"))["relu"] == "dead"
    assert refused(choose("non-negative"))["identity"] == "leaves-targets"


@pytest.mark.parametrize(
    ("targets", "said"),
    [
        (RNG.normal(5000, 300, 500), "standard deviation"),
        (np.append(RNG.normal(0, 1, 500), [400.0, -300.0]), "huber"),
        (RNG.lognormal(0, 4, 500), "logarithm"),
        (np.array([-1, 1, -1]), "(t + 1) / 2"),
        (np.concatenate([RNG.poisson(1, 300), RNG.poisson(14, 300)]) * 1.0, "Poisson"),
    ],
)
def test_what_else_the_targets_say(targets: np.ndarray, said: str) -> None:
    assert any(said in note for note in choose("output", targets).notes)


def test_ordinary_targets_need_no_advice() -> None:
    assert len(choose("output", RNG.normal(0, 1, 500)).notes) == 1
    assert len(choose("output", np.arange(90) % 3).notes) == 1


BAD = {
    "unknown place": (("hiden",), {}, ValueError, "'hiden'.*did you mean 'hidden'"),
    "stray": (("gate",), {"width": 3}, TypeError, r"choose\('gate'\) got width: expected steps, dtype"),
    "stray targets": (("hidden", [0, 1]), {}, TypeError, "got targets: expected depth, width"),
    "depth": (("hidden",), {"depth": 0}, ValueError, "depth=0: expected a whole number, 1 to 10000"),
    "depth half": (("hidden",), {"depth": 2.5}, ValueError, "depth=2.5"),
    "norm": (("hidden",), {"norm": "group"}, ValueError, "norm='group': expected None, 'layer' or 'batch'"),
    "dtype": (("hidden",), {"dtype": "int8"}, ValueError, "dtype 'int8': expected one of bfloat16"),
    "no targets": (("output",), {}, ValueError, "got no targets: expected some examples, or a kind: binary"),
    "empty": (("output", []), {}, ValueError, "got no values: expected"),
    "constant": (("output", [3, 3]), {}, ValueError, "nothing but 3: expected at least two different"),
    "nan": (("output", [0.0, math.nan, 1.0]), {}, ValueError, "got 1 NaN or infinite of 3 values"),
    "text": (("output", ["cat", "dog"]), {}, TypeError, "expected real numbers; give classes as indices"),
    "ragged": (("output", [[0, 1], [1]]), {}, TypeError, "rows of different lengths"),
    "complex": (("output", torch.tensor([1j])), {}, TypeError, "complex128 values: expected real"),
    "no bounds": (("bounded",), {"low": 1}, ValueError, "low=1, high=None: expected two ends"),
    "turned": (("bounded",), {"low": 1, "high": 0}, ValueError, "low < high"),
    "outside": (("bounded", [0, 7.5]), {"low": 0, "high": 5}, ValueError, r"0.5 of them outside \[0, 5\]"),
    "negative": (("counts", [0, -3]), {}, ValueError, "from -3 to 0.*outside"),
    "fraction": (("counts", [0, 1.5]), {}, ValueError, "no whole numbers, such as 1.5"),
    "not binary": (("binary", [0, 1, 2]), {}, ValueError, r"outside \[0, 1\]"),
    "not one class": (("multi-class", [[1, 1], [0, 1]]), {}, ValueError, "rows add up to 1 to 2.*'multi-label'"),
    "one class": (("multi-class",), {"classes": 1}, ValueError, "expected 2 or more; yes or no is 'binary'"),
    "few classes": (("multi-class", [0, 4]), {"classes": 3}, ValueError, "classes=3: expected 5 or more"),
    "no classes": (("output", [0.5, -3.0]), {"classes": 3}, ValueError, "its targets are unbounded: leave classes out"),
}


@pytest.mark.parametrize("case", BAD)
def test_an_error_says_what_was_given_and_what_to_do(case: str) -> None:
    arguments, given, error, said = BAD[case]
    with pytest.raises(error, match=said):
        choose(*arguments, **given)


@pytest.mark.parametrize("written", ["multi-class", "multi_class", "MultiClass", "multi class"])
def test_places_are_found_however_they_are_written(written: str) -> None:
    assert choose(written).place == "multi-class"


@pytest.mark.parametrize("place", PLACES)
def test_a_choice_is_plain_data_and_readable(place: str) -> None:
    choice = choose(place, **PLACES[place])
    data = json.loads(strict.dumps(choice.to_dict()))
    assert data["use"] == choice.use
    assert data["reasons"]
    assert data["avoid"]
    assert {one["name"] for one in data["options"]} >= {data["options"][0]["name"]}
    assert choice.recommendation in str(choice)
    assert "nan" not in str(choice).lower().replace("lernan", "")
    assert all(one.means for one in choice.avoid)
    assert set(TAKES) - set(PLACES) == {"output"}


def test_a_recommended_network_trains_where_a_refused_one_does_not() -> None:
    """Thirty plain layers on a small task: what is said of initialisation shows in training."""

    def trained(name: str, gained: bool) -> float:
        torch.manual_seed(0)
        layers = [nn.Linear(2, 64)]
        for _ in range(30):
            layers += [nl.activations[name].module(), nn.Linear(64, 64)]
        model = nn.Sequential(*layers, nn.Linear(64, 2))
        for layer in model if gained else ():
            if isinstance(layer, nn.Linear):
                nn.init.normal_(layer.weight, std=nl.gain(name) / math.sqrt(layer.in_features))
                nn.init.zeros_(layer.bias)
        x = torch.rand(256, 2) * 2 - 1
        y = (x.prod(1) > 0).long()
        optimizer = torch.optim.Adam(model.parameters(), 3e-4)
        for _ in range(80):
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return loss.item()

    choice = choose("hidden", depth=30, width=64)
    assert trained(choice.use, gained=True) < 0.3
    assert trained("sigmoid", gained=True) > 0.6
    assert trained("sigmoid", gained=False) > 0.6


def test_targets_are_read_without_torch() -> None:
    code = (
        "import sys; sys.modules['torch'] = None\nfrom neurologist import choose\n"
        "print(choose('output', [0, 1, 1]).loss, choose('hidden').use)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[0] == "bce_with_logits"
