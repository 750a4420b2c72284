"""The depth exhibit in a real browser: its network against autograd, its theory and its rounding against Python's."""

import re

import numpy as np
import pytest
import torch

import neurologist as nl
from neurologist.catalogue import activations
from neurologist.theory.gain import moments
from neurologist.theory.numeric import branch_points

RUN = """(given) => {
  const settings = { ...given, member: memberOf(`activation/${given.name}`) };
  const run = runDepth(settings);
  const lists = (arrays) => arrays.map((array) => Array.from(array));
  const kept = lists(run.kept.map((layer) => layer.weight));
  return { ...run, layers: lists(run.layers), gradients: lists(run.gradients), kept };
}"""
THEORY = "(given) => theoryOf({ ...given, member: memberOf(`activation/${given.name}`) })"
WIDTH, DEPTH, BATCH = 16, 4, 64
PLAIN = {"norm": "none", "residual": False, "dtype": "float64", "seed": 3, "scale": 1}


def rms(tensor):
    return float(tensor.detach().double().pow(2).mean().sqrt())


def normalised(z, norm):
    if norm == "none":
        return z
    return torch.nn.functional.layer_norm(z, z.shape[1:]) if norm == "layer" else batch_norm(z)


def batch_norm(z):
    return torch.nn.functional.batch_norm(z, None, None, training=True)


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("norm", ["none", "layer", "batch"])
@pytest.mark.parametrize("name", ["sigmoid", "relu", "gelu", "mish"])
def test_the_network_is_the_one_that_autograd_computes(name, norm, residual, atlas, opened):
    page = opened(atlas)
    given = {
        **PLAIN,
        "name": name,
        "norm": norm,
        "residual": residual,
        "deviation": 1.3,
        "width": WIDTH,
        "depth": DEPTH,
    }
    run = page.evaluate(RUN, given)
    f = getattr(nl, name)
    z = torch.tensor(run["layers"][0], dtype=torch.float64).view(BATCH, WIDTH).requires_grad_()
    layers = [z]
    for weight in run["kept"]:
        w = torch.tensor(weight, dtype=torch.float64).view(WIDTH, WIDTH)
        assert float(w.std()) == pytest.approx(1.3 / WIDTH**0.5, rel=0.2)
        z = f(normalised(z, norm)) @ w.T + (z if residual else 0)
        z.retain_grad()
        layers.append(z)
    z.backward(torch.tensor(run["gradients"][-1], dtype=torch.float64).view(BATCH, WIDTH))
    assert run["signal"] == pytest.approx([rms(layer) for layer in layers], rel=1e-6)
    assert run["gradient"] == pytest.approx([rms(layer.grad) for layer in layers], rel=1e-6)
    assert run["gradient"][-1] == pytest.approx(1, rel=1e-9)
    product = np.prod(np.array(run["parts"]), axis=1)
    ratios = np.array(run["gradient"])[:-1] / np.array(run["gradient"])[1:]
    assert product == pytest.approx(ratios, rel=1e-9)


def test_the_weights_are_normal_and_differ_from_seed_to_seed(atlas, opened):
    page = opened(atlas)
    one, two = (np.array(page.evaluate("(seed) => Array.from(normals(seed, 20001))", seed)) for seed in (1, 2))
    assert abs(one.mean()) < 0.03
    assert one.std() == pytest.approx(1, abs=0.02)
    assert np.mean(np.abs(one) < 1) == pytest.approx(0.6827, abs=0.015)
    assert abs(np.corrcoef(one, two)[0, 1]) < 0.03


