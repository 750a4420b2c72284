"""Bad input in one place: each gives an error at once that says subject, got, expected and next step."""

import time

import numpy as np
import pytest
import torch

import neurologist as nl
from neurologist.catalogue import DeclarationError, FormulaError, UnknownMemberError, activations, losses

AT_ONCE = 20.0  # seconds, on a busy machine; what is not refused in time takes minutes, or the memory
LONGEST = 1200  # characters of a message, however long what was given
NAN, INF = float("nan"), float("inf")
ROWS = torch.tensor([[-1.0, 2.0, -3.0, 4.0], [-2.0, 3.0, -3.0, 9.0]])
RIGHT = torch.tensor([1, 2])


def said(make):
    """The error that a call raises at once; without one, the test fails."""
    start = time.perf_counter()
    with pytest.raises(Exception) as caught:  # noqa: PT011
        make()
    assert time.perf_counter() - start < AT_ONCE
    assert len(str(caught.value)) < LONGEST
    return caught.value


CODE = {  # formula -> what the message must offer
    "__import__('os').system('true')": "leave it out",
    "__import__": "names begin with a letter",
    "x.__class__": "write its name alone",
    "x.real": "write its name alone",
    "().__class__.__bases__[0]": "give each of them a name",
    "x[0]": "give each of them a name",
    "[x for x in (1,)]": "leave it out",
    "{x}": "leave it out",
    "{x: 1}": "leave it out",
    "(x, x)": "leave it out",
    "lambda: x": "leave it out",
    "(lambda: x)()": "leave it out",
    "(y := x)": "leave it out",
    "x := 1": "write it as in",
    "f'{x}'": "leave it out",
    "'x'": "leave it out",
    "x * None": "leave it out",
    "x * ...": "leave it out",
    "x + True": "leave it out",
    "x * 1j": "leave it out",
    "await x": "leave it out",
    "yield x": "write it as in",
    "import os": "write it as in",
    "x\nimport os": "write it as in",
    "x; x": "write it as in",
    "open('/etc/passwd')": "write open out",
    "eval(x)": "write eval out",
    "exp(x, out=x)": "give what exp takes by position",
    "exp(*x)": "write the parts one by one",
    "exp(**x)": "give what exp takes by position",
    "exp(x, x)": "exp takes 1, got 2",
    "exp": "exp is a function: write exp(u)",
    "hypto(x, 1)": "nearest is hypot",
    "relu(x)": "write max(u, 0) for relu",
    "ln(x)": "write log(u) for ln",
    "np.exp(x)": "write exp(u)",
    "_x": "names begin with a letter",
    "__builtins__": "names begin with a letter",
    "x if x > 0 else 1": "write where(condition, then, otherwise)",
    "x and x": "put one where into another",
    "x > 0": "compare only in the first part of where",
    "x < 1 < 2": "compare only in the first part of where",
    "x != x": "compare only in the first part of where",
    "where(x, 1, 2)": "compare in the first part of where",
    "where(x > 0, 1)": "where takes 3, got 2",
    "max(x > 0, 1)": "compare in the first part of where",
    "x ^ 2": "write u ** v",
    "x % 2": "write it with where",
    "x << 2": "leave it out",
    "~x": "leave it out",
    "": "write it as in",
    "   ": "write it as in",
    "x +": "write it as in",
    "tanh(x": "write it as in",
    "x)": "write it as in",
    "x * '": "write it as in",
}
ENDLESS = {
    "9**9**9": "at most 64",
    "x * 9**9**9": "at most 64",
    "x ** 9999": "at most 64",
    "x * 2**2**2**2**2": "at most 64",
    "1e999 * x": "write inf for infinity",
    "x * 1e308 * 10": "write inf for infinity",
    "x * (-8)**(1/3)": "write inf for infinity",
    "x * " + "9" * 5000: "write it as in",
    "x" * 30_000: "split it",
    "(" * 500 + "x" + ")" * 500: "write it as in",
    "-" * 5000 + "x": "write it as in",
    "x" + "+x" * 5000: "write it as in",
    "x" + "**x" * 500: "split it",
    "*".join("x" * 190): "expected at most 20; split it",
    "sin(" * 60 + "x" + ")" * 60: "expected at most 20; split it",
    "max(x, " * 100 + "1" + ")" * 100: "expected at most 20; split it",
}
UNSEEN = {  # what looks like something else, or like nothing
    "x # exp(x)": "leave it out",
    "x\x00": "write it as in",
    "\x00": "write it as in",
    "x * \u0435xp(x)": "CYRILLIC SMALL LETTER IE): expected ASCII; write e",
    "\u0445": "CYRILLIC SMALL LETTER HA): expected ASCII; write x",
    "\uff58": "FULLWIDTH LATIN SMALL LETTER X): expected ASCII; write x",
    "\U0001d431": "MATHEMATICAL BOLD SMALL X): expected ASCII; write x",
    "x * \u03c0": "write pi",
    "x\u00b2": "write u ** 2",
    "x \u2212 1": "write -",
    "x\u200b": "leave it out",
    "\u202ex": "leave it out",
    "\ufeffx": "leave it out",
}


