"""Copies of large tensors lie in a file, and what is put back is bitwise what was kept."""

import gc
import sys
from types import SimpleNamespace

import pytest
import torch
from torch import nn

import neurologist as nl
from neurologist.watch import shelf
from neurologist.watch.shelf import Shelf, alone


@pytest.fixture(autouse=True)
def everything_is_large(monkeypatch):
    monkeypatch.setattr(shelf, "LARGE", 1)


def noise(shape, dtype):
    """Any bits, NaN among them."""
    wide = torch.randint(0, 256, (*shape, 16), dtype=torch.uint8)
    return (wide > 127)[..., 0] if dtype is torch.bool else wide.view(dtype)[..., 0].contiguous()


def bits(tensor):
    tensor = torch.view_as_real(tensor.resolve_conj()) if tensor.is_complex() else tensor
    return tensor.contiguous().reshape(-1).view(torch.uint8).tolist()


DTYPES = (torch.float64, torch.float32, torch.bfloat16, torch.float16, torch.int64, torch.bool, torch.complex64)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_what_is_kept_comes_back(dtype):
    kept, known = Shelf(), [noise((5, 3), dtype), noise((7,), dtype), noise((), dtype), noise((0, 4), dtype)]
    before = [bits(tensor) for tensor in known]
    refills = [kept.keep(tensor) for tensor in known]
    for tensor in known:
        tensor.zero_()
    for refill in reversed(refills):
        refill()
    assert [bits(tensor) for tensor in known] == before
    assert kept._file is not None


@pytest.mark.parametrize(
    "tensor",
    [
        torch.arange(12.0).reshape(3, 4).T,
        torch.tensor([1 + 2j, 3j]).conj(),
        torch.arange(4.0).to_sparse(),
    ],
    ids=["transposed", "conjugate", "sparse"],
)
def test_others_stay_in_memory(tensor):
    kept = Shelf()
    kept.keep(tensor)()
    assert kept._file is None


def test_what_was_kept_can_be_resized():
    tensor = torch.ones(9)
    Shelf().keep(tensor)()
    tensor.untyped_storage().resize_(0)  # as sharded training does with weights


def test_a_tensor_goes_away_and_comes_back():
    tensor = torch.eye(3, 4)
    assert alone(tensor)
    free, refill = Shelf().away(tensor)
    refill()  # before it is away as well
    for _ in range(2):
        free()
        assert tensor.numel() == 0
        refill()
        assert torch.equal(tensor, torch.eye(3, 4))


def test_a_tensor_whose_memory_others_see_is_not_alone():
    tensor = torch.ones(4, 4)
    view = tensor[1]
    assert not alone(tensor)
    assert not alone(view)
    del view
    assert alone(tensor)
    array = tensor.numpy()
    assert not alone(tensor), array
    graph = nn.Parameter(torch.ones(3))
    assert not alone(graph)
    assert not alone(torch.ones(2, 3).T)
    assert not alone(torch.ones(3).share_memory_())


def test_the_file_is_gone_with_the_shelf():
    kept = Shelf()
    refill, file = kept.keep(torch.ones(9)), kept._file
    del kept
    gc.collect()
    assert not file.closed  # what puts back needs it
    refill()
    del refill
    gc.collect()
    assert file.closed


def test_no_more_than_a_share_of_the_room_is_taken(monkeypatch):
    monkeypatch.setattr(shelf.shutil, "disk_usage", lambda _: SimpleNamespace(free=100 / shelf.SHARE))
    kept, known = Shelf(), [torch.full((20,), float(i)) for i in range(3)]
    refills = [kept.keep(tensor) for tensor in known]
    assert kept._file.seek(0, 2) == 80  # the second did not fit, and none after it is tried
    for tensor in known:
        tensor.zero_()
    for refill in refills:
        refill()
    assert [tensor[0].item() for tensor in known] == [0, 1, 2]


@pytest.mark.skipif(sys.platform != "linux", reason="a device that is always full")
def test_a_full_disk(monkeypatch):
    monkeypatch.setattr(shelf.tempfile, "TemporaryFile", lambda: open("/dev/full", "w+b", buffering=0))  # noqa: SIM115,PTH123
    tensor = torch.ones(9)
    refill = Shelf().keep(tensor)
    tensor.zero_()
    refill()
    assert tensor.tolist() == [1] * 9


def test_a_checked_model_is_put_back_from_the_file(monkeypatch):
    files, original = [], Shelf._write
    monkeypatch.setattr(Shelf, "_write", lambda self, tensor: files.append(tensor) or original(self, tensor))
    model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 3))
    optimizer = torch.optim.Adam(model.parameters())
    x, y = torch.randn(6, 4), torch.randint(3, (6,))
    nn.functional.cross_entropy(model(x), y).backward()
    optimizer.step()

    def state():
        moments = [value for kept in optimizer.state.values() for value in kept.values()]
        return [bits(t) for t in (*model.state_dict().values(), *moments, *(p.grad for p in model.parameters()))]

    before, storages = state(), [p.data_ptr() for p in model.parameters()]
    nl.check(model, nn.functional.cross_entropy, (x, y), optimizer)
    assert state() == before
    assert [p.data_ptr() for p in model.parameters()] == storages
    assert len(files) > 30
