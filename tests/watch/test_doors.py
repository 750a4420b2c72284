"""Stacks that a sampled forward pass keeps: cheaper than torch's own, and of the same places."""

import torch
from torch import nn
from torch.fx import traceback as stacks

from neurologist.tape import origin
from neurologist.watch.doors import Forward


class Kept(nn.Module):
    def forward(self, x):
        return next((x * y).sum() for y in (x.relu(), x.sigmoid()))


def stack_of(model):
    return model(torch.ones(3, requires_grad=True)).grad_fn.metadata["traceback_"]


def test_the_places_are_those_of_torch_itself():
    model, forward, original = nn.Sequential(Kept()), Forward(), stacks.format_stack
    found = {}
    for who in ("ours", "torch"):
        if who == "ours":
            forward.prepare()
        else:
            torch.set_anomaly_enabled(True, False)
        try:
            found[who] = stack_of(model)
        finally:
            forward.restore() if who == "ours" else torch.set_anomaly_enabled(False)
    for ours, theirs in zip(found["ours"], found["torch"], strict=True):
        assert origin.FRAME.match(ours).groups()[::2] == origin.FRAME.match(theirs).groups()[::2]
    ours, theirs = (origin.read(found[who]) for who in ("ours", "torch"))
    assert ours._replace(user=None) == theirs._replace(user=None)
    assert (ours.user.file, ours.user.function) == (theirs.user.file, theirs.user.function) != (None, None)
    assert stacks.format_stack is original


def test_who_traces_gets_the_stacks_that_belong_to_the_trace():
    forward = Forward()
    forward.prepare()
    try:
        with stacks.preserve_node_meta():
            stacks.set_stack_trace(["of the trace"])
            assert stacks.format_stack() == ["of the trace"]
    finally:
        forward.restore()
    assert len(stacks.format_stack()) > 1