@pytest.mark.parametrize("formula", [*CODE, *ENDLESS, *UNSEEN], ids=lambda formula: ascii(formula[:40]))
def test_a_formula_holds_formulas_only(formula):
    error = said(lambda: nl.activation("mine", formula))
    assert isinstance(error, FormulaError)
    assert "formula " in str(error)
    assert "expected" in str(error)
    assert {**CODE, **ENDLESS, **UNSEEN}[formula] in str(error)


@pytest.mark.parametrize(
    "formula", ["x * inf", "log(0) * x", "x * sqrt(-1)", "1 / (x - x)", "where(x == 0, 1, inf * x)"]
)
def test_a_formula_has_values(formula):
    error = said(lambda: nl.activation("mine", formula))
    assert isinstance(error, DeclarationError)
    assert "is finite nearly nowhere: expected finite numbers; look for inf" in str(error)


@pytest.mark.parametrize("formula", ["(-x) ** x", "x ** x ** x ** x", "sin(exp(exp(exp(x))))", "log(log(log(x)))"])
def test_what_is_a_number_in_places_is_one_there_and_nowhere_else(formula):
    start = time.perf_counter()
    with pytest.warns(UserWarning, match="'mine': its value is not a number from x = "):
        mine = nl.activation("mine", formula)
    points = np.array([-3.3, -0.5, 0.5, 1.5])
    assert [mine(float(x)) for x in points] == pytest.approx(mine(points).tolist(), nan_ok=True)
    assert mine(torch.tensor(points)).tolist() == pytest.approx(mine(points).tolist(), nan_ok=True)
    assert time.perf_counter() - start < AT_ONCE


OWN = [  # arguments of nl.activation, error, what it says
    (("f", "c * x"), {}, DeclarationError, "'f' got 'c * x', which uses c: expected only x and parameters with a "
     "value; add c=1.0"),
    (("f", "x * nan"), {}, DeclarationError, "add nan=1.0"),
    (("f", "1 + 2"), {}, DeclarationError, "expected a formula in x; use x for the input"),
    (("f", "X"), {}, DeclarationError, "expected a formula in x; use x for the input"),
    (("f", "x"), {"x": 2.0}, DeclarationError, "'f' got x=2.0: expected no parameters"),
    (("f", "x * b"), {"b": 1.0, "c": 2.0}, DeclarationError, "'f' got c=2.0: expected b, which is what 'x * b' has"),
    (("f", "x * b"), {"b": NAN}, DeclarationError, "'f' got b=nan: expected a finite number; use another"),
    (("f", "x * b"), {"b": -INF}, DeclarationError, "'f' got b=-inf: expected a finite number"),
    (("f", "x * b"), {"b": 10**400}, DeclarationError, "'f' got b=a number of over 300 digits"),
    (("f", "x * b"), {"b": "2"}, TypeError, "'f' got b='2': expected a number; use float(b)"),
    (("f", "x * b"), {"b": None}, TypeError, "'f' got b=None: expected a number"),
    (("f", "x * b"), {"b": True}, TypeError, "'f' got b=True: expected a number"),
    (("f", "x * dim"), {"dim": 1.0}, DeclarationError, "calls have a keyword 'dim' of their own; use my_dim"),
    (("f", "softmax(x)"), {}, FormulaError, "softmax reads a whole vector: expected a function of one number"),
    (("f", "max(x)"), {}, FormulaError, "max reads a whole vector"),
    (("f", 3), {}, TypeError, "'f' got a formula of type int: expected text; use 'x * sigmoid(x)'"),
    (("f", None), {}, TypeError, "'f' got a formula of type NoneType"),
    (("f", b"x"), {}, TypeError, "'f' got a formula of type bytes"),
    ((3, "x"), {}, TypeError, "got the name 3: expected text"),
    (("", "x"), {}, DeclarationError, "got the name '': expected ASCII letters, digits and _, as a name in Python; us"),
    (("1a", "x"), {}, DeclarationError, "use 'my_1a'"),
    (("my swish", "x"), {}, DeclarationError, "use 'my_swish'"),
    (("class", "x"), {}, DeclarationError, "use 'my_class'"),
    (("a.b", "x"), {}, DeclarationError, "use 'a_b'"),
    (("x\n", "x"), {}, DeclarationError, "use 'x_'"),
    (("s\u0456lu", "x"), {}, DeclarationError, "use 's_lu'"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "parameters", "kind", "message"), OWN, ids=lambda value: ascii(value)[:40])
