"""The lesson on inputs that are not zero-centred: its paths, signs and condition numbers against torch and NumPy."""

import re

import numpy as np
import pytest
import torch
from playwright.sync_api import expect

import neurologist as nl

WALK = """(given) => {
  const made = makeZigzag({ ...LESSONS.zigzag.first, ...given });
  for (let i = 0; i < given.steps; i += 1) made.step();
  return made.sides.map(({ inputs, points, gradients, losses, rate, condition, theory, oneSign }) =>
    ({ inputs, points, gradients, losses, rate, condition, theory, oneSign }));
}"""


@pytest.mark.parametrize("given", [{"act": "sigmoid", "batch": "1"}, {"act": "relu", "batch": "full", "seed": 4}])
def test_both_paths_are_those_of_torch_s_sgd(given, atlas, opened):
    page = opened(atlas)
    steps = 50
    sides = page.evaluate(WALK, {**given, "share": 0.8, "steps": steps})
    plain, centred = (torch.tensor(side["inputs"], dtype=torch.float64) for side in sides)
    assert torch.allclose(centred, plain - plain.mean(0), atol=1e-12)
    for x, side in zip((plain, centred), sides, strict=True):
        t = x @ torch.tensor([1.0, -1.0], dtype=torch.float64)
        hessian = 2 * x.T @ x / len(x)
        sharpest = torch.linalg.eigvalsh(hessian)[-1] if given["batch"] == "full" else 2 * x.pow(2).sum(1).max()
        assert side["rate"] == pytest.approx(0.8 * 2 / float(sharpest), rel=1e-6)
        assert side["condition"] == pytest.approx(np.linalg.cond(hessian.numpy()), rel=1e-6)
        w = torch.tensor(side["points"][0], dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.SGD([w], lr=side["rate"])
        alike = 0
        for step in range(steps):
            assert side["points"][step] == pytest.approx(w.tolist(), rel=1e-6, abs=1e-9)
            loss = float((x @ w - t).detach().pow(2).mean())
            assert side["losses"][step] == pytest.approx(loss, rel=1e-6, abs=1e-12)
            which = slice(None) if given["batch"] == "full" else slice(step, step + 1)
            optimizer.zero_grad()
            torch.nn.functional.mse_loss(x[which] @ w, t[which]).backward()
            assert side["gradients"][step] == pytest.approx(w.grad.tolist(), rel=1e-6, abs=1e-12)
            alike += int(w.grad[0] * w.grad[1] >= 0)
            optimizer.step()
        assert side["oneSign"] == alike


def test_positive_inputs_give_gradients_of_one_sign_and_centred_ones_do_not(atlas, opened):
    page = opened(atlas)
    for act, seed in (("sigmoid", 1), ("sigmoid", 2), ("relu", 3)):
        plain, centred = page.evaluate(WALK, {"act": act, "batch": "1", "seed": seed, "steps": 100})
        assert plain["oneSign"] == 100
        assert 20 < centred["oneSign"] < 80
        assert plain["losses"][-1] > centred["losses"][-1]


def test_the_condition_number_in_theory_follows_from_mean_and_gain(atlas, opened):
    page = opened(atlas)
    for name in ("sigmoid", "tanh", "relu", "softplus", "gelu"):
        traits = nl.activations[name].traits
        square, mean = traits.gain**-2, traits.mean
        (plain, centred) = page.evaluate(WALK, {"act": name, "steps": 0})
        assert plain["theory"] == pytest.approx((square + mean**2) / (square - mean**2), rel=1e-6)
        assert plain["condition"] == pytest.approx(plain["theory"], rel=0.5)  # 256 samples
        assert centred["theory"] == 1


def test_a_reader_sees_both_signs_by_keyboard(atlas, opened):
    page = opened(atlas, "#view=learn&lesson=zigzag", reduced_motion="reduce")
    verdict = page.locator("#lesson-verdict")
    assert re.match(
        r"In 100 % of 40 steps both gradients had one sign with the outputs of sigmoid", verdict.inner_text()
    )
    rows = page.locator("#lesson table tbody tr")
    assert rows.first.locator("td").nth(3).inner_text() == "100 %"
    assert float(rows.first.locator("td").nth(5).inner_text()) == pytest.approx(12.53, abs=0.01)
    page.get_by_role("button", name="Run", exact=True).focus()
    page.keyboard.press("Enter")
    expect(verdict).to_contain_text("of 140 steps")
    page.get_by_label("Activation of the layer before").select_option("tanh")
    expect(verdict).to_contain_text("tanh is nearly zero-centred")
    page.reload()
    page.locator("#language").click()
    expect(verdict).to_contain_text("tanh 接近零中心")
