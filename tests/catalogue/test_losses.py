"""Every loss against its textbook formula at 50 digits, in torch, NumPy and floats; nothing here names a member."""

import math

import mpmath as mp
import numpy as np
import pytest
import torch
import torch.nn.functional as F

from neurologist.catalogue import Loss, losses
from neurologist.functional import LossFunction
from neurologist.functional import losses as functions
from neurologist.theory import canonical_link

BY_FORMULA = [name for name, spec in losses.items() if not spec.delegated]
ROWS, CLASSES = 4, 5
GOLDEN = 0.6180339887  # multiples of it, without their whole part, fill the unit interval evenly and without ties


def spread(domain, count: int, reach: float, start: int = 0) -> list[float]:
    """Values all over a domain; an open end is left out, an infinite one cut off."""
    low, high = max(domain.lo, -reach), min(domain.hi, reach)
    return [low + (high - low) * (0.03 + 0.94 * ((GOLDEN * (i + 1) + 0.29 * start) % 1)) for i in range(count)]


def sample(spec: Loss, reach: float = 3.0, rows: int = ROWS) -> dict[str, np.ndarray]:
    """Operands of a loss, in its domains, as arrays."""
    found = {}
    for at, operand in enumerate(spec.operands):
        width = CLASSES + (2 if spec.shapes.get(operand) == "length" else 0)
        shape = (rows, width) if spec.vector else (rows * CLASSES,)
        if spec.shapes.get(operand) == "row":
            shape = shape[:-1]
        found[operand] = np.array(spread(spec.domain(operand), math.prod(shape), reach, at)).reshape(shape)
        found[operand] = _of_kind(spec, operand, found[operand])
    return found


def _of_kind(spec: Loss, operand: str, values: np.ndarray) -> np.ndarray:
    if operand == "t" and spec.target_kind == "class_index":
        return np.arange(len(values)) % CLASSES if spec.along == "classes" else _listed(values.shape)
    if operand == "t" and spec.target_kind == "sign":
        return np.where(np.arange(values.size).reshape(values.shape) % 3 == 0, -1.0, 1.0)
    if operand == "t" and spec.target_kind == "distribution":
        return values / values.sum()
    if operand != "t" and spec.expects == "probabilities" and spec.vector and spec.along == "classes":
        return values / values.sum(-1, keepdims=True)
    return values


def _listed(shape: tuple[int, ...]) -> np.ndarray:
    found = np.full(shape, -1)
    for i, row in enumerate(found):
        row[: 1 + i % 3] = [(i + 2 * j) % CLASSES for j in range(1 + i % 3)]
    return found


def tensors(values: dict[str, np.ndarray], dtype: torch.dtype = torch.float64) -> dict[str, torch.Tensor]:
    found = {name: torch.from_numpy(value) for name, value in values.items()}
    return {
        name: value.to(dtype).requires_grad_(name != "t") if value.is_floating_point() else value
        for name, value in found.items()
    }


def oracle(function: LossFunction, values: dict[str, np.ndarray]) -> list[float]:
    """Every entry's or vector's loss at 50 digits."""
    batch = function.spec.prepare in ("views", "matches", "both", "products")
    if batch:
        return [float(value) for value in np.ravel(function.reference(*values.values()))]
    if not function.spec.vector:
        return [float(function.reference(*row)) for row in zip(*[v.tolist() for v in values.values()], strict=True)]
    return [float(function.reference(*row)) for row in zip(*values.values(), strict=True)]


def rounded(values: dict[str, torch.Tensor]) -> dict[str, np.ndarray]:
    """What half precision has made of the operands, exactly."""
    found = {name: value.detach() for name, value in values.items()}
    return {k: v.double().numpy() if v.is_floating_point() else v.numpy() for k, v in found.items()}


TOLERANCE = {torch.float64: 1e-12, torch.float32: 2e-5, torch.bfloat16: 2**-7, torch.float16: 2**-10}


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
@pytest.mark.parametrize("name", BY_FORMULA)
def test_value_agrees_with_the_formula_at_50_digits(name: str, dtype: torch.dtype) -> None:
    function = functions[name]
    values = tensors(sample(losses[name]), dtype)
    got = function(*values.values(), reduction="none")
    expected = oracle(function, rounded(values))
    assert got.dtype == dtype
    scale = max(map(abs, expected))
    assert got.flatten().tolist() == pytest.approx(expected, rel=TOLERANCE[dtype], abs=1e-3 * TOLERANCE[dtype] * scale)


@pytest.mark.parametrize("name", BY_FORMULA)
def test_arrays_and_floats_agree_with_the_formula(name: str) -> None:
    function, values = functions[name], sample(losses[name], reach=30.0 if losses[name].vector else 8.0)
    expected = oracle(function, values)
    got = function(*values.values(), reduction="none")
    assert np.ravel(got).tolist() == pytest.approx(expected, rel=1e-11, abs=1e-13)
    half = {name: v.astype(np.float32) if v.dtype.kind == "f" else v for name, v in values.items()}
    assert function(*half.values()).dtype == np.float32
    if not losses[name].vector:
        floats = [function(*row) for row in zip(*[v.tolist() for v in values.values()], strict=True)]
        assert floats == pytest.approx(expected, rel=1e-11, abs=1e-13)


