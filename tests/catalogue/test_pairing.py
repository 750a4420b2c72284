"""What fits what, from intervals."""

from math import inf

import numpy as np
import pytest
import torch

from neurologist.catalogue import Interval, activations, losses
from neurologist.catalogue.oracle import exact
from neurologist.functional import functions
from neurologist.functional import losses as functions_losses
from neurologist.theory import canonical_link, canonical_scale, fits, output_for

PAIRS = {
    ("softmax", "cross_entropy"): "applied-twice",
    ("sigmoid", "bce_with_logits"): "applied-twice",
    ("sigmoid", "cross_entropy"): "squashed-logits",
    ("relu", "cross_entropy"): "squashed-logits",
    ("tanh", "bce_with_logits"): "squashed-logits",
    ("identity", "bce"): "leaves-domain",
    ("tanh", "bce"): "leaves-domain",
    ("softmax", "nll"): "leaves-domain",
    **dict.fromkeys([("identity", "cross_entropy"), ("log_softmax", "cross_entropy"), ("sigmoid", "bce")]),
    **dict.fromkeys([("log_softmax", "nll"), ("softmax", "bce"), ("identity", "mse"), ("leaky_relu", "cross_entropy")]),
}


@pytest.mark.parametrize(("pair", "problem"), PAIRS.items())
def test_fits(pair: tuple[str, str], problem: str | None) -> None:
    found = fits(activations[pair[0]], losses[pair[1]])
    assert found.problem == problem
    assert bool(found) is (problem is None)
    assert bool(found.message) is (problem is not None)


def test_targets_out_of_reach() -> None:
    digits = Interval(0, 9, True, True)
    found = fits(activations["tanh"], losses["mse"], digits)
    assert found.problem == "excludes-targets"
    assert found.uncovered == digits
    assert "targets lie in [0, 9]; 'tanh' gives only (-1, 1): use 'identity'" in found.message
    assert fits(activations["sigmoid"], losses["bce"], Interval(0, 1, True, True))


def test_an_error_says_what_to_use() -> None:
    message = fits(activations["identity"], losses["bce"]).message
    assert message == "loss 'bce' needs predictions in [0, 1]; 'identity' gives (-inf, inf): use 'sigmoid'"


@pytest.mark.parametrize("name", list(losses))
def test_the_natural_link_fits(name: str) -> None:
    assert fits(activations[losses[name].link], losses[name])


def test_output_for_prefers_the_tightest_range() -> None:
    assert output_for(Interval(0, 1, True, True))[0] == "sigmoid"
    assert "relu" not in output_for(Interval(-1, 1))
    assert "identity" in output_for(Interval())
    on_half_line = output_for(Interval(0.0, inf, True, False))
    assert on_half_line[0] == "softplus"  # reaches no further, is smooth, and is some loss's link
    assert on_half_line.index("relu") < on_half_line.index("identity")
    assert output_for(Interval(-1.0, inf))[0] == "celu"


def test_canonical_links_have_prediction_minus_target_as_gradient() -> None:
    canonical = {
        (activation, loss)
        for loss in losses
        for activation in activations
        if canonical_scale(activations[activation], losses[loss]) == 1
    }
    assert {("sigmoid", "bce"), ("identity", "bce_with_logits"), ("identity", "poisson_nll")} <= canonical
    assert ("log_softmax", "nll") in canonical
    assert canonical_scale(activations["sigmoid"], losses["mse"]) is None


def test_the_logarithm_of_softmax_with_nll_has_softmax_minus_target_as_gradient() -> None:
    z = torch.tensor([[0.3, -1.2, 2.0, 0.7]], dtype=torch.float64, requires_grad=True)
    functions_losses["nll"](functions["log_softmax"](z, dim=1), torch.tensor([1])).backward()
    assert torch.allclose(z.grad, z.detach().softmax(1) - torch.eye(4, dtype=torch.float64)[1])
    assert canonical_link(losses["nll"]) == "log_softmax"


def test_softmax_with_cross_entropy_is_canonical() -> None:
    z, y, step = np.array([0.3, -1.2, 2.0, 0.7]), np.eye(4)[1], 1e-6
    formula = losses["cross_entropy"].formula
    slopes = [
        float((exact(formula, {"z": z + step * unit, "y": y}) - exact(formula, {"z": z - step * unit, "y": y}))[0])
        / (2 * step)
        for unit in np.eye(4)
    ]
    assert slopes == pytest.approx((functions["softmax"](z) - y).tolist(), abs=1e-9)
