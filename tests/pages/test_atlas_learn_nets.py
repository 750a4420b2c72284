"""Lessons that train a small network in the page: every weight and loss against torch from the same start."""

import re

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from playwright.sync_api import expect

TRAIN = """([kind, given, steps]) => {
  const chosen = { ...LESSONS[kind].first, ...given };
  const made = LESSONS[kind].make(chosen);
  const flat = (net) => net.layers.map((layer) => ({ ...layer, weight: [...layer.weight], bias: [...layer.bias] }));
  const nets = made.nets ?? [made];
  const before = nets.map((one) => flat(one.net));
  for (let i = 0; i < steps; i += 1) made.step();
  return nets.map((one, i) => ({
    before: before[i], after: flat(one.net), losses: one.losses, inputs: [...one.inputs],
    classes: one.classes, targets: one.targets, right: one.right, died: one.died, output: [...one.run.output],
  }));
}"""
ACTIVATIONS = {
    "tanh": torch.nn.Tanh,
    "relu": torch.nn.ReLU,
    "gelu": torch.nn.GELU,
    "identity": torch.nn.Identity,
    "leaky_relu": torch.nn.LeakyReLU,
    "elu": torch.nn.ELU,
}
HEADS = {
    "bce_with_logits": F.binary_cross_entropy_with_logits,
    "mse": lambda z, t: F.mse_loss(torch.sigmoid(z), t),
    "hinge": lambda z, t: torch.clamp(1 - (2 * t - 1) * z, min=0).mean(),
}


def rebuilt(layers, act):
    """The page's network as torch's modules, with the page's weights."""
    parts = []
    for layer in layers:
        linear = torch.nn.Linear(layer["into"], layer["out"], dtype=torch.float64)
        with torch.no_grad():
            linear.weight.copy_(torch.tensor(layer["weight"], dtype=torch.float64).view(layer["out"], layer["into"]))
            linear.bias.copy_(torch.tensor(layer["bias"], dtype=torch.float64))
        parts += [linear, ACTIVATIONS[act]()]
    return torch.nn.Sequential(*parts[:-1])


def trained(net, loss, optimizer, steps):
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        now = loss()
        now.backward()
        losses.append(float(now.detach()))
        optimizer.step()
    return [*losses, float(loss().detach())]


def weights_of(layers):
    return np.concatenate([np.concatenate([layer["weight"], layer["bias"]]) for layer in layers])


def assert_same_weights(net, layers):
    expected = np.concatenate([parameter.detach().numpy().ravel() for parameter in net.parameters()])
    assert weights_of(layers) == pytest.approx(expected, rel=1e-6, abs=1e-9)


SETTINGS = [
    {"set": "xor", "act": "tanh", "loss": "bce_with_logits", "optimizer": "sgd", "rate": -0.5},
    {"set": "moons", "act": "relu", "loss": "mse", "optimizer": "sgd", "rate": -1, "depth": 2, "init": "he"},
    {"set": "spirals", "act": "gelu", "loss": "bce_with_logits", "optimizer": "adam", "rate": -2, "depth": 2},
    {"set": "circles", "act": "tanh", "loss": "hinge", "optimizer": "adam", "rate": -2, "hidden": 7, "init": "torch"},
    {"set": "linear", "act": "identity", "loss": "bce_with_logits", "optimizer": "sgd", "rate": -1, "depth": 3},
]


def test_a_small_network_learns_as_torch_s_does(atlas, opened):
    page = opened(atlas)
    for given in SETTINGS:
        (found,) = page.evaluate(TRAIN, ["small", given, 60])
        net = rebuilt(found["before"], given["act"])
        x = torch.tensor(found["inputs"], dtype=torch.float64).view(-1, 2)
        t = torch.tensor(found["classes"], dtype=torch.float64)
        kind = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[given["optimizer"]]
        optimizer = kind(net.parameters(), lr=10 ** given["rate"])
        losses = trained(net, lambda net=net, x=x, t=t, f=HEADS[given["loss"]]: f(net(x).ravel(), t), optimizer, 60)
        assert found["losses"] == pytest.approx(losses, rel=1e-6), given
        assert_same_weights(net, found["after"])
        assert found["right"] == int(((net(x).ravel() > 0) == (t > 0.5)).sum())
        assert losses[-1] < losses[0]


def test_without_an_activation_xor_is_not_learnt_from_any_start_and_with_one_it_is(atlas, opened):
    page = opened(atlas)
    for seed in range(1, 9):
        given = {"set": "xor", "act": "identity", "hidden": 8, "depth": 2, "seed": seed}
        (straight,) = page.evaluate(TRAIN, ["small", given, 300])
        assert straight["right"] < 4
        assert min(straight["losses"]) >= np.log(2) - 1e-12
    (bent,) = page.evaluate(TRAIN, ["small", {"set": "xor", "act": "tanh"}, 300])
    assert bent["right"] == 4
    assert bent["losses"][-1] < 0.1


def test_the_line_of_a_network_without_activations_is_its_product(atlas, opened):
    page = opened(atlas)
    given = {"set": "moons", "act": "identity", "depth": 3, "hidden": 5}
    (found,) = page.evaluate(TRAIN, ["small", given, 20])
    line = page.evaluate(
        """(given) => { const made = makeSmall({ ...LESSONS.small.first, ...given });
        for (let i = 0; i < 20; i += 1) made.step(); return collapsed(made.net); }""",
        given,
    )
    product, shift = np.eye(2), np.zeros(2)
    for layer in found["after"]:
        weight = np.array(layer["weight"]).reshape(layer["out"], layer["into"])
        product, shift = weight @ product, weight @ shift + layer["bias"]
    assert line["w"] == pytest.approx(product.ravel(), rel=1e-6)
    assert line["b"] == pytest.approx(shift[0], rel=1e-6)


