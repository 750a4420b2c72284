"""Every treatment says what it must; every word that a rule proposes has a treatment or is an edit by hand."""

from __future__ import annotations

import pytest

from neurologist.diagnose import Finding
from neurologist.diagnose.engine import rules
from neurologist.treat.edit import Edit
from neurologist.treat.program import run
from neurologist.treat.tracing import Tracer
from neurologist.treat.treatment import treatments

from .programs import classifier, train
from .test_injection import sgd

BY_HAND: set[str] = set()


@pytest.mark.parametrize("slug", treatments())
def test_a_treatment_says_what_it_is(slug):
    kind = treatments()[slug]
    assert kind.__module__.rsplit(".", 1)[-1] == slug.replace("-", "_").replace("re_initialise", "reinitialise")
    assert kind.__doc__
    assert len(kind.__doc__) > 40
    assert kind.treats
    assert kind.reach in ("safe", "model")


@pytest.mark.parametrize("slug", treatments())
def test_what_is_proposed_has_a_label_and_runs(slug):
    kind = treatments()[slug]
    tracer = Tracer()
    program = lambda: train(m := classifier(), sgd(m), epochs=1)  # noqa: E731
    run(program, observer=tracer)
    seen = tracer.finish()
    for treatment in kind.proposals(Finding("", "", kind.treats[0], "error", ""), seen):
        assert treatment.label
        assert treatment.label in repr(treatment)
        assert all(isinstance(edit, Edit) and edit.by_hand for edit in treatment.edits(seen))
        assert run(program, [treatment]).error is None


def test_every_word_of_a_rule_is_known():
    known = {word for kind in treatments().values() for word in (kind.slug, *kind.words)}
    proposed = {word for rule in rules().values() for word in rule.treatments}
    assert proposed - known == BY_HAND
