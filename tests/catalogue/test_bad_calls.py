"""Bad calls of functions and losses: each is refused before torch or NumPy is asked, and says what to do."""

import numpy as np
import pytest
import torch

import neurologist as nl
from neurologist.catalogue.errors import FormulaError

NAN = float("nan")
PAIR, ROWS = torch.ones(2), torch.tensor([[-1.0, 2.0, -3.0, 4.0], [-2.0, 3.0, -3.0, 9.0]])
RIGHT, ONE_HOT = torch.tensor([1, 2]), torch.eye(4)[:2]
TABLE = torch.ones(2, 3)
SCORES, LABELS, LENGTHS = torch.zeros(4, 1, 3), torch.tensor([[1, 2]]), (torch.tensor([4]), torch.tensor([2]))
LOSSES = nl.losses

CALLS = {
    "activation 'softmax' got dim=2 for an input of shape (2, 3): expected -2 to 1; use": lambda: nl.softmax(
        TABLE, dim=2
    ),
    "activation 'softmax' got dim=-3 for": lambda: nl.softmax(TABLE, dim=-3),
    "'softmax' got dim=5 for an": lambda: nl.softmax(TABLE.numpy(), dim=5),
    "'entmax15' got dim=9 for": lambda: nl.entmax15(TABLE, dim=9),
    "'glu' got dim=7 for": lambda: nl.glu(torch.ones(2, 4), dim=7),
    "'log_softmax' got dim='a': expected a whole number": lambda: nl.log_softmax(TABLE, dim="a"),
    "'sparsemax' got dim=None: expected a whole number": lambda: nl.sparsemax(TABLE, dim=None),
    "'hardmax' got dim=1.0: expected a whole number": lambda: nl.hardmax(TABLE, dim=1.0),
    "'softmin' got dim=(0, 1): expected a whole number": lambda: nl.softmin(TABLE, dim=(0, 1)),
    "'softmax' got dim=4 for": lambda: nl.softmax.derivative(TABLE, dim=4),
    "module of 'softmax' got dim='b': expected a whole number": lambda: nl.softmax.module(dim="b"),
    "'gelu' got dim=0: expected none, because it works entry by entry; leave": lambda: nl.gelu(PAIR, dim=0),
    "'softmax' got vectors of no entries": lambda: nl.softmax(np.ones((2, 0))),
    "'maxout' got vectors of 3 entries: expected an even number along dim -1": lambda: nl.maxout(TABLE),
    "activation 'elu' got alpha=nan": lambda: nl.elu(PAIR, alpha=NAN),
    "activation 'elu' got alpha='a': expected a number": lambda: nl.elu(PAIR, alpha="a"),
    "activation 'elu' got alpha=None: expected a number": lambda: nl.elu(PAIR, alpha=None),
    "activation 'elu' got alpha=[1, 2, 3]: expected a number": lambda: nl.elu(PAIR, alpha=[1, 2, 3]),
    "activation 'elu' got alpha of shape (3,) for an input of shape (2,)": lambda: nl.elu(PAIR, alpha=torch.ones(3)),
    "'elu' got alpha of shape (3,) for": lambda: nl.elu(np.ones(2), alpha=np.ones(3)),
    "'prelu' got weight of shape (4,) for": lambda: nl.prelu(TABLE, weight=torch.ones(4)),
    "got weight of shape (5,) for an input of shape (2, 3, 4): expected one entry, or one for each of 3 ": lambda: (
        nl.prelu(torch.ones(2, 3, 4), weight=torch.ones(5))
    ),
    "'celu' got alpha=0.0: expected a number in (0, inf)": lambda: nl.celu(PAIR, alpha=0.0),
    "'softplus' got beta=-1.0": lambda: nl.softplus(PAIR, beta=-1.0),
    "'hardshrink' got lambd=-1.0": lambda: nl.hardshrink(PAIR, lambd=-1.0),
    "'gumbel_softmax' got tau=0.0": lambda: nl.gumbel_softmax(TABLE, tau=0.0, training=True),
    "'rrelu' got lower=0.5 and upper=0.1: expected lower <= upper": lambda: nl.rrelu(PAIR, lower=0.5, upper=0.1),
    "'hardtanh' got min_val=1.0 and max_val=-1.0": lambda: nl.hardtanh(PAIR, min_val=1.0, max_val=-1.0),
    "x got a whole number beyond 1.8e308": lambda: nl.gelu(10**400),
    "gelu got order=1.5: expected a whole number": lambda: nl.gelu.derivative(PAIR, order=1.5),
    "gelu got order='a': expected a whole number": lambda: nl.gelu.derivative(PAIR, order="a"),
    "gelu got order=30: expected 7 or less, beyond which formula": lambda: nl.gelu.derivative(PAIR, order=30),
    "loss 'mse' got targets of torch.complex64": lambda: LOSSES["mse"](PAIR, torch.ones(2, dtype=torch.complex64)),
    "loss 'mse' got targets of type list for 'p' as a tensor: expected one kind": lambda: LOSSES["mse"](
        PAIR, [1.0, 1.0]
    ),
    "loss 'mse' got targets of type float": lambda: LOSSES["mse"](PAIR, 1.0),
    "loss 'mse' got targets of type ndarray": lambda: LOSSES["mse"](PAIR, np.ones(2)),
    "loss 'mse' got targets of type Tensor": lambda: LOSSES["mse"](np.ones(2), PAIR),
    "'mse' got targets of type Tensor for 'p' as a float": lambda: LOSSES["mse"](1.0, PAIR),
    "loss 'mse' got targets of <U1: expected real numbers": lambda: LOSSES["mse"](np.ones(1), np.array(["a"])),
    "loss 'mse' got targets of type NoneType": lambda: LOSSES["mse"](1.0, None),
    "loss 'mse' got targets of type str": lambda: LOSSES["mse"](PAIR, "a"),
    "loss 'mse' got t twice: by position and as target=": lambda: LOSSES["mse"](PAIR, PAIR, target=PAIR),
    "loss 'mse' got the parameter 'bogus': it has no parameters": lambda: LOSSES["mse"](PAIR, PAIR, bogus=1),
    "loss 'huber' got delta=-1.0": lambda: LOSSES["huber"](PAIR, PAIR, delta=-1.0),
    "loss 'smooth_l1' got beta=nan": lambda: LOSSES["smooth_l1"](PAIR, PAIR, beta=NAN),
    "loss 'huber' got delta='a'": lambda: LOSSES["huber"](PAIR, PAIR, delta="a"),
    "'cross_entropy' got targets of type list": lambda: LOSSES["cross_entropy"](ROWS, [1, 2]),
    "'cross_entropy' got targets of type NoneType": lambda: LOSSES["cross_entropy"](ROWS, None),
    "'cross_entropy' got class indices of torch.bool": lambda: LOSSES["cross_entropy"](ROWS, RIGHT > 1),
    "'cross_entropy' got class indices of torch.uint8": lambda: LOSSES["cross_entropy"](ROWS, RIGHT.to(torch.uint8)),
    "'nll' got class indices of torch.int32: expected torch.int64; use target": lambda: LOSSES["nll"](
        ROWS.log_softmax(1), RIGHT.int()
    ),
    "got label_smoothing=2.0: expected a number in [0, 1]": lambda: LOSSES["cross_entropy"](
        ROWS, RIGHT, label_smoothing=2.0
    ),
    "got label_smoothing=nan": lambda: LOSSES["cross_entropy"](ROWS, RIGHT, label_smoothing=NAN),
    "got ignore_index='a': expected a whole number": lambda: LOSSES["cross_entropy"](ROWS, RIGHT, ignore_index="a"),
    "got weight of shape (3,) for predictions of 4 classes": lambda: LOSSES["cross_entropy"](
        ROWS, RIGHT, weight=torch.ones(3)
    ),
    "got weight=[1, 1, 1, 1]: expected 4 numbers, one per class": lambda: LOSSES["cross_entropy"](
        ROWS, RIGHT, weight=[1, 1, 1, 1]
    ),
    "got weight=array([1., 1., 1., 1.]): expected 4": lambda: LOSSES["cross_entropy"](ROWS, RIGHT, weight=np.ones(4)),
    "got weight of shape (3,) for predictions of 4": lambda: LOSSES["cross_entropy"](
        ROWS.numpy(), RIGHT.numpy(), weight=np.ones(3)
    ),
    "got predictions of shape (): expected a score per class": lambda: LOSSES["cross_entropy"](ROWS[0, 0], RIGHT[0]),
    "got predictions of shape (2, 0): expected one class or more": lambda: LOSSES["cross_entropy"](ROWS[:, :0], RIGHT),
    "check the labels, or name the index that is none with ignore_index=": lambda: LOSSES["cross_entropy"](
        ROWS, torch.tensor([1, -1])
    ),
    "'cross_entropy' got targets that are not a number (NaN)": lambda: LOSSES["cross_entropy"](ROWS, ONE_HOT * NAN),
    "'bce' got predictions that are not a number (NaN)": lambda: LOSSES["bce"](PAIR * NAN, PAIR),
    "'bce' got targets that are not a number (NaN)": lambda: LOSSES["bce"](PAIR, PAIR * NAN),
    "got pos_weight of shape (3,) for predictions of shape (2, 4)": lambda: LOSSES["bce_with_logits"](
        ROWS, ONE_HOT, pos_weight=torch.ones(3)
    ),
    "got distance_function=3: expected a function": lambda: LOSSES["triplet_with_distance"](
        ROWS, ROWS, ROWS, distance_function=3
    ),
    "'multilabel_margin' got class index 9: expected 0 to 3, then -1": lambda: LOSSES["multilabel_margin"](
        ROWS[0], torch.tensor([0, 9, -1, -1])
    ),
    "'ctc' got label 7: expected 0 to 2": lambda: LOSSES["ctc"](SCORES, LABELS + 5, *LENGTHS),
    "'ctc' got label -1: expected 0 to 2": lambda: LOSSES["ctc"](SCORES, LABELS - 2, *LENGTHS),
    "'ctc' got labels of torch.float32: expected integers": lambda: LOSSES["ctc"](SCORES, LABELS.float(), *LENGTHS),
    "'ctc' got input_lengths of 9: expected 0 to 4": lambda: LOSSES["ctc"](SCORES, LABELS, LENGTHS[0] + 5, LENGTHS[1]),
    "'ctc' got target_lengths of 5: expected 0 to 2": lambda: LOSSES["ctc"](SCORES, LABELS, LENGTHS[0], LENGTHS[1] + 3),
    "'ctc' got 2 input_lengths for a batch of 1": lambda: LOSSES["ctc"](SCORES, LABELS, [4, 4], [2]),
    "'ctc' got blank=5: expected 0 to 2": lambda: LOSSES["ctc"](SCORES, LABELS, *LENGTHS, blank=5),
}