def test_a_reader_learns_xor_by_keyboard_and_sees_why_a_line_cannot(atlas, opened):
    page = opened(atlas, "#view=learn", reduced_motion="reduce")
    verdict = page.locator("#lesson-verdict")
    steps = page.locator("#lesson .buttons output")
    page.get_by_role("button", name="Small sets", exact=True).focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.textContent") == "Small sets"
    page.get_by_role("button", name="Run", exact=True).focus()
    page.keyboard.press("Enter")
    expect(verdict).to_contain_text("4 of 4 are right (100 %)")
    expect(verdict).to_contain_text("Learnt.")
    assert page.locator("path.wrong").count() == 0
    page.get_by_role("button", name="Without an activation").focus()
    page.keyboard.press("Enter")
    expect(steps).to_have_text("step 500")
    said = verdict.inner_text()
    assert "straight line" in said
    assert "at most 3 of 4" in said
    assert "0.6931" in said
    assert page.locator("path.wrong").count() > 0
    page.get_by_label("Set", exact=True).select_option("linear")
    expect(verdict).to_contain_text("120 of 120 are right")
    page.get_by_label("Activation", exact=True).select_option("relu")
    page.get_by_label("Weights", exact=True).select_option("zeros")
    expect(verdict).to_contain_text("symmetry")
    page.reload()
    expect(verdict).to_contain_text("symmetry")
    page.locator("#language").click()
    expect(verdict).to_contain_text("对称性")


def test_the_colour_behind_the_samples_says_the_class(atlas, opened):
    page = opened(atlas, "#view=learn&lesson=small&small=steps:400")
    alpha, colours = page.evaluate(
        """() => { const canvas = document.querySelector("canvas.behind"); const context = canvas.getContext("2d");
        const { data, width } = context.getImageData(0, 0, canvas.width, canvas.height);
        const pixel = (u) => Math.round((u + 2.4) / 4.8 * (width - 1));
        const at = (x, y) => [...data.slice(4 * (pixel(-y) * width + pixel(x)))];
        const four = [at(-1, -1), at(1, 1), at(-1, 1), at(1, -1)];
        return [four.map((c) => c[3]), four.map((c) => (c[2] > c[0] ? 0 : 1))]; }"""
    )
    assert colours == [0, 0, 1, 1]
    assert min(alpha) > 100
    box, canvas = (page.locator(f"#lesson .under {part}").bounding_box() for part in ("rect.frame", "canvas"))
    for side in ("x", "y", "width", "height"):
        assert canvas[side] == pytest.approx(box[side], abs=2)


def dead(net, x):
    """Units of the hidden layer whose slope is 0 at every input, by autograd."""
    z = net[0](x).detach().requires_grad_()
    (slope,) = torch.autograd.grad(net[1](z).sum(), z)
    return (slope == 0).all(0)


@pytest.mark.parametrize(
    "given", [{"rate": -0.9}, {"rate": -1.5, "bias": -3, "seed": 2}, {"rate": -1.5, "act": "gelu", "beside": "elu"}]
)
def test_units_die_when_torch_s_do(given, atlas, opened):
    page = opened(atlas)
    steps = 40
    for found, act in zip(
        page.evaluate(TRAIN, ["dying", given, steps]),
        (given.get("act", "relu"), given.get("beside", "leaky_relu")),
        strict=True,
    ):
        net = rebuilt(found["before"], act)
        x, t = (torch.tensor(found[key], dtype=torch.float64).view(-1, 1) for key in ("inputs", "targets"))
        optimizer = torch.optim.SGD(net.parameters(), lr=10 ** given["rate"])
        since = [None] * 16
        losses = []
        for step in range(steps + 1):
            since = [
                (step if was is None else was) if now else None for was, now in zip(since, dead(net, x), strict=True)
            ]
            losses += trained(net, lambda net=net, x=x, t=t: F.mse_loss(net(x), t), optimizer, 1)[:1]
            if step + 1 == steps:
                assert_same_weights(net, found["after"])
        assert found["losses"] == pytest.approx(losses, rel=1e-6)
        assert found["died"] == since


def test_both_networks_start_from_the_same_weights(atlas, opened):
    page = opened(atlas)
    left, right = page.evaluate(TRAIN, ["dying", {"bias": -1}, 0])
    assert left["before"] == right["before"]
    assert left["targets"] == right["targets"]


def test_a_reader_sees_units_die_and_leaky_relu_live(atlas, opened):
    page = opened(atlas, "#view=learn&lesson=dying", reduced_motion="reduce")
    verdict = page.locator("#lesson-verdict")
    expect(verdict).to_contain_text(re.compile(r"relu: all 16 units are dead, .*leaky_relu: no unit is dead"))
    assert page.locator("#lesson path.dead").count() == 16
    page.get_by_role("button", name="Healthy").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#lesson .buttons output")).to_have_text("step 200")
    healthy = int(re.search(r"relu: (\d+) of 16 units are dead", verdict.inner_text())[1])
    assert page.locator("#lesson path.dead").count() == healthy < 4
    page.get_by_label("Mean of the hidden biases at first").focus()
    page.keyboard.press("Home")
    assert int(re.search(r"relu: (\d+) of 16 units are dead, the first since step 0", verdict.inner_text())[1]) > 10
    page.get_by_label("Activation", exact=True).select_option("gelu")
    page.locator("#language").click()
    expect(verdict).to_contain_text("gelu：没有死亡单元")