def test_your_own_function_is_declared_whole(given, parameters, kind, message):
    error = said(lambda: nl.activation(*given, **parameters))
    assert isinstance(error, kind)
    assert "activation" in str(error)
    assert message in str(error)


NAMES = [
    (lambda: nl.activations["gelou"], "activation 'gelou' is not in the catalogue: nearest are gelu, "),
    (lambda: nl.losses["crossentropy"], "loss 'crossentropy' is not in the catalogue: nearest are cross_entropy, "),
    (lambda: nl.activations[3], "activation 3 is not in the catalogue: nearest are "),
    (lambda: nl.activations[None], "activation None is not in the catalogue"),
    (lambda: nl.losses[["mse"]], "loss ['mse'] is not in the catalogue"),
    (lambda: nl.activations[""], "activation '' is not in the catalogue"),
    (lambda: nl.activations["__init__"], "activation '__init__' is not in the catalogue"),
    (lambda: nl.activations["../losses/mse"], "activation '../losses/mse' is not in the catalogue"),
    (lambda: nl.activations["x" * 100_000], "is not in the catalogue"),
    (lambda: nl.gain("gelou"), "nearest are gelu, "),
    (lambda: nl.compiled("gelou"), "nearest are gelu, "),
]


@pytest.mark.parametrize(("ask", "message"), NAMES, ids=[message[:30] for _, message in NAMES])
def test_a_wrong_name_gets_the_nearest_ones(ask, message):
    error = said(ask)
    assert isinstance(error, UnknownMemberError)
    assert message in str(error)
    assert str(error).endswith(("list(nl.activations) has all", "list(nl.losses) has all"))


def test_a_wrong_attribute_gets_the_nearest_ones():
    assert "has no attribute 'gelou': nearest are gelu, " in str(said(lambda: nl.gelou))
    assert "has no attribute 'zzzzzz': dir(neurologist) has all" in str(said(lambda: nl.zzzzzz))
    assert not hasattr(nl, "__nosuch__")
    assert ["mse"] not in nl.losses


@pytest.mark.parametrize(
    "x",
    [1j, True, None, "x", [1.0], np.ones(2, complex), np.ones(2, bool), np.array(["a"]), np.array([None])],
    ids=repr,
)
def test_a_wrong_kind_of_input(x):
    for function in (nl.gelu, nl.softmax, nl.gelu.derivative):
        error = said(lambda function=function: function(x))
        assert isinstance(error, TypeError)
        assert " got a" in str(error)
        assert "expected" in str(error)
        assert "; use " in str(error)
    assert "loss 'mse' got a" in str(said(lambda: nl.losses["mse"](x, x)))


def test_a_wrong_dtype():
    assert "gelu got a complex tensor" in str(said(lambda: nl.gelu(torch.ones(2, dtype=torch.complex64))))
    assert nl.gelu(torch.ones(2, dtype=torch.int64)).dtype == torch.float32  # as torch's arithmetic does
    counts = torch.ones(2, dtype=torch.int64)
    error = said(lambda: nl.losses["mse"](counts, torch.ones(2)))
    assert "got predictions of torch.int64: expected floating point; use prediction.float()" in str(error)


