"""Losses as a user meets them: known numbers, half precision, what is refused and what is said then."""

import itertools
import math
import pickle

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from neurologist import catalogue
from neurologist.functional import losses
from neurologist.theory import canonical_link

ROWS = torch.tensor([[-1.0, 2.0, -3.0, 4.0], [-2.0, 3.0, -3.0, 9.0]])


def test_the_catalogue_is_the_union_of_the_usual_ones() -> None:
    assert len(losses) >= 45
    of_torch = [name for name in dir(F) if name.endswith("_loss") or "entropy" in name]
    own = {"linear_cross_entropy"}  # a layer and its loss in one
    assert {name for name in of_torch if catalogue.loss_by_function(name) is None} <= own


def test_values_of_the_teaching_pages() -> None:
    # Squared errors 0.25, 0.25, 0, 1: their mean is 0.375, as scikit-learn's pages have it.
    assert losses["mse"](np.array([2.5, 0.0, 2.0, 8.0]), np.array([3.0, -0.5, 2.0, 7.0])) == 0.375
    assert losses["l1"](np.array([2.5, 0.0, 2.0, 8.0]), np.array([3.0, -0.5, 2.0, 7.0])) == 0.5
    assert losses["cross_entropy"](np.zeros((4, 10)), np.arange(4)) == pytest.approx(math.log(10))
    # -log .8749 and -log .9975, from the rows whose softmax the pages print.
    each = losses["cross_entropy"](ROWS, torch.tensor([3, 3]), reduction="none")
    assert each.tolist() == pytest.approx([-math.log(0.8749), -math.log(0.9975)], rel=1e-2, abs=1e-4)
    assert losses["bce"](0.5, 1.0) == pytest.approx(math.log(2))
    assert losses["kl_div"](math.log(0.25), 0.5) == pytest.approx(0.5 * math.log(2))
    assert losses["quantile"](0.0, 1.0, q=0.9) == pytest.approx(0.9)
    assert losses["huber"](3.0, 0.0) == 2.5


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_cross_entropies_keep_value_and_gradient_in_half_precision(dtype: torch.dtype) -> None:
    z = torch.tensor([[10.0, 0.0], [0.0, 10.0]], dtype=dtype, requires_grad=True)
    for target in (torch.tensor([0, 1]), torch.eye(2)):
        loss = losses["cross_entropy"](z, target, reduction="none")
        (gradient,) = torch.autograd.grad(loss.sum(), z)
        assert loss.tolist() == pytest.approx([math.log1p(math.exp(-10))] * 2, rel=2**-8)
        assert gradient.tolist() == [
            pytest.approx([-4.54e-5, 4.54e-5], rel=1e-2),
            pytest.approx([4.54e-5, -4.54e-5], rel=1e-2),
        ]
    flat = z.detach()[:, 0].clone().requires_grad_()
    loss = losses["bce_with_logits"](flat, torch.tensor([1.0, 0.5]), reduction="none")
    (gradient,) = torch.autograd.grad(loss.sum(), flat)
    assert loss[0].item() == pytest.approx(math.log1p(math.exp(-10)), rel=2**-8)
    assert gradient[0].item() == pytest.approx(-4.54e-5, rel=1e-2)


@pytest.mark.parametrize("margin", [1.0, 6.0, 17.0, 40.0, 80.0])
@pytest.mark.parametrize("name", ["cross_entropy", "focal", "poly", "generalized_cross_entropy"])
def test_large_margins_round_nothing_away(name: str, margin: float) -> None:
    z = torch.tensor([[margin, 0.0, -1.0]], requires_grad=True)
    loss = losses[name](z, torch.tensor([0]))
    (gradient,) = torch.autograd.grad(loss, z)
    small = margin >= 40 and name == "focal"  # its cube is below the smallest float
    assert loss.item() > 0 or small
    assert gradient[0, 1].item() > 0 or small
    if name == "cross_entropy":
        rest = (1 + math.exp(-1)) * math.exp(-margin)
        assert loss.item() == pytest.approx(math.log1p(rest), rel=1e-5)
        assert gradient[0, 0].item() == pytest.approx(-rest / (1 + rest), rel=1e-5)


