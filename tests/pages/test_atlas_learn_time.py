"""The lesson on recurrent networks: gradients over time against torch's autograd, spectral radius against NumPy."""

import re

import numpy as np
import pytest
import torch
from playwright.sync_api import expect

import neurologist as nl

RUN = """([kind, given]) => {
  const chosen = { ...LESSONS.time.first, ...given };
  const run = kind === "lstm" ? runLstm(chosen) : runRecurrent(chosen);
  const lists = (arrays) => (arrays ?? []).map((array) => [...array]);
  return {
    xs: lists(run.xs), weight: [...run.weight], input: [...run.input], targets: [...run.targets],
    gradients: lists(run.gradients), cells: lists(run.cells), states: lists(run.states),
    radius: kind === "lstm" ? null : spectralRadius(run.weight, chosen.width), shares: relative(run.gradients),
  };
}"""
FIRST = "(given) => relative(runRecurrent({ ...LESSONS.time.first, ...given }).gradients)[0]"
WIDTH, SEQUENCES, INPUTS = 16, 8, 8


def tensor(values, *shape):
    return torch.tensor(values, dtype=torch.float64).view(*shape)


def assert_same(found, expected):
    for got, state in zip(found, expected, strict=True):
        size = float(state.grad.abs().max())
        assert got == pytest.approx(state.grad.ravel().tolist(), rel=1e-6, abs=1e-9 * size)


@pytest.mark.parametrize("given", [{"act": "tanh", "scale": 0.9}, {"act": "relu", "scale": 1.6, "seed": 5}])
def test_an_rnn_s_gradients_are_autograd_s(given, atlas, opened):
    page = opened(atlas)
    found = page.evaluate(RUN, ["rnn", {**given, "width": WIDTH, "length": 25}])
    weight, into = tensor(found["weight"], WIDTH, WIDTH), tensor(found["input"], WIDTH, INPUTS)
    cell = torch.nn.RNNCell(INPUTS, WIDTH, nonlinearity=given["act"], bias=False, dtype=torch.float64)
    with torch.no_grad():
        cell.weight_hh.copy_(weight)
        cell.weight_ih.copy_(into)
    states, h = [], torch.zeros(SEQUENCES, WIDTH, dtype=torch.float64)
    for x in found["xs"]:
        h = cell(tensor(x, SEQUENCES, INPUTS), h)
        h.retain_grad()
        states.append(h)
    torch.nn.functional.mse_loss(h, tensor(found["targets"], SEQUENCES, WIDTH)).backward()
    assert_same(found["gradients"], states)
    assert found["states"][-1] == pytest.approx(h.detach().ravel().tolist(), rel=1e-6, abs=1e-9)
    sizes = np.array([float(state.grad.pow(2).mean().sqrt()) for state in states])
    assert found["shares"] == pytest.approx(sizes / sizes[-1], rel=1e-6)
    assert found["radius"] == pytest.approx(max(abs(np.linalg.eigvals(weight.numpy()))), rel=1e-6)
    assert float(weight.std()) == pytest.approx(given["scale"] / WIDTH**0.5, rel=0.2)


@pytest.mark.parametrize("given", [{"forget": 2, "scale": 0.9}, {"forget": -1, "scale": 2, "seed": 3}])
def test_an_lstm_s_gradients_are_autograd_s(given, atlas, opened):
    page = opened(atlas)
    found = page.evaluate(RUN, ["lstm", {**given, "width": WIDTH, "length": 25}])
    cell = torch.nn.LSTMCell(INPUTS, WIDTH, dtype=torch.float64)
    with torch.no_grad():
        cell.weight_hh.copy_(tensor(found["weight"], 4 * WIDTH, WIDTH))
        cell.weight_ih.copy_(tensor(found["input"], 4 * WIDTH, INPUTS))
        cell.bias_ih.zero_()[WIDTH : 2 * WIDTH] = given["forget"]
        cell.bias_hh.zero_()
    h = c = torch.zeros(SEQUENCES, WIDTH, dtype=torch.float64)
    states, cells = [], []
    for x in found["xs"]:
        h, c = cell(tensor(x, SEQUENCES, INPUTS), (h, c))
        h.retain_grad()
        c.retain_grad()
        states.append(h)
        cells.append(c)
    torch.nn.functional.mse_loss(h, tensor(found["targets"], SEQUENCES, WIDTH)).backward()
    assert_same(found["gradients"], states)
    assert_same(found["cells"], cells)


def test_theory_is_python_s_and_a_wide_network_keeps_near_it(atlas, opened):
    page = opened(atlas)
    z = np.linspace(-10, 10, 20001)
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) * (z[1] - z[0])
    for act, scale in (("tanh", 0.9), ("sigmoid", 2.0), ("gelu", 1.1)):
        f = nl.activations[act]
        given = {"act": act, "scale": scale, "length": 12, "width": 64}
        found = page.evaluate("(given) => recurrentTheory({ ...LESSONS.time.first, ...given })", given)
        square, factors = 0.25, []
        for _ in range(11):
            square = scale**2 * np.sum(density * f(np.sqrt(square) * z) ** 2) + 0.25
            factors.append(scale * np.sqrt(np.sum(density * f.derivative(np.sqrt(square) * z) ** 2)))
        expected = np.append(np.cumprod(factors[::-1])[::-1], 1)
        assert found == pytest.approx(expected, rel=1e-6)
        measured = np.median([page.evaluate(FIRST, {**given, "seed": seed}) for seed in range(1, 8)])
        assert np.log10(measured / found[0]) == pytest.approx(0, abs=0.7)
    kept = page.evaluate("forgetTheory({ length: 9, forget: 1.5 })")
    assert kept == pytest.approx(
        [float(torch.sigmoid(torch.tensor(1.5).double())) ** (8 - t) for t in range(9)], rel=1e-6
    )


def test_a_reader_sees_the_rnn_lose_and_the_lstm_keep_the_gradient(atlas, opened):
    page = opened(atlas, "#view=learn&lesson=time")
    verdict = page.locator("#lesson-verdict")
    expect(verdict).to_contain_text(
        re.compile(r"RNN with tanh: the gradient vanishes\. .* LSTM: the gradient survives\.")
    )
    assert page.locator("#lesson path.line").count() == 10  # five lines, each also in the legend
    length = page.get_by_label("Time steps T", exact=True)
    length.focus()
    page.keyboard.press("End")
    expect(verdict).to_contain_text("Over 149 steps")
    page.get_by_label("Forget gate's bias").focus()
    page.keyboard.press("Home")
    expect(verdict).to_contain_text("LSTM: the gradient vanishes")
    page.get_by_label("Recurrent weights' std × √width").focus()
    page.keyboard.press("End")
    page.get_by_label("Activation of the RNN").select_option("relu")
    expect(verdict).to_contain_text("RNN with relu: the gradient explodes")
    page.get_by_label("Activation of the RNN").select_option("square")
    expect(verdict).to_contain_text("RNN with square: its numbers overflow")
    said = verdict.inner_text()
    page.reload()
    expect(verdict).to_have_text(said)
    page.locator("#language").click()
    expect(verdict).to_contain_text("数值溢出")