@pytest.mark.slow
def test_the_theory_is_python_s_for_every_activation(atlas, opened):
    page = opened(atlas)
    names = page.evaluate("MEMBERS.filter(deep).map((member) => member.name)")
    assert len(names) > 80
    for name in names:
        spec = activations[name]
        gain = moments(spec, spec.parameters, branch_points(spec, spec.parameters)).gain
        found = page.evaluate(THEORY, {**PLAIN, "name": name, "deviation": gain, "depth": 12})
        expected = nl.propagation(name, 12)
        assert found["signal"] == pytest.approx(expected.signal, rel=1e-6), name
        assert found["gradient"] == pytest.approx(expected.gradient, rel=1e-6), name


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("norm", [None, "layer", "batch"])
@pytest.mark.parametrize("name", ["tanh", "relu", "silu"])
def test_the_theory_is_python_s_with_norms_and_residuals(name, norm, residual, atlas, opened):
    page = opened(atlas)
    given = {**PLAIN, "name": name, "norm": norm or "none", "residual": residual, "deviation": 0.8, "depth": 20}
    found = page.evaluate(THEORY, given)
    expected = nl.propagation(name, 20, weight_std=0.8, norm=norm, residual=residual)
    assert found["signal"] == pytest.approx(expected.signal, rel=1e-6)
    assert found["gradient"] == pytest.approx(expected.gradient, rel=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_numbers_are_rounded_as_torch_rounds_them(dtype, atlas, opened):
    page = opened(atlas)
    kind = getattr(torch, dtype)
    edges = torch.finfo(kind)
    sizes = torch.logspace(-9, 6, 3000, dtype=torch.float64) * torch.tensor([1.0, -1.0]).double().repeat(1500)
    near = torch.tensor([edges.tiny, edges.smallest_normal / 3, edges.max, 1.0, 0.0], dtype=torch.float64)
    ties = torch.tensor([1 + edges.eps / 2, 1 + 1.5 * edges.eps, 65519.0, 65520.0, 2049.0], dtype=torch.float64)
    # through float32, as torch itself does, so that no number is rounded twice differently
    x = torch.cat([sizes, near, ties]).float().double()
    script = "([dtype, xs]) => { const round = rounder(dtype); return xs.map((x) => String(round(x))); }"
    found = [float(text.replace("Infinity", "inf")) for text in page.evaluate(script, [dtype, x.tolist()])]
    assert found == x.to(kind).double().tolist()


def test_a_reader_sees_who_loses_the_gradient(atlas, opened):
    page = opened(atlas, "#view=depth")
    verdict = page.locator("#deep-verdict")

    def choose(label, value):
        page.locator("#deep-controls").get_by_label(label, exact=True).select_option(value)

    assert re.search(r"vanishes: over 30 layers .* slope of sigmoid: \d+(\.\d+)? decades", verdict.inner_text())
    choose("Activation", "relu")
    assert "survives" in verdict.inner_text()
    choose("Weights", "torch")
    assert "vanishes" in verdict.inner_text()
    choose("Numbers", "float16")
    assert "exactly 0" in verdict.inner_text() or "vanishes" in verdict.inner_text()
    choose("Normalisation", "layer")
    assert "survives" in verdict.inner_text()
    choose("Normalisation", "none")
    choose("Weights", "own")
    page.get_by_label("Weights' std").fill("4")
    assert "overflows float16" in verdict.inner_text()
    said = verdict.inner_text()
    page.reload()
    assert verdict.inner_text() == said
    page.locator("#language").click()
    assert "溢出" in verdict.inner_text() or "超出" in verdict.inner_text()


def test_the_keyboard_changes_the_depth(atlas, opened):
    page = opened(atlas, "#view=depth")
    page.get_by_label("Layers", exact=True).focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    assert "over 27 layers" in page.locator("#deep-verdict").inner_text()
    assert "depth:27" in page.url.replace("%3A", ":")
    assert page.locator("#deep-gradient circle").count() == 28


def test_the_chain_is_autograd_s_factor_by_factor(atlas, opened):
    page = opened(atlas, "#view=depth&deep=act:tanh&chain=w:1.7,b:-0.3,x:0.9,t:0.25")
    w, b, x, target = 1.7, -0.3, 0.9, 0.25
    first = torch.tensor(b, dtype=torch.float64, requires_grad=True)
    a = torch.tanh(w * torch.tensor(x, dtype=torch.float64) + first)
    for _ in range(3):
        a = torch.tanh(w * a + b)
    loss = (a - target) ** 2 / 2
    (slope,) = torch.autograd.grad(loss, first)
    product = page.evaluate("runChain(memberOf('activation/tanh'), readChain()).product")
    assert product == pytest.approx(float(slope), rel=1e-6)
    rows = page.locator("#chain-table tbody tr")
    assert rows.count() == 8
    last = rows.last.locator("td").last.inner_text().replace("−", "-")
    assert float(last) == pytest.approx(float(slope), rel=1e-5)


@pytest.mark.parametrize("width", [390, 1440])
def test_the_exhibit_fits_the_screen(width, atlas, opened):
    page = opened(atlas, "#view=depth", width=width)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
