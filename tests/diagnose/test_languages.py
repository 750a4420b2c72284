"""Texts in other languages: all there, none stale, none forgotten in a finding; and names stay as they are."""

import importlib.util
import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import polib
import pytest
from rich.cells import cell_len

from neurologist.diagnose import Diagnosis, Summary, rules
from neurologist.diagnose.languages import LOCALE, Speaker, language, languages, of_report
from neurologist.diagnose.rule import SECTIONS
from neurologist.report import explain, github, terminal
from neurologist.specimens import specimens
from neurologist.watch.session import watch

ROOT = Path(__file__).resolve().parents[2]
CHINESE = re.compile(r"[\u4e00-\u9fff]")
WORDS = re.compile(r"\b[A-Za-z]{2,}(?: [a-z]{2,}\b(?!\.?\w))+")  # two words of prose in a row; no dotted name
CODE = re.compile(r"`[^`]*`|\([^()]*\)")  # code, and the English term beside the Chinese one
TEXTS = {"message", "advice", "name", "value", "unit", "expected", "test", "what", "why", "language"}

spec = importlib.util.spec_from_file_location("translations", ROOT / "tools" / "translations.py")
tool = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tool)
WANTED = tool.wanted()
SLUGS = sorted(specimens())


@cache
def sick(slug: str) -> Diagnosis:
    with watch() as session:
        specimens()[slug].sick()
    return session.diagnose()


# -- files ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", languages()[1:])
@pytest.mark.parametrize("file", WANTED)
def test_every_text_is_translated_and_none_is_stale(file, lang):
    """Where this fails: `python tools/translations.py`, then write what is empty."""
    assert tool.faults(LOCALE / lang / f"{file}.po", WANTED[file], lang) == []


def test_there_is_a_file_for_every_rule_and_none_more():
    assert {slug.replace("-", "_") for slug in rules()} <= set(WANTED)
    present = {path.relative_to(LOCALE / "zh").with_suffix("").as_posix() for path in (LOCALE / "zh").rglob("*.po")}
    assert present == set(WANTED)


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"The loss rose to {0}.": "损失升到 {0}。"}, []),
        ({}, ["missing"]),
        ({"The loss rose to {0}.": ""}, ["missing"]),
        ({"The loss rose to {0}.": "损失上升。"}, ["other slots"]),
        ({"The loss rose to {0}.": "The loss rose to {0}!"}, ["not in 'zh'"]),
        ({"The loss rose to {0}.": "损失升到 {0}。", "It fell.": "它下降了。"}, ["stale"]),
    ],
)
def test_the_check_sees_what_is_wrong(entries, said, tmp_path):
    file = polib.POFile()
    file.extend(polib.POEntry(msgid=source, msgstr=target) for source, target in entries.items())
    file.save(str(tmp_path / "rule.po"))
    found = tool.faults(tmp_path / "rule.po", {"The loss rose to {0}.": "0: say(a)"}, "zh")
    assert [line.split(": ")[1] for line in found] == said


def test_the_tool_adds_what_is_new_drops_what_is_gone_and_marks_what_was_reworded(tmp_path):
    path = tmp_path / "rule.po"
    tool.update(path, {"The loss rose to {0} in the end.": "", "Gone.": ""}, "zh")
    file = polib.pofile(str(path))
    file[0].msgstr = "损失最后升到 {0}。"
    file.save(str(path))
    tool.update(path, {"The loss rose to {0} at the end.": "", "New here.": ""}, "zh")
    reworded, new = polib.pofile(str(path))
    assert (reworded.msgstr, reworded.flags, new.msgstr) == ("损失最后升到 {0}。", ["fuzzy"], "")
    assert [line.split(": ")[1] for line in tool.faults(path, {reworded.msgid: "", new.msgid: ""}, "zh")] == [
        "missing",
        "missing",
    ]


def test_texts_are_found_in_the_source(tmp_path):
    source = tmp_path / "rule.py"
    source.write_text(
        '"""A docstring is none."""\n'
        "def check(self, run, op):\n"
        "    kind = 'variance' if run else 'entropy'\n"
        "    if op.kind == 'an op that is compared':\n"
        "        raise ValueError('a message for programmers')\n"
        "    return self.finding(\n"
        "        f'The {kind} of {op.place} is {say(run.a):.3g}' + (', too much' if op else '') + '.',\n"
        "        evidence=[Evidence('rows', run.rows['a key'], 'decades', f'about {op.place}')],\n"
        "    )\n",
        encoding="utf-8",
    )
    assert tool.of_module(source) == {
        "The {0} of {1} is {2}, too much.": "0: kind; 1: op.place; 2: say(run.a)",
        "The {0} of {1} is {2}.": "0: kind; 1: op.place; 2: say(run.a)",
        "about {0}": "0: op.place",
        "variance": "",
        "entropy": "",
        "rows": "",
        "decades": "",
    }


