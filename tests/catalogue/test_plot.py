"""Curves and pictures: of every member, showing what the member computes."""

import numpy as np
import pytest

from neurologist.functional import functions, losses
from neurologist.functional.curves import curve

NOT_DRAWN = [name for name, loss in losses.items() if loss.spec.delegated]
DRAWN = [name for name in losses if name not in NOT_DRAWN]


@pytest.mark.parametrize("name", functions)
def test_an_activations_curve_is_its_value_and_slope(name):
    function, found = functions[name], curve(functions[name], -4.0, 4.0)
    assert np.isfinite(found.value).all()
    if not function.spec.vector:
        np.testing.assert_allclose(found.value, function(found.x), rtol=1e-12)
        np.testing.assert_allclose(found.slope, function.derivative(found.x), rtol=1e-12)
        assert found.note == ""


def test_a_vectors_curve_is_one_entry_of_two():
    found = curve(functions["softmax"])
    want = functions["softmax"](np.stack([found.x, np.zeros_like(found.x)], -1))[:, 0]
    np.testing.assert_allclose(found.value, want, rtol=1e-12)
    assert "the other entry stands at 0" in found.note


@pytest.mark.parametrize("name", DRAWN)
def test_a_losss_curve_is_finite_and_its_slope_is_the_values(name):
    found = curve(losses[name])
    assert np.isfinite(found.value).all()
    assert np.ptp(found.value) > 0
    smooth = np.gradient(found.value, found.x)[1:-1]
    close = np.isclose(found.slope[1:-1], smooth, rtol=0.1, atol=0.1 * np.abs(found.slope).max())
    assert close.mean() > 0.9  # but at kinks and poles


def test_a_losss_curve_says_where_the_rest_stands():
    assert curve(losses["mse"]).note == "t = 1"
    np.testing.assert_allclose(curve(losses["mse"]).value, (curve(losses["mse"]).x - 1) ** 2)
    found = curve(losses["cross_entropy"])
    assert found.note == "z = (z, 0), t = class 0 of two"
    np.testing.assert_allclose(found.value, np.log1p(np.exp(-found.x)), rtol=1e-9)


def test_what_cannot_be_drawn_says_so():
    for name in NOT_DRAWN:
        assert curve(losses[name]) is None
        with pytest.raises(ValueError, match=f"plotting '{name}', whose formula has no single prediction"):
            losses[name].plot()
    with pytest.raises(ValueError, match="plotting 'relu' got the range from 3 to -3: expected lo < hi"):
        functions["relu"].plot(3, -3)


def test_pictures_have_value_and_slope():
    pytest.importorskip("matplotlib")
    from matplotlib.figure import Figure

    from neurologist.functional.plot import compared

    axes = functions["softmax"].plot(ax=Figure().subplots())
    assert [line.get_label() for line in axes.lines[:2]] == ["f(x)", "f'(x)"]
    np.testing.assert_allclose(axes.lines[1].get_ydata(), curve(functions["softmax"]).slope)
    assert "the other entry" in axes.get_xlabel()
    value, slope = compared([functions["relu"], functions["tanh"]]).axes
    assert [text.get_text() for text in slope.get_legend().get_texts()] == ["relu", "tanh"]
    np.testing.assert_allclose(value.lines[1].get_ydata(), curve(functions["tanh"]).value)


def test_a_picture_is_the_same_bytes_each_time(tmp_path):
    pytest.importorskip("matplotlib")
    from neurologist.functional.plot import save

    for at in ("first.svg", "second.svg"):
        save([losses["huber"]], tmp_path / at)
    assert (tmp_path / "first.svg").read_bytes() == (tmp_path / "second.svg").read_bytes()
