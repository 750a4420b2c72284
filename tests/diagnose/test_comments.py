"""Comments in the user's program: which lines they hold for, and what is remarked on them."""

import runpy

import pytest
from tests.diagnose.made import found, slugs

from neurologist.diagnose import Settings, examine, rules
from neurologist.diagnose.comments import without_comment
from neurologist.record import Run
from neurologist.watch.session import watch

PROGRAM = """\
import torch
from torch import nn
from torch.nn import functional as F

x, y = torch.randn(128, 10), torch.randint(0, 3, (128,))
layer = nn.Linear(10, 3)
for _ in range(4):
    loss = F.cross_entropy(
        F.softmax(layer(x), 1),{inside}
        y,
    ){behind}
    loss.backward(){elsewhere}
"""


def written(**comments) -> str:
    return PROGRAM.format(**{"inside": "", "behind": "", "elsewhere": "", **comments})


@pytest.fixture
def examined(tmp_path):
    def examined(change=None, **comments):
        """Run the program with comments in its places; `change` what stands in the file afterwards."""
        script = tmp_path / f"program{len(list(tmp_path.iterdir()))}.py"  # sources are read once per name
        script.write_text(written(**comments), encoding="utf-8")
        with watch() as session:
            runpy.run_path(str(script))
        if change is not None:
            change(script)
        return session.diagnose()

    return examined


def said(diagnosis) -> list[str]:
    return [f"{remark.origin.line}: {remark.message}" for remark in diagnosis.remarks]


IGNORE = "  # neurologist: ignore[double-softmax] soft on purpose"


def test_a_comment_ignores_what_its_line_or_its_statement_is_told_of(examined):
    plain = examined()
    assert slugs(plain.findings)[0] == "double-softmax"
    assert plain.findings[0].origin.line == 9
    for place, line in (("inside", 9), ("behind", 11)):
        told = examined(**{place: IGNORE})
        assert "double-softmax" not in slugs(told.findings)
        (aside,) = told.aside
        assert (aside.finding.rule, aside.reason, aside.by.line) == ("double-softmax", "soft on purpose", line)
        assert told.remarks == ()


def test_a_comment_without_effect_or_use_is_remarked_on(examined):
    told = examined(
        inside="  # neurologist: ignore",
        behind="  # neurologist: ignore[NL101, double_sofmax] x",
        elsewhere="  # neurologist: ignore[dead-units, NL101] y",
    )
    assert slugs(told.findings)[0] == "double-softmax"
    assert told.aside == ()
    inside, behind, elsewhere = said(told)
    assert inside.startswith("9: This comment has no effect: it does not say which rules to ignore. Write `# neuro")
    assert "11: This comment has no effect: no rule is called 'double_sofmax' (did you mean double-softmax?)" in behind
    assert elsewhere.startswith("12: This comment ignores dead-units, double-softmax, but nothing of the kind")


@pytest.mark.parametrize(
    ("comment", "fault"),
    [
        ("ignore[double-softmax]", "it gives no reason"),
        ("ignore[] because", "it names no rule"),
        ("ignore double-softmax", "it does not say which rules to ignore"),
        ("ingore[double-softmax] x", "got 'ingore[double-softmax] x'"),
    ],
)
def test_a_comment_that_is_none_ignores_nothing(examined, comment, fault):
    told = examined(inside=f"  # neurologist: {comment}")
    assert slugs(told.findings)[0] == "double-softmax"
    assert said(told)[0].startswith(f"9: This comment has no effect: {fault}. Write")


def test_a_comment_written_later_holds_and_a_lost_file_leaves_the_recorded_one(examined):
    def add(script):
        script.write_text(written(inside=IGNORE), encoding="utf-8")

    assert [aside.reason for aside in examined(add).aside] == ["soft on purpose"]

    def lose(script):
        script.write_text("")

    assert [aside.reason for aside in examined(lose, inside=IGNORE).aside] == ["soft on purpose"]

    def shift(script):  # the same comment at the same number, but now on another line of code
        script.write_text(f"\n\n{script.read_text().replace(IGNORE, '')}", encoding="utf-8")

    assert [aside.reason for aside in examined(shift, inside=IGNORE).aside] == ["soft on purpose"]


def test_text_that_looks_like_a_comment_is_none(examined):
    told = examined(elsewhere='\nr = """\n# neurologist: ignore[double-softmax] x\n"""')
    assert told.remarks == ()


@pytest.mark.parametrize(
    ("code", "bare"),
    [
        ("x = f(x)  # why", "x = f(x)"),
        ("    return g(x,  # first", "return g(x,"),
        ("s = '#'  # a hash", "s = '#'"),
        ("s = '# no comment'", "s = '# no comment'"),
        (")  # end", ")"),
    ],
)
def test_code_without_its_comment(code, bare):
    assert without_comment(code).strip() == bare


# -- what is set aside hides nothing --------------------------------------------------------------------------


def test_an_ignored_warning_hides_no_error(monkeypatch):
    def finds(finding):
        return lambda self, run: [finding]

    with watch() as session:
        pass
    run = Run(session._store.connection)
    for rule in rules().values():
        monkeypatch.setattr(rule, "check", lambda self, run: [])
    monkeypatch.setattr(rules()["dead-units"], "check", finds(found("dead-units", severity="warning", stage=3)))
    monkeypatch.setattr(rules()["vanishing-gradient"], "check", finds(found("vanishing-gradient", severity="error")))
    ignoring = Settings(ignore={"dead-units": "sparse"})
    assert slugs(examine(run).findings) == ["dead-units"]
    told = examine(run, settings=ignoring)
    assert slugs(told.findings) == ["vanishing-gradient"]
    assert not told.healthy
    monkeypatch.setattr(rules()["vanishing-gradient"], "check", finds(found("vanishing-gradient", severity="warning")))
    told = examine(run, settings=ignoring)
    assert told.findings == ()
    assert [symptom.rule for symptom in told.aside[0].finding.symptoms] == ["vanishing-gradient"]
    told = examine(run, settings=Settings(ignore={"vanishing-gradient": "short"}))
    assert slugs(told.findings) == ["dead-units"]
    assert [aside.finding.rule for aside in told.aside] == ["vanishing-gradient"]