@pytest.mark.parametrize("name", BY_FORMULA)
def test_gradient_agrees_with_the_slope_of_the_formula(name: str) -> None:
    spec, function = losses[name], functions[name]
    if spec.held or (spec.prepare in ("views", "matches", "both", "products")):
        pytest.skip("its slope has a test of its own")
    values = tensors(sample(spec))
    first = spec.operands[0]
    loss = function(*values.values(), reduction="none")
    (gradient,) = torch.autograd.grad(loss.sum(), values[first])
    row = {operand: value[1] for operand, value in rounded(values).items()}
    for at in range(CLASSES if spec.vector else 1):
        with mp.workdps(60):
            step = mp.mpf(10) ** -25
            ends = [_at(function, row, first, at, change) for change in (step, -step)]
            slope = float((ends[0] - ends[1]) / (2 * step))
        got = gradient[1, at].item() if spec.vector else gradient[1].item()
        assert got == pytest.approx(slope, rel=1e-9, abs=1e-12)


def _at(function: LossFunction, row: dict[str, np.ndarray], operand: str, at: int, change: mp.mpf) -> mp.mpf:
    moved = np.ravel(np.frompyfunc(mp.mpf, 1, 1)(np.asarray(row[operand]).astype(object))).copy()
    moved[at] += change
    value = moved if function.spec.vector else moved[0]
    return function.reference(*{**row, operand: value}.values())


@pytest.mark.parametrize("name", BY_FORMULA)
def test_gradients_to_second_order(name: str) -> None:
    spec, function = losses[name], functions[name]
    values = tensors(sample(spec, reach=1.7, rows=3))
    if spec.held:  # numeric differences would see the weights that are held
        return
    free = [operand for operand in spec.operands if operand != "t"]

    def loss(*given: torch.Tensor) -> torch.Tensor:
        return function(*{**values, **dict(zip(free, given, strict=True))}.values(), reduction="none", check=False)

    assert torch.autograd.gradcheck(loss, [values[operand] for operand in free])
    if name == "multilabel_margin":  # torch's own, which has no second derivative
        return
    assert torch.autograd.gradgradcheck(loss, [values[operand] for operand in free])


@pytest.mark.parametrize("name", BY_FORMULA)
def test_reductions_mean_what_torch_means(name: str) -> None:
    values = sample(losses[name])
    for given in (values, {name: torch.from_numpy(value) for name, value in values.items()}):
        each = functions[name](*given.values(), reduction="none")
        assert float(functions[name](*given.values())) == pytest.approx(float(each.mean()))
        assert float(functions[name](*given.values(), reduction="sum")) == pytest.approx(float(each.sum()))


WITH_TORCH = [name for name in BY_FORMULA if losses[name].torch_function]


@pytest.mark.parametrize("name", WITH_TORCH)
def test_agrees_with_torch(name: str) -> None:
    spec = losses[name]
    values = {operand: value.detach() for operand, value in tensors(sample(spec)).items()}
    theirs = getattr(F, spec.torch_function)
    for reduction in ("none", "mean", "sum") if spec.target_kind != "distribution" else ("none", "sum", "batchmean"):
        got = functions[name](*values.values(), reduction=reduction)
        assert torch.allclose(got, theirs(*values.values(), reduction=reduction, **spec.torch_arguments), atol=1e-9)


HARD = (0.0, 1e-30, 1e-6, 0.5, 20.0, 90.0, 800.0, 1e4, 1e6)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
@pytest.mark.parametrize("name", [n for n in BY_FORMULA if losses[n].expects in ("real", "logits")])
def test_finite_predictions_never_give_nan(name: str, dtype: torch.dtype) -> None:
    spec, function = losses[name], functions[name]
    values = tensors(sample(spec, rows=8), dtype)
    domain = spec.domain(spec.operands[0])
    points = [s * v for v in HARD for s in (1, -1) if domain.contains(s * v) and (s * v > 1e-6 or domain.lo < -1)]
    first = torch.tensor([points[(3 * i) % len(points)] for i in range(values[spec.operands[0]].numel())])
    values[spec.operands[0]] = first.reshape(values[spec.operands[0]].shape).to(dtype).requires_grad_()
    loss = function(*values.values(), reduction="none")
    (gradient,) = torch.autograd.grad(loss.sum(), values[spec.operands[0]])
    assert not loss.isnan().any()
    assert not gradient.isnan().any()
    plain = function(
        *[value.detach().float().numpy() if value.is_floating_point() else value.numpy() for value in values.values()]
    )
    assert not np.isnan(plain).any()