# -- finished texts -------------------------------------------------------------------------------------------

SAY = Speaker(
    {
        "The {0} of {1} is {2}.": "{1} 的{0}是{2}。",
        "It grew from {0} to {1}.{2}": "它从{0}涨到{1}。{2}",
        "The first was {0}.": "第一个是 {0}。",
        "variance": "方差",
        "of {0}": "（共 {0}）",
        "Use less.": "少用。",
    }
)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("The variance of model.fc is 0.5.", "model.fc 的方差是 0.5。"),  # what is put in is translated too, and moved
        ("It grew from 1 to 7.49e+20. The first was relu.", "它从 1 涨到 7.49e+20。第一个是 relu。"),  # no end at 7.
        ("It grew from 1 to 2.", "它从 1 涨到 2。"),
        ("Use less. The first was relu.", "少用。第一个是 relu。"),  # one text after the other
        ("The first was relu. The first was tanh.", "第一个是 relu。第一个是 tanh。"),
        ("of 64", "（共 64）"),
        ("of all that there is", "of all that there is"),  # too little to know a text by
        ("Nobody knows this. Use less.", "Nobody knows this. 少用。"),
        ("0.5", "0.5"),
        ("", ""),
    ],
)
def test_a_finished_text_is_found_again(said, told):
    assert SAY(said) == told


@pytest.mark.parametrize("slug", SLUGS)
def test_findings_speak_chinese(slug):
    diagnosis = sick(slug)
    for source, told in _texts(diagnosis.to_dict(), diagnosis.in_language("zh").to_dict()):
        if re.search(r"[A-Za-z]{2} [A-Za-z]{2}|^[a-z]{3,}$", source) and source != "share":
            assert CHINESE.search(told), source
        assert prose(told, slug) == [], (source, told)


def _texts(one, other, key=""):
    """Pairs of texts that differ between two languages; everything else must be equal."""
    assert type(one) is type(other)
    if isinstance(one, dict):
        assert list(one) == list(other)
        for name in one:
            yield from _texts(one[name], other[name], name)
    elif isinstance(one, list | tuple):
        assert len(one) == len(other)
        for first, second in zip(one, other, strict=True):
            yield from _texts(first, second, key)
    elif isinstance(one, str) and key in TEXTS - {"language"}:
        yield one, other
    elif key != "language":
        assert one == other or (one != one and other != other), key


@pytest.mark.parametrize("slug", SLUGS)
def test_reports_speak_chinese(slug):
    shown = terminal.text(sick(slug).in_language("zh"), width=90)
    assert all(cell_len(line) <= 90 for line in shown.splitlines())
    assert "\x1f" not in shown
    headings = [line.strip() for line in shown.splitlines() if re.match(r"  \S", line) and "│" not in line]
    assert [h for h in headings if not CHINESE.search(h) and prose(h, slug)] == []


def test_a_report_on_nothing_speaks_chinese():
    with watch() as session:
        specimens()["double-softmax"].healthy()
    shown = terminal.text(session.diagnose().in_language("zh"))
    assert "未发现问题：" in shown
    assert re.search(r"最大的一处是 \w+\.py:\d+ 处的 linear", shown)
    assert [line for line in shown.splitlines() if "│" not in line and prose(line, "double-softmax")] == []
    assert "未作检查" in terminal.text(Diagnosis().in_language("zh"))


def test_sentences_stand_side_by_side_without_a_space():
    failed = Diagnosis(summary=Summary(status="failed: ValueError: no data", steps=3, samples=3)).in_language("zh")
    shown = terminal.text(failed)
    assert "运行失败：ValueError: no data。以下是 3 步之后看到的情况。" in shown
    finding = sick("dead-units").in_language("zh").findings[0]
    assert f"{finding.message}{finding.advice}" in github.text(sick("dead-units").in_language("zh"))


def test_columns_are_wide_enough_for_chinese():
    diagnosis = sick("vanishing-gradient")
    shown = terminal.text(diagnosis.in_language("zh"))
    assert {f"第 {bar.origin.line} 行" for bar in diagnosis.waterfall.bars if bar.origin.line} <= set(
        re.findall(r"第 \d+ 行", shown)
    )
    assert "数量级" in shown
    assert "累计" in shown


def prose(text: str, slug: str) -> list[str]:
    """English that is neither code, nor a term beside its Chinese, nor the name of an op."""
    labels = {bar.label for bar in sick(slug).waterfall.bars} if sick(slug).waterfall else set()
    return [words for words in WORDS.findall(CODE.sub("", text)) if words not in labels]