def test_cross_entropy_is_torchs_own_in_all_its_uses() -> None:
    scores = torch.randn(3, 5, 4, dtype=torch.float64, requires_grad=True)
    classes = torch.randint(0, 5, (3, 4))
    classes[0, 0] = -100
    soft, weight = torch.rand(3, 5, 4).double().softmax(1), torch.rand(5).double()
    ours, theirs = losses["cross_entropy"], F.cross_entropy
    for target, smoothing, weights, reduction in itertools.product(
        (classes, soft), (0.0, 0.1), (None, weight), ("mean", "sum", "none")
    ):
        given = {"label_smoothing": smoothing, "weight": weights, "reduction": reduction}
        a, b = ours(scores, target, **given), theirs(scores, target, **given)
        assert torch.allclose(a, b)
        (slope,) = torch.autograd.grad(a.sum(), scores)
        (expected,) = torch.autograd.grad(b.sum(), scores)
        assert torch.allclose(slope, expected)
    assert torch.allclose(
        ours(scores, classes.clamp(min=0), ignore_index=0), theirs(scores, classes.clamp(min=0), ignore_index=0)
    )
    masked = torch.tensor([[1.0, -torch.inf, 2.0]], requires_grad=True)
    for target in (torch.tensor([0]), torch.tensor([[1.0, 0.0, 0.0]])):
        (slope,) = torch.autograd.grad(ours(masked, target), masked)
        assert torch.allclose(slope, torch.tensor([[-0.7311, 0.0, 0.7311]]), atol=1e-4)


def test_derivation_of_cross_entropy_reaches_prediction_minus_target() -> None:
    derivation = losses["cross_entropy"].derivation
    assert derivation.steps[-1].text == "dL/dz_i = p - y"
    assert derivation.latex.startswith(r"\begin{align*}")
    assert r"\frac{\partial L}{\partial z_i} &= p_{i} - y_{i}" in derivation.latex
    assert r"\sum_{j} y_{j} \log \left(\frac{e^{z_{j}}}{\sum_{k} e^{z_{k}}}\right)" in derivation.latex
    assert str(derivation).splitlines()[0].startswith("L = -sum(y * log(exp(z) / sum(exp(z))))")
    z, y = [0.3, -1.2, 2.0], [0.0, 1.0, 0.0]
    slope = [float(value) for value in derivation.check(z, y)[-1]]
    scores = torch.tensor([z], dtype=torch.float64, requires_grad=True)
    (expected,) = torch.autograd.grad(F.cross_entropy(scores, torch.tensor([1])), scores)
    assert slope == pytest.approx(expected[0].tolist())
    assert losses["bce"].derivation.steps[-1].text == "dL/dx = p - t"


def test_canonical_links() -> None:
    found = {name: canonical_link(catalogue.losses[name]) for name in catalogue.losses}
    canonical = {name: link for name, link in found.items() if link}
    expected = {"bce": "sigmoid", "bce_with_logits": "sigmoid", "cross_entropy": "softmax", "poisson_nll": "exp"}
    assert expected.items() <= canonical.items()
    assert canonical["l2"] == "identity"
    assert found["mse"] is None  # its slope is twice the difference
    assert not {"hinge", "focal", "huber", "l1", "brier"} & set(canonical)


