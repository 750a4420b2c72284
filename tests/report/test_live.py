"""A record is looked at while its run may end at any moment."""

import torch

import neurologist as nl
from neurologist.report import live


def test_a_run_that_ends_while_it_is_looked_at_is_looked_at_once_more(tmp_path, monkeypatch):
    path = tmp_path / "run.nlr"
    weight = torch.ones(2, requires_grad=True)
    copied, open_ = live.copied, [nl.watch(record=path)]
    open_[0].__enter__()
    (weight**2).sum().backward()
    open_[0].write()

    def copied_just_before_the_end(record):
        copy = copied(record)
        if open_:
            open_.pop().__exit__(None, None, None)
        return copy

    monkeypatch.setattr(live, "copied", copied_just_before_the_end)
    first, second = live.look(path), live.look(path)
    assert (first.going, first.diagnosis.summary.status) == (True, "running")
    assert (second.going, second.diagnosis.summary.status) == (False, "finished")
