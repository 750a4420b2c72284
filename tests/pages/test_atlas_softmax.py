"""The exhibit of softmax and cross-entropy in a real browser, against torch."""

import re

import pytest
import torch
from torch.nn import functional as F

SCORES = [(2.0, 1.0, 0.0, -1.0), (5.5, -3.2, 5.5, 0.1), (-12.0, 12.0, 3.0, 2.9), (0.0, 0.0, 0.0, 0.0)]


def number(text):
    return float(text.replace("−", "-").replace("∞", "inf").replace("–", "nan"))


def stages(page, which, z, target, dtype="float64"):
    found = page.evaluate(f"([z, target, dtype]) => {which}Graph(z, target, rounder(dtype))", [list(z), target, dtype])
    return {stage["name"]: stage for stage in found}


@pytest.mark.parametrize("target", [0, 3])
@pytest.mark.parametrize("scores", SCORES)
def test_softmax_losses_and_slopes_are_torch_s(scores, target, atlas, opened):
    page = opened(atlas)
    ask = "([name, z, other]) => [ofClasses(name, z, ...(other ? [other] : []))].flat()"
    z = torch.tensor(scores, dtype=torch.float64, requires_grad=True)
    one_hot = F.one_hot(torch.tensor(target), 4).double()
    loss = F.cross_entropy(z, torch.tensor(target))
    (slope,) = torch.autograd.grad(loss, z)
    softmax = torch.softmax(z.detach(), 0)
    for name in ("softmax", "textbook"):
        assert page.evaluate(ask, [name, scores, None]) == pytest.approx(softmax.tolist(), rel=1e-6)
    for name in ("loss", "textbookLoss"):
        assert page.evaluate(ask, [name, scores, one_hot.tolist()]) == pytest.approx([float(loss.detach())], rel=1e-6)
    assert page.evaluate(ask, ["slope", scores, one_hot.tolist()]) == pytest.approx(slope.tolist(), rel=1e-6, abs=1e-15)
    hard = F.one_hot(z.argmax(), 4).tolist()
    assert page.evaluate(ask, ["hardmax", scores, None]) == hard


@pytest.mark.parametrize("which", ["textbook", "stable"])
@pytest.mark.parametrize("scores", SCORES)
def test_every_value_and_gradient_of_the_graph_is_autograd_s(which, scores, atlas, opened):
    page = opened(atlas)
    z = torch.tensor(scores, dtype=torch.float64, requires_grad=True)
    if which == "textbook":
        e = torch.exp(z)
        total = e.sum()
        y = e / total
        logs = torch.log(y)
        loss = -logs[1]
        nodes = {"z": z, "exp z": e, "S = Σ exp z": total, "y = exp z / S": y, "log y": logs, "L = −Σ t log y": loss}
    else:
        d = z - z.max().detach()
        e = torch.exp(d)
        total = e.sum()
        log = torch.log(total)
        loss = log - d[1]
        nodes = {"z": z, "exp d": e, "S = Σ exp d": total, "log S": log, "L = log S − Σ t d": loss}
    found = stages(page, which, scores, 1)
    assert nodes.keys() <= found.keys()
    gradients = torch.autograd.grad(loss, list(nodes.values()), retain_graph=True)
    if which == "stable":  # d goes into the loss beside its exponential, and its gradient is the whole of z's
        assert found["d = z − max z"]["gradient"] == pytest.approx(gradients[0].tolist(), rel=1e-6, abs=1e-15)
    for (name, node), gradient in zip(nodes.items(), gradients, strict=True):
        assert found[name]["value"] == pytest.approx(node.detach().reshape(-1).tolist(), rel=1e-6), name
        assert found[name]["gradient"] == pytest.approx(gradient.reshape(-1).tolist(), rel=1e-6, abs=1e-15), name
    expected = torch.softmax(z.detach(), 0) - F.one_hot(torch.tensor(1), 4)
    assert found["z"]["gradient"] == pytest.approx(expected.tolist(), rel=1e-6, abs=1e-15)


@pytest.mark.parametrize(("dtype", "shift"), [("float32", 100), ("float16", 12), ("float64", 800), ("float32", -200)])
def test_the_textbook_breaks_where_torch_s_exp_does_and_the_cure_holds(dtype, shift, atlas, opened):
    page = opened(atlas, f"#view=softmax&classes=numbers:{dtype},shift:{shift}")
    z = (torch.tensor(SCORES[0], dtype=torch.float64) + shift).to(getattr(torch, dtype))
    sums = torch.exp(z).sum()
    assert bool(torch.isinf(sums)) or float(sums) == 0
    verdict = page.locator("#class-verdict").inner_text()
    assert ("overflows" if shift > 0 else "every exp z is 0") in verdict.lower().replace(
        "overflows " + dtype, "overflows"
    )
    loss = float(re.search(r"cures it: the loss is ([\d.]+)\.$", verdict)[1])
    assert loss == pytest.approx(float(F.cross_entropy(z.double(), torch.tensor(0))), rel=1e-5)
    page.get_by_label("Computation graph", exact=True).and_(page.locator("select")).select_option("textbook")
    assert "NaN" in page.locator("#class-graph").inner_text()
    page.get_by_label("Computation graph", exact=True).and_(page.locator("select")).select_option("stable")
    assert "NaN" not in page.locator("#class-graph").inner_text()


def test_softmax_twice_has_torch_s_loss_slope_and_floor(atlas, opened):
    page = opened(atlas)
    for scores in SCORES:
        for target in range(4):
            z = torch.tensor(scores, dtype=torch.float64, requires_grad=True)
            loss = F.cross_entropy(torch.softmax(z, 0), torch.tensor(target))
            (slope,) = torch.autograd.grad(loss, z)
            found = page.evaluate("([z, target]) => doubleSoftmax(z, targetsOf(target))", [list(scores), target])
            assert found["loss"] == pytest.approx(float(loss.detach()), rel=1e-6)
            assert found["gradient"] == pytest.approx(slope.tolist(), rel=1e-6, abs=1e-15)
            sure = F.cross_entropy(torch.softmax(torch.eye(4).double()[target] * 1e3, 0), torch.tensor(target))
            assert found["floor"] == pytest.approx(float(sure), rel=1e-6)
            assert found["loss"] >= found["floor"]


def test_the_keyboard_moves_a_score_and_the_address_keeps_it(atlas, opened):
    page = opened(atlas, "#view=softmax")
    page.get_by_label("score z₁").focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    page.get_by_label("Right class", exact=True).select_option(index=1)
    z = torch.tensor([2.5, 1.0, 0.0, -1.0], dtype=torch.float64)
    cells = page.locator("#class-table tbody tr").first.locator("td").all_inner_texts()
    assert number(cells[3]) == pytest.approx(float(torch.softmax(z, 0)[0]), rel=1e-3)
    said = page.locator("#double-result").inner_text()
    once = number(re.search(r"Once: L = (\S+),", said)[1])
    assert once == pytest.approx(float(F.cross_entropy(z, torch.tensor(1))), rel=1e-5)
    page.reload()
    assert page.locator("#double-result").inner_text() == said
    page.locator("#language").click()
    assert "下限" in page.locator("#view-softmax").inner_text()


@pytest.mark.parametrize("width", [390, 1440])
def test_the_exhibit_fits_the_screen(width, atlas, opened):
    page = opened(atlas, "#view=softmax&classes=shift:1000", width=width)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