PARAMETERS = [  # call, error, what it says
    (lambda: nl.elu(1.0, alpha=NAN), ValueError, "activation 'elu' got alpha=nan: expected a number; look where it wa"),
    (lambda: nl.elu(1.0, alpha="a"), TypeError, "activation 'elu' got alpha='a': expected a number or a tensor; use"),
    (lambda: nl.elu(np.ones(2), alpha=None), TypeError, "activation 'elu' got alpha=None: expected a number"),
    (lambda: nl.elu(1.0, alhpa=1.0), TypeError, "activation 'elu' got the parameter 'alhpa': it has alpha; write alph"),
    (lambda: nl.relu(1.0, alpha=1.0), TypeError, "got the parameter 'alpha': it has no parameters; leave it out"),
    (lambda: nl.celu(1.0, alpha=0.0), ValueError, "got alpha=0.0: expected a number in (0, inf); use a number in it"),
    (lambda: nl.softshrink(1.0, lambd=-1.0), ValueError, "got lambd=-1.0: expected a number in [0, inf); use 0"),
    (lambda: nl.hardtanh(1.0, min_val=1.0, max_val=-1.0), ValueError, "got min_val=1.0 and max_val=-1.0: expected min"),
    (lambda: nl.rrelu.module(lower=0.5), ValueError, "'rrelu' got lower=0.5 and upper=0.333"),
    (lambda: nl.elu.module(alpha="a"), TypeError, "activation 'elu' got alpha='a': expected a number"),
    (lambda: nl.prelu.module(weight=NAN), ValueError, "activation 'prelu' got weight=nan: expected a number"),
    (lambda: nl.gelu.module(alpha=1.0), TypeError, "got the parameter 'alpha': it has no parameters"),
    (lambda: nl.gain("elu", alpha=NAN), ValueError, "activation 'elu' got alpha=nan"),
    (lambda: nl.losses["huber"](1.0, 1.0, delta=-1.0), ValueError, "loss 'huber' got delta=-1.0: expected a number in"),
    (lambda: nl.losses["quantile"](ROWS, ROWS, q=1.5), ValueError, "loss 'quantile' got q=1.5: expected a number in ["),
    (lambda: nl.losses["focal"](ROWS, RIGHT, gamma=-1.0), ValueError, "loss 'focal' got gamma=-1.0: expected a number"),
    (lambda: nl.losses["nt_xent"](ROWS, ROWS, temperature=0.0), ValueError, "got temperature=0.0: expected a number i"),
    (lambda: nl.losses["triplet"](ROWS, ROWS, ROWS, margin=NAN), ValueError, "loss 'triplet' got margin=nan"),
    (lambda: nl.losses["huber"](1.0, 1.0, delta="a"), TypeError, "loss 'huber' got delta='a': expected a number"),
    (lambda: nl.gelu.derivative(1.0, order=0), ValueError, "gelu got order=0: expected 1, or more"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "kind", "message"), PARAMETERS, ids=[message[:40] for *_, message in PARAMETERS])
def test_a_wrong_parameter(call, kind, message):
    error = said(call)
    assert isinstance(error, kind)
    assert message in str(error)


@pytest.mark.parametrize("family", [activations, losses], ids=lambda family: family.kind)
def test_every_member_may_have_the_parameters_that_it_declares(family):
    for spec in family.values():
        assert set(spec.domains) <= {*spec.parameters, *getattr(spec, "operands", ())}
        assert spec.with_defaults(dict(spec.parameters)) == dict(spec.parameters)
        for name in spec.domains.keys() & spec.parameters.keys():
            with pytest.raises(ValueError, match=f"{spec.name!r} got {name}=-1"):
                spec.with_defaults({name: -1.0})