@pytest.mark.parametrize("message", CALLS)
def test_a_bad_call_is_refused(message):
    with pytest.raises((TypeError, ValueError, IndexError)) as caught:
        CALLS[message]()
    said = str(caught.value)
    assert message in said
    assert "expected" in said or "it has" in said
    assert ";" in said


@pytest.mark.parametrize("formula", ["sin(" * 60 + "x" + ")" * 60, "*".join(["sin(x)"] * 60)], ids=["calls", "product"])
def test_a_formula_too_deep_is_refused_before_it_is_differentiated(formula, monkeypatch):
    def never(*_):
        raise AssertionError("differentiated")

    monkeypatch.setattr("neurologist.catalogue.spec.differentiate", never)
    with pytest.raises(FormulaError, match="a formula nested 60 deep, sums aside: expected"):
        nl.activation("deep", formula)


def test_what_is_allowed_stays_allowed():
    assert LOSSES["ctc"](SCORES, torch.tensor([[1, 2, -1]]), *LENGTHS).isfinite()  # padding is never read
    assert LOSSES["ctc"](SCORES, torch.tensor([1, 2]), [4], [2]).isfinite()
    assert LOSSES["mse"](1.0, True) == 0.0
    assert LOSSES["mse"](PAIR, PAIR.bool()) == 0.0
    assert LOSSES["mse"](prediction=PAIR, target=PAIR) == 0.0
    assert LOSSES["cross_entropy"](ROWS, RIGHT.int()).isfinite()
    assert LOSSES["triplet"](ROWS, ROWS, ROWS, swap=True) == 1.0
    assert nl.prelu(torch.ones(2, 3, 4), weight=torch.full((3,), 0.5)).shape == (2, 3, 4)
    assert nl.elu(TABLE, alpha=torch.ones(3)).shape == (2, 3)
    assert nl.prelu(torch.tensor(-1.0), weight=torch.tensor([0.5])).item() == -0.5
    assert nl.softmax(torch.tensor(1.0)).item() == 1.0
    assert nl.rrelu(PAIR, training=True).tolist() == [1.0, 1.0]
    assert nl.softmax(torch.ones(2, 0)).shape == (2, 0)