def test_circle_holds_its_weights_while_differentiating() -> None:
    sp = torch.tensor([[0.8, 0.3]], dtype=torch.float64, requires_grad=True)
    sn = torch.tensor([[0.1, -0.2, 0.4]], dtype=torch.float64, requires_grad=True)
    gamma, margin = 8.0, 0.25
    losses["circle"](sp, sn, gamma=gamma, margin=margin).backward()
    # The source's own gradient: with z the share not yet won, z * softmax * gamma * weight.
    high = gamma * (sn.detach() + margin).clamp(min=0) * (sn.detach() - margin)
    low = -gamma * (1 + margin - sp.detach()).clamp(min=0) * (sp.detach() - 1 + margin)
    share = torch.sigmoid(high.logsumexp(1) + low.logsumexp(1))
    assert torch.allclose(sn.grad, share * high.softmax(1) * gamma * (sn.detach() + margin).clamp(min=0))
    assert torch.allclose(sp.grad, -share * low.softmax(1) * gamma * (1 + margin - sp.detach()).clamp(min=0))


def _cosines(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return F.normalize(a) @ F.normalize(b).T


def _other_view(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    both = torch.cat([a, b])
    cosines = _cosines(both, both) / 0.5
    cosines.fill_diagonal_(-torch.inf)
    return F.cross_entropy(cosines, (torch.arange(8) + 4) % 8)


ROW = torch.arange(4)
BATCHES = {
    "nt_xent": _other_view,
    "info_nce": lambda a, b: F.cross_entropy(_cosines(a, b) / 0.1, ROW),
    "clip": lambda a, b: (
        (F.cross_entropy(_cosines(a, b) / 0.07, ROW) + F.cross_entropy(_cosines(b, a) / 0.07, ROW)) / 2
    ),
    "n_pair": lambda a, b: F.cross_entropy(a @ b.T, ROW),
    "siglip": lambda a, b: -F.logsigmoid((2 * torch.eye(4) - 1) * (10 * _cosines(a, b) - 10)).sum() / 4,
}


@pytest.mark.parametrize("name", list(BATCHES))
def test_losses_over_a_batch_are_cross_entropies_of_similarities(name: str) -> None:
    a, b = (torch.randn(4, 6, dtype=torch.float64, requires_grad=True) for _ in "ab")
    ours, theirs = losses[name](a, b), BATCHES[name](a, b)
    assert torch.allclose(ours, theirs)
    for got, expected in zip(torch.autograd.grad(ours, (a, b)), torch.autograd.grad(theirs, (a, b)), strict=True):
        assert torch.allclose(got, expected)
    assert losses[name](a.detach().numpy(), b.detach().numpy()) == pytest.approx(ours.item())


def test_ctc_sums_over_all_alignments() -> None:
    steps, labels = 4, (1, 2)
    scores = torch.randn(steps, 1, 3, dtype=torch.float64).log_softmax(-1)
    total = 0.0
    for path in itertools.product(range(3), repeat=steps):
        merged = [label for label, _ in itertools.groupby(path)]
        if tuple(label for label in merged if label != 0) == labels:
            total += math.exp(sum(scores[i, 0, label].item() for i, label in enumerate(path)))
    args = (torch.tensor([labels]), torch.tensor([steps]), torch.tensor([len(labels)]))
    assert losses["ctc"](scores, *args, reduction="sum").item() == pytest.approx(-math.log(total))
    with pytest.raises(TypeError, match="'ctc' got a array: expected tensors"):
        losses["ctc"](scores.numpy(), *args)


def test_triplets() -> None:
    a, p, n = torch.randn(3, 4, 5)
    euclid = losses["triplet_with_distance"](a, p, n, distance_function=lambda x, y: (x - y).norm(dim=1))
    assert torch.allclose(euclid, losses["triplet"](a, p, n, eps=0.0))
    assert torch.allclose(losses["triplet"](a, p, n, p=1), F.triplet_margin_loss(a, p, n, p=1))
    assert torch.allclose(losses["triplet"](a, p, n, margin=0.3), F.triplet_margin_loss(a, p, n, margin=0.3))


def test_sparsemax_loss_has_sparsemax_minus_target_as_slope() -> None:
    z = torch.tensor([[0.5, 0.2, -3.0], [4.0, 0.0, 1.0]], requires_grad=True)
    loss = losses["sparsemax_loss"](z, torch.tensor([0, 0]), reduction="none")
    (slope,) = torch.autograd.grad(loss.sum(), z)
    assert torch.allclose(slope, torch.tensor([[0.65 - 1, 0.35, 0.0], [0.0, 0.0, 0.0]]))
    assert loss[1].item() == 0.0


def test_regions_that_agree_cost_nothing() -> None:
    region = torch.tensor([[0.0, 1.0, 1.0, 0.0]])
    for name in ("dice", "dice_squared", "tversky", "jaccard"):
        assert losses[name](region, region).item() == 0.0
        assert losses[name](1 - region, region).item() == pytest.approx(1.0, abs=1e-6)
        assert losses[name](torch.zeros(1, 4), torch.zeros(1, 4)).item() == 0.0


def test_vmap_and_grad_of_torch_func() -> None:
    z, t = torch.randn(3, 4, 5), torch.randint(0, 5, (3, 4))
    for name in ("cross_entropy", "focal", "multiclass_hinge"):
        slopes = torch.func.vmap(torch.func.grad(losses[name]))(z, t)
        assert torch.allclose(slopes[1], torch.func.grad(losses[name])(z[1], t[1]), atol=1e-6)
    pairs = torch.func.vmap(losses["l2"])(z, z + 1)
    assert torch.allclose(pairs, torch.full((3,), 0.5))


@pytest.mark.parametrize("name", ["cross_entropy", "focal", "hinge", "dice", "gaussian_nll", "log_cosh"])
def test_our_nodes_are_known_on_the_tape(name: str) -> None:
    spec = catalogue.losses[name]
    p = torch.rand(3, 4, requires_grad=True)
    t = torch.tensor([0, 1, 2]) if spec.along == "classes" else torch.ones(3, 4)
    given = (p, t, torch.ones(3, 4)) if name == "gaussian_nll" else (p, t)
    node = losses[name](*given, reduction="none").grad_fn
    while type(node).__name__ != f"nl_{name}Backward":
        node = node.next_functions[0][0]
    assert catalogue.loss_by_autograd(type(node).__name__) is spec


def test_losses_can_be_pickled_and_called_by_keyword() -> None:
    copy = pickle.loads(pickle.dumps(losses["cross_entropy"]))
    assert copy(prediction=ROWS, target=torch.tensor([3, 3])) == losses["cross_entropy"](ROWS, torch.tensor([3, 3]))
    assert losses["mse"](prediction=1.0, target=3.0) == 4.0
    assert losses["gaussian_nll"](1.0, 3.0, var=1.0) == 2.0


BAD = [
    ("mse", (torch.ones(4, 1), torch.ones(4)), ValueError, r"'mse' got targets of shape \(4,\) for predictions of "
     r"shape \(4, 1\): expected the same shape; use target.reshape\(prediction.shape\)"),
    ("mse", (torch.ones(4, dtype=torch.int64), torch.ones(4)), TypeError,
     "'mse' got predictions of torch.int64: expected floating point; use prediction.float()"),
    ("mse", ([1.0], [2.0]), TypeError, "'mse' got a list: expected a torch tensor, a NumPy array or a float"),
    ("mse", (1.0,), TypeError, "'mse' got 1 operands: expected p, t, in this order"),
    ("cross_entropy", (ROWS, torch.tensor([1, 4])), IndexError, "'cross_entropy' got class index 4: expected 0 to 3 "
     "for predictions of 4 classes; check the labels, or give the network 5 outputs"),
    ("nll", (ROWS.log_softmax(1), torch.tensor([-1, 0])), IndexError, "'nll' got class index -1: expected 0 to 3"),
    ("cross_entropy", (ROWS.numpy(), np.array([1, 7])), IndexError, "got class index 7: expected 0 to 3"),
    ("cross_entropy", (ROWS, torch.tensor([1.0, 2.0])), TypeError,
     "got class indices of torch.float32: expected integers; use target.long()"),
    ("cross_entropy", (ROWS, torch.tensor([[1], [2]])), ValueError, r"got targets of shape \(2, 1\) for predictions of "
     r"shape \(2, 4\): expected class indices of shape \(2,\), or probabilities of shape "
     r"\(2, 4\); use target.squeeze\(1\)"),
    ("cross_entropy", (ROWS, F.one_hot(torch.tensor([1, 2]), 4)), ValueError, "use target.float() for one-hot rows"),
    ("cross_entropy", (torch.ones(2, 5, 4), torch.zeros(2, 5, dtype=torch.int64)), ValueError,
     r"use prediction.movedim\(-1, 1\): classes stand in dim 1"),
    ("cross_entropy", (ROWS, ROWS), ValueError, r"got targets from -3 to 9: expected \[0, 1\]; check the labels"),
    ("bce", (torch.tensor([0.2]), torch.tensor([-1.0])), ValueError, r"'bce' got targets from -1 to -1: expected "
     r"\[0, 1\]; use \(target \+ 1\) / 2 if they are -1 and 1"),
    ("bce", (torch.tensor([-0.2, 3.0]), torch.tensor([1.0, 0.0])), ValueError,
     r"'bce' got predictions from -0.2 to 3: expected \[0, 1\]; apply 'sigmoid' to them"),
    ("bce_with_logits", (0.3, 2.0), ValueError, r"got targets from 2 to 2: expected \[0, 1\]"),
    ("nll", (ROWS, torch.tensor([1, 2])), ValueError, r"'nll' got predictions from -3 to 9: expected \(-inf, 0\]; "
     "apply 'log_softmax'"),
    ("hinge", (torch.tensor([0.2, 0.1]), torch.tensor([0.0, 1.0])), ValueError,
     "'hinge' got targets from 0 to 1: expected -1 or 1; use 2 \\* target - 1 if they are 0 and 1"),
    ("poisson_nll", (np.zeros(2), np.array([-1.0, 2.0])), ValueError, r"got targets from -1 to 2: expected \[0, inf\)"),
    ("cosine_embedding", (ROWS, ROWS, torch.ones(2, 1)), ValueError, r"expected \(2,\), one per row"),
    ("gaussian_nll", (torch.ones(3), torch.ones(3), torch.ones(2)), ValueError, r"got 'var' of shape \(2,\)"),
    ("gaussian_nll", (torch.ones(3), torch.ones(3), -torch.ones(3)), ValueError, r"got 'var' from -1 to -1"),
    ("cross_entropy", (1.0, 0), TypeError, "'cross_entropy' got a float: expected vectors"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "given", "error", "message"), BAD)
def test_what_is_refused_says_what_to_do(name: str, given: tuple[object, ...], error: type, message: str) -> None:
    with pytest.raises(error, match=message.replace("float()", r"float\(\)").replace("long()", r"long\(\)")):
        losses[name](*given)


def test_reductions_and_parameters_are_checked() -> None:
    with pytest.raises(ValueError, match="got reduction='avg': expected 'mean', 'sum' or 'none'"):
        losses["mse"](1.0, 1.0, reduction="avg")
    with pytest.raises(ValueError, match="got reduction='batchmean'"):
        losses["mse"](torch.ones(2), torch.ones(2), reduction="batchmean")
    assert losses["kl_div"](torch.zeros(2, 3), torch.ones(2, 3) / 3, reduction="batchmean").item() == pytest.approx(
        -math.log(3)
    )
    with pytest.raises(TypeError, match="loss 'huber' got the parameter 'beta': it has delta"):
        losses["huber"](1.0, 2.0, beta=1.0)
    with pytest.raises(TypeError, match="'l2' got the parameter 'weight': it has no parameters"):
        losses["l2"](torch.ones(2), torch.ones(2), weight=1.0)


def test_values_are_looked_at_only_where_it_costs_no_wait() -> None:
    outside = torch.tensor([2.0])
    assert losses["l2"](outside, outside, check=True).item() == 0.0
    assert losses["bce_with_logits"](outside, outside, check=False).isfinite()