def test_a_diagnosis_is_translated_once():
    chinese = Diagnosis().in_language("zh")
    assert chinese.in_language("zh") is chinese
    with pytest.raises(ValueError, match="diagnosis in 'zh': cannot be translated again into 'en'"):
        chinese.in_language("en")


@pytest.mark.parametrize("slug", sorted(rules()))
def test_explanations_speak_chinese(slug):
    explained = explain.explanation(rules()[slug], "zh")
    english = explain.explanation(rules()[slug])
    assert list(explained.sections) == list(english.sections) == list(SECTIONS)
    for title, body in {"": explained.summary, **explained.sections}.items():
        if title != SECTIONS[-1]:
            assert CHINESE.search(body)
            assert WORDS.findall(CODE.sub("", CODE.sub("", body))) == []
    page = explain.as_markdown(explained)
    assert [of_report("zh")(title) for title in SECTIONS] == re.findall(r"^## (.*)$", page, re.M)[: len(SECTIONS)]
    assert page.count("\n\n") >= english_page(slug).count("\n\n")  # no paragraph is lost
    assert (explained.rule, explained.code, explained.cause) == (english.rule, english.code, english.cause)


def english_page(slug: str) -> str:
    return explain.as_markdown(explain.explanation(rules()[slug]))


# -- which language -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environment", "lang"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "en_GB.UTF-8"}, "en"),
        ({"LANG": "en_GB.UTF-8", "LC_ALL": "zh_CN"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": ""}, "zh"),
        ({"LANG": "fr_FR.UTF-8"}, "en"),
        ({"LANG": "fr_FR.UTF-8", "LANGUAGE": "de:zh_CN"}, "zh"),
        ({"LANG": "C.UTF-8", "LANGUAGE": "zh"}, "en"),
    ],
)
def test_the_locale_is_read_as_gettext_reads_it(environment, lang):
    assert language(None, environment) == lang


@pytest.mark.parametrize("asked", ["zh", "ZH", "zh-CN", "zh_CN.UTF-8"])
def test_a_language_may_be_spelt_in_several_ways(asked):
    assert language(asked, {}) == "zh"


def test_an_unknown_language_is_refused():
    with pytest.raises(ValueError, match=r"language 'fr': there are no texts in it; expected en or zh; leave it out"):
        language("fr")


def command(*arguments: str, **variables: str) -> subprocess.CompletedProcess:
    own = {k: v for k, v in os.environ.items() if k not in ("LC_ALL", "LC_MESSAGES", "LANG", "LANGUAGE")}
    own |= {"PYTHONPATH": str(ROOT / "src"), "PYTHONIOENCODING": "utf-8", **variables}
    return subprocess.run(
        [sys.executable, "-m", "neurologist", *arguments],
        env=own,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "variables", "heading"),
    [
        (["--lang", "zh"], {}, "为什么不好"),
        ([], {"LANG": "zh_CN.UTF-8"}, "为什么不好"),
        ([], {"LANG": "C"}, "Why it is bad"),
        (["--lang", "en"], {"LANG": "zh_CN.UTF-8"}, "Why it is bad"),
        (["--lang", "zh"], {"PYTHONIOENCODING": "ascii"}, "Why it is bad"),
    ],
)
def test_the_command_speaks_the_language_asked_for(arguments, variables, heading):
    done = command("explain", "dead-units", *arguments, **variables)
    assert done.returncode == 0, done.stderr
    assert heading in done.stdout
    assert ("in English, because 'ascii'" in done.stderr) == ("ascii" in variables.values())


def test_the_command_refuses_an_unknown_language_before_it_runs_anything(tmp_path):
    script = tmp_path / "train.py"
    script.write_text("raise SystemExit(77)")
    for arguments in (["explain", "dead-units"], ["diagnose", "none.nlr"], ["run"]):
        verb, *rest = arguments
        done = command(verb, "--lang", "fr", *rest, *([str(script)] if verb == "run" else []))
        assert done.returncode == 2
        assert done.stderr.startswith("neurologist: --lang: language 'fr': there are no texts in it; expected en or zh")


def test_a_record_is_diagnosed_in_the_language_asked_for(tmp_path):
    record = str(tmp_path / "run.nlr")
    with watch(record=record):
        specimens()["dead-units"].sick()
    told = command("diagnose", record, LANG="zh_CN.UTF-8")
    assert told.returncode == 1
    assert "根本原因 (root cause)  dead-units  NL603  错误" in told.stdout
    english, chinese = (json.loads(command("diagnose", record, "-f", "json", "--lang", x).stdout) for x in ("en", "zh"))
    assert all(CHINESE.search(told) for said, told in _texts(english, chinese) if len(said.split()) > 2)
    by_locale = command("diagnose", record, "-f", "json", LANG="zh_CN.UTF-8").stdout
    assert json.loads(by_locale) == english  # programs read it, wherever they run
