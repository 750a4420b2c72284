"""Trials in a reader's language: what treatments are called, and what is said of them all."""

import re
from dataclasses import replace

import polib
import pytest

from neurologist.diagnose import Diagnosis, rules
from neurologist.diagnose.finding import Evidence
from neurologist.diagnose.languages import LOCALE, SLOT, TREATMENTS, of_report
from neurologist.diagnose.trials import Arm, Trials
from neurologist.report.trials import view
from neurologist.treat.outside import outside
from neurologist.treat.steady import of_files

CHINESE = re.compile(r"[\u4e00-\u9fff]")
TEXTS = {e.msgid: e.msgstr for e in polib.pofile(str(LOCALE / "zh" / f"{TREATMENTS}.po"), encoding="utf-8")}
HELD = ["0.5", "relu", "7", "gelu"]


def filled(template):
    return SLOT.sub(lambda slot: HELD[int(slot[1])], template)


def arm(label):
    return Arm(label, "no effect", 0.5, 0.6, -0.1, 0.3)


def found(slug):
    return rules()[slug]().finding("seen", evidence=[Evidence("n", 1.0)])


@pytest.mark.parametrize("text", [text for text in TEXTS if text != "float32"])
def test_each_text_is_found_again_with_what_was_put_in(text):
    diagnosis = Diagnosis(trials=Trials(arms=(arm(filled(text)),), why=filled(text), notes=(filled(text),)))
    told = diagnosis.in_language("zh").trials
    assert told.arms[0].label == told.why == told.notes[0]
    assert re.sub(r"\s", "", told.why) == re.sub(r"\s", "", filled(TEXTS[text]))


def test_a_plan_of_several_treatments_and_its_result_are_said():
    trials = Trials(
        "accuracy",
        arms=(arm("no softmax before the loss + train 2 times as long"), arm("float32 + learning rate x 0.1")),
        found=True,
        by_hand=("learning rate x 0.1: no edit of the source is known for it",),
    )
    diagnosis = Diagnosis(trials=trials)
    page = view(diagnosis.in_language("zh").trials, of_report("zh"))
    assert [row.label for row in page.rows] == [
        "损失函数之前不用 softmax + 训练时间延长到 2 倍",
        "float32 + 学习率 x 0.1",
    ]
    assert "损失函数之前不用 softmax" in page.outcome
    assert page.by_hand == trials.by_hand  # code, and where it goes
    assert diagnosis.in_language("en").trials == trials


def test_why_nothing_cures_is_said_in_the_words_of_the_rule():
    slug = next(slug for slug, rule in rules().items() if rule.outside)
    diagnosis = Diagnosis((found(slug),))
    diagnosis = replace(diagnosis, trials=Trials(why=outside(diagnosis), notes=of_files(["a.txt", "b.txt"])))
    told = diagnosis.in_language("zh").trials
    assert told.why.startswith(slug)
    assert len(CHINESE.findall(told.why)) > 20
    assert rules()[slug].outside not in told.why
    assert "a.txt, b.txt" in told.notes[0]
    assert Diagnosis().in_language("zh").trials is None