@pytest.mark.parametrize("name", BY_FORMULA)
def test_scores_along_dim_1_and_more_dims_as_in_torch(name: str) -> None:
    spec = losses[name]
    if spec.along not in ("classes", "sample"):
        return
    values = tensors(sample(spec, rows=6))
    if spec.along == "sample":
        shaped = [value.reshape(6, CLASSES, 1) for value in values.values()]
        assert torch.allclose(functions[name](*shaped), functions[name](*values.values()))
        return
    scores = values[spec.operands[0]].reshape(2, 3, CLASSES).movedim(-1, 1)
    got = functions[name](scores, values["t"].reshape(2, 3), reduction="none")
    assert torch.allclose(got.flatten(), functions[name](*values.values(), reduction="none"))
    arrays = functions[name](scores.detach().numpy(), values["t"].reshape(2, 3).numpy(), reduction="none")
    assert np.allclose(arrays, got.detach().numpy())


@pytest.mark.parametrize("name", [n for n in BY_FORMULA if losses[n].along == "classes"])
def test_one_hot_rows_are_class_indices(name: str) -> None:
    values = tensors(sample(losses[name]))
    rows = F.one_hot(values["t"], CLASSES).double()
    hard = functions[name](*values.values(), reduction="none")
    assert torch.allclose(functions[name](values[losses[name].symbol], rows, reduction="none"), hard)
    arrays = functions[name](values[losses[name].symbol].detach().numpy(), rows.numpy(), reduction="none")
    assert np.allclose(arrays, hard.detach().numpy())


@pytest.mark.parametrize("name", [n for n in BY_FORMULA if losses[n].along == "classes"])
def test_ignored_and_weighted_classes(name: str) -> None:
    values = {operand: value.detach() for operand, value in tensors(sample(losses[name])).items()}
    scores, t = values[losses[name].symbol], values["t"]
    each = functions[name](scores, t, reduction="none")
    if name not in WITH_TORCH or losses[name].torch_function != "multi_margin_loss":
        gone = t.clone()
        gone[1] = -100
        kept = [0, 2, 3]
        assert torch.allclose(functions[name](scores, gone), each[kept].mean())
        assert functions[name](scores.numpy(), gone.numpy()) == pytest.approx(each[kept].mean().item())
        weight = torch.arange(1.0, CLASSES + 1).double()
        expected = (each * weight[t]).sum() / weight[t].sum()
        assert torch.allclose(functions[name](scores, t, weight=weight), expected)
        arrays = functions[name](scores.numpy(), t.numpy(), weight=weight.numpy())
        assert arrays == pytest.approx(expected.item())


@pytest.mark.parametrize("name", list(losses))
def test_members_are_whole(name: str) -> None:
    spec = losses[name]
    assert 1700 < spec.source.year < 2100
    assert len(spec.source.title) >= 5
    assert spec.source.author
    assert functions[name].latex.count("{") == functions[name].latex.count("}")
    assert set(spec.domains) <= {*spec.operands, *spec.parameters}
    assert set(spec.shapes) <= set(spec.operands)
    assert ("t" in spec.operands) == (spec.target_kind != "none")


@pytest.mark.parametrize("name", [n for n in BY_FORMULA if losses[n].operands in (("z", "t"), ("p", "t"))])
def test_derivations_hold_line_by_line(name: str) -> None:
    spec, derivation = losses[name], functions[name].derivation
    if spec.vector and not spec.steps:
        assert [step.of for step in derivation.steps if step.of == "loss"] == ["loss"]
        return
    vectors = ([0.3, -1.2, 2.0, 0.7], [0.1, 0.6, 0.05, 0.25])
    target = 0.3 if spec.targets.contains(0.3) and spec.target_kind != "sign" else -1.0
    point, target = vectors if spec.vector else (0.45, target)
    found = derivation.check(point, target)
    for of in {step.of for step in derivation.steps}:
        lines = [np.ravel(v) for step, v in zip(derivation.steps, found, strict=True) if step.of == of]
        for line in lines[1:]:
            assert all(abs(a - b) < 1e-12 for a, b in zip(line, lines[0], strict=True))
    if spec.vector:
        slope = next(v for step, v in zip(derivation.steps, found, strict=True) if step.of == "slope")
        numeric = [_slope(derivation.steps[0].formula, spec, point, target, at) for at in range(4)]
        assert [float(v) for v in np.ravel(slope)] == pytest.approx(numeric, abs=1e-9)


def _slope(formula: str, spec: Loss, point: list[float], target: list[float], at: int) -> float:
    from neurologist.catalogue.oracle import exact

    ends = []
    for change in (1e-6, -1e-6):
        moved = list(point)
        moved[at] += change
        ends.append(exact(formula, {spec.symbol: moved, "y": target, "t": target, **spec.parameters}).item())
    return float((ends[0] - ends[1]) / 2e-6)


@pytest.mark.parametrize("name", list(losses))
def test_a_canonical_link_makes_the_slope_prediction_minus_target(name: str) -> None:
    link = canonical_link(losses[name])
    assert functions[name].canonical_link == link
    if link is None or losses[name].applies is None:
        return
    z = torch.randn(ROWS, CLASSES, dtype=torch.float64, requires_grad=True)
    t = torch.rand(ROWS, CLASSES, dtype=torch.float64).softmax(1)
    (slope,) = torch.autograd.grad(functions[name](z, t, reduction="sum"), z)
    mean = {"softmax": lambda z: z.softmax(1), "sigmoid": torch.sigmoid, "exp": torch.exp}[link](z)
    assert torch.allclose(slope, mean - t)