CE = "cross_entropy"
OPERANDS = [  # loss, operands, options, error, what it says
    (CE, (ROWS, torch.tensor([1, 4])), {}, IndexError, "got class index 4: expected 0 to 3 for predictions of 4 class"),
    (CE, (ROWS, torch.tensor([1, -1])), {}, IndexError, "got class index -1: expected 0 to 3"),
    (CE, (ROWS, torch.tensor([1, -100])), {"ignore_index": -1}, IndexError, "got class index -100: expected 0 to 3"),
    (CE, (ROWS, torch.tensor([5, 4])), {"ignore_index": 4}, IndexError, "got class index 5: expected 0 to 3"),
    (CE, (ROWS[0], torch.tensor(7)), {}, IndexError, "got class index 7: expected 0 to 3"),
    (CE, (ROWS.numpy(), np.array([1, 7])), {}, IndexError, "got class index 7: expected 0 to 3"),
    ("nll", (ROWS.log_softmax(1), torch.tensor([1, 9])), {}, IndexError, "got class index 9"),
    ("focal", (ROWS, torch.tensor([1, -1])), {}, IndexError, "got class index -1"),
    ("multi_margin", (ROWS, torch.tensor([0, 4])), {}, IndexError, "got class index 4"),
    (CE, (ROWS, torch.tensor([1, 2, 3])), {}, ValueError, "got targets of shape (3,) for predictions of shape (2, 4): "
     "expected class indices of shape (2,)"),
    (CE, (ROWS, torch.tensor([1.0, 2.0])), {}, TypeError, "got class indices of torch.float32: expected integers; use"),
    (CE, (ROWS.long(), RIGHT), {}, TypeError, "got predictions of torch.int64: expected floating point; use"),
    (CE, (1.0, 0), {}, TypeError, "got a float: expected vectors; pass arrays or tensors"),
    ("mse", (torch.ones(4), torch.ones(4, 1)), {}, ValueError, "got targets of shape (4, 1) for predictions of shape "
     "(4,): expected the same shape; use target.reshape(prediction.shape)"),
    ("mse", (torch.ones(4), torch.ones(5)), {}, ValueError, "expected the same shape"),
    ("mse", (torch.ones(4),), {}, TypeError, "'mse' got 1 operands: expected p, t, in this order"),
    ("mse", (torch.ones(4), torch.ones(4)), {"reduction": "avg"}, ValueError, "got reduction='avg': expected 'mean', "
     "'sum' or 'none'"),
    ("mse", (torch.ones(4), torch.ones(4)), {"reduction": None}, ValueError, "got reduction=None: expected 'mean'"),
    ("mse", (torch.ones(4), torch.ones(4)), {"reduction": ["mean"]}, ValueError, "got reduction=['mean']"),
    ("triplet", (ROWS, ROWS, ROWS[:, :2]), {}, ValueError, "got 'n' of shape (2, 2) for predictions of shape (2, 4)"),
    ("nt_xent", (ROWS, ROWS[:1]), {}, ValueError, "got 'b' of shape (1, 4)"),
    ("cosine_embedding", (ROWS, ROWS, torch.ones(3)), {}, ValueError, "expected (2,), one per row"),
    ("bce", (torch.tensor([0.2]), torch.tensor([2.0])), {}, ValueError, "got targets from 2 to 2: expected [0, 1]; us"),
    ("bce", (torch.tensor([1.2]), torch.tensor([1.0])), {}, ValueError, "got predictions from 1.2 to 1.2: expected"),
    ("bce_with_logits", (torch.tensor([0.2]), torch.tensor([-1.0])), {}, ValueError, "use (target + 1) / 2 if they ar"),
    (CE, (ROWS, ROWS.softmax(1) * 3 - 1), {}, ValueError, "expected [0, 1]; check the labels"),
    ("nll", (ROWS.softmax(1), RIGHT), {}, ValueError, "expected (-inf, 0]; apply 'log_softmax' to them"),
    ("hinge", (torch.tensor([0.5]), torch.tensor([0.0])), {}, ValueError, "expected -1 or 1; use 2 * target - 1"),
    ("poisson_nll", (torch.tensor([0.5]), torch.tensor([-1.0])), {}, ValueError, "expected [0, inf); check the target"),
    ("msle", (torch.tensor([1.0]), torch.tensor([-2.0])), {}, ValueError, "expected (-1, inf); check the targets"),
    ("dice", (torch.tensor([[2.0]]), torch.tensor([[1.0]])), {}, ValueError, "got predictions from 2 to 2: expected ["),
    ("kl_div", (torch.tensor([-0.5, -0.5]), torch.tensor([-0.5, 0.5])), {}, ValueError, "divide each row by its sum"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "operands", "options", "kind", "message"),
    OPERANDS,
    ids=[f"{name}-{message[:30]}" for name, *_, message in OPERANDS],
)
def test_a_wrong_operand_of_a_loss(name, operands, options, kind, message):
    error = said(lambda: nl.losses[name](*operands, **options))
    assert isinstance(error, kind)
    assert str(error).startswith(f"loss {name!r} got ")
    assert "expected" in str(error)
    assert message in str(error)


def test_targets_to_be_ignored_are_no_mistake():
    for ignored in (-100, 4, 1):
        target = torch.tensor([3, ignored])
        found = nl.losses["cross_entropy"](ROWS, target, ignore_index=ignored)
        assert found.item() == pytest.approx(nl.losses["cross_entropy"](ROWS[:1], target[:1]).item())
