"""Thinning, packing and norms, as properties of any tensor."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from neurologist.tape.quantities.activation import pack
from neurologist.tape.quantities.parameter import UNITS, twins
from neurologist.tape.quantity import LIMIT, rms, strided

shapes = st.lists(st.integers(1, 40), min_size=1, max_size=4)


@given(shape=shapes, limit=st.integers(1, 3000), seed=st.integers(0, 3), transposed=st.booleans())
@settings(max_examples=200, deadline=None)
def test_strided_keeps_some_entries_and_invents_none(shape, limit, seed, transposed):
    whole = torch.arange(math.prod(shape), dtype=torch.float64).reshape(shape)
    tensor = whole.transpose(0, -1) if transposed else whole
    part = strided(tensor, limit)
    assert part.dim() == 1
    assert len(set(part.tolist())) == part.numel() >= 1
    assert set(part.tolist()) <= set(whole.flatten().tolist())
    if whole.numel() <= limit:
        assert part.tolist() == tensor.flatten().tolist()


@given(shape=shapes, limit=st.integers(1, 3000))
@settings(max_examples=200, deadline=None)
def test_strided_keeps_to_its_limit(shape, limit):
    tensor = torch.zeros(shape)
    assert strided(tensor, limit).numel() <= 2 * limit
    assert strided(tensor, limit).numel() >= min(tensor.numel(), limit) / 4


@given(rows=st.integers(100, 2000), columns=st.integers(2, 64))
@settings(max_examples=100, deadline=None)
def test_strided_sees_every_column(rows, columns):
    tensor = torch.arange(columns, dtype=torch.float32).expand(rows, columns).contiguous()
    part = strided(tensor, max(64, 10 * columns))
    assert set(part.tolist()) == set(range(columns))


@pytest.mark.parametrize("shape", [(1, 200_000), (200_000, 1), (200_000,), (3, 5, 70_001), (512, 512), (1000, 1000)])
@pytest.mark.parametrize("order", ["contiguous", "transposed", "every second"])
def test_strided_of_large_tensors(shape, order):
    tensor = torch.randn(shape)
    tensor = (
        tensor.transpose(0, -1) if order == "transposed" else tensor[..., ::2] if order == "every second" else tensor
    )
    part = strided(tensor)
    assert min(LIMIT, tensor.numel()) / 4 <= part.numel() <= 2 * LIMIT
    assert float(rms(tensor)) == pytest.approx(float(tensor.square().mean().sqrt()), rel=0.05)


@pytest.mark.parametrize("shape", [(), (0,), (3, 0)])
def test_strided_of_almost_nothing(shape):
    assert strided(torch.ones(shape)).numel() == math.prod(shape)
    assert float(rms(torch.ones(shape))) == math.prod(shape)


def test_strided_of_sparse_and_complex():
    sparse = torch.sparse_coo_tensor([[1, 1, 3]], [1.0, 2.0, 4.0], (9,), check_invariants=True)
    assert strided(sparse).tolist() == [3.0, 4.0]
    assert strided(torch.tensor([3 + 4j])).tolist() == [5.0]


@pytest.mark.parametrize("scale", [1e-30, 1e-12, 1.0, 1e30])
def test_rms_does_not_underflow_or_overflow(scale):
    values = torch.tensor([3.0, 4.0]) * scale
    assert float(rms(values)) == pytest.approx(scale * math.sqrt(12.5), rel=1e-6)


@given(st.lists(st.booleans(), max_size=300))
@settings(max_examples=100, deadline=None)
def test_pack_is_numpys_packbits(bits):
    packed = pack(torch.tensor(bits, dtype=torch.bool))
    assert packed.dtype == torch.uint8
    assert packed.tolist() == np.packbits(np.array(bits, dtype=bool), bitorder="little").tolist()


@given(rows=st.integers(2, UNITS), columns=st.integers(1, 20), same=st.integers(0, UNITS), seed=st.integers(0, 9))
@settings(max_examples=60, deadline=None)
def test_twins_is_the_share_of_rows_equal_to_the_first(rows, columns, same, seed):
    weight = np.random.default_rng(seed).normal(size=(rows, columns))
    weight[1 : 1 + same] = weight[0]
    expected = np.mean([np.array_equal(row, weight[0]) for row in weight[1:]])
    assert float(twins(torch.tensor(weight))) == pytest.approx(expected)


@pytest.mark.parametrize("shape", [(), (5,), (1, 5)])
def test_twins_of_what_has_no_units(shape):
    assert twins(torch.ones(shape)) is None
