"""A diagnosis in another language: finished English texts, found again among their translations.

Rules write plain English and know nothing of languages. Each text of theirs stands in a gettext PO file of the rule's
name under `locale/<language>/`, with numbers for what is put in: "The loss rose to {0}." A finished text is translated
by finding the one it was made from; what was put in is translated the same way, where it is a text itself.
`tools/translations.py` keeps the files up to date.

May import: polib, `diagnose.finding`; `diagnose.diagnosis` and `diagnose.trials` for their types.
A language is a folder in `locale/`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import polib

from neurologist.diagnose.finding import Evidence, Finding

if TYPE_CHECKING:
    from neurologist.diagnose.diagnosis import Diagnosis
    from neurologist.diagnose.trials import Trials

LOCALE = Path(__file__).parent / "locale"
ENGLISH = "en"
SHARED, REPORT = "shared", "report"  # the folder of texts that several rules use; the file of words around findings
TREATMENTS = "treatments"  # the file of what treatments are called, and of what is said of trials
TOGETHER = " + "  # between the treatments of one plan
SLOT = re.compile(r"\{(\d+)\}")
WORD = re.compile(r"[A-Za-z]{2,}")
SENTENCE = re.compile(r"(?<=[.:?!]) +")
SENTENCE_ENDS = r"(?=\s|$)"  # after a full stop, which is none inside a number
FEW = 5  # letters; a text with fewer around its slots, "of {0}", fits too much: its slots then hold one word each
AS_IT_IS = frozenset({"share"})  # units that views look for

TOUCHING = re.compile(r"(?<=[\u4e00-\u9fff])(?=[A-Za-z0-9])|(?<=[A-Za-z0-9%])(?=[\u4e00-\u9fff])")

Say = Callable[[str], str]


# -- which language -------------------------------------------------------------------------------------------


@cache
def languages() -> tuple[str, ...]:
    """Codes of the languages that there are, English first."""
    return (ENGLISH, *sorted(folder.name for folder in LOCALE.iterdir() if folder.is_dir()))


def language(asked: str | None = None, environment: Mapping[str, str] = os.environ) -> str:
    """The language asked for; without one that of the environment, in the order of gettext; else English.

    Raises:
        ValueError: the language asked for is not there.
    """
    if asked is not None:
        if _code(asked) not in languages():
            raise ValueError(
                f"language {asked!r}: there are no texts in it; expected {' or '.join(languages())}; "
                "leave it out for that of your locale"
            )
        return _code(asked)
    locale = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := environment.get(name))), "C")
    if _code(locale) in ("c", "posix"):
        return ENGLISH
    wanted = [*environment.get("LANGUAGE", "").split(":"), locale]
    return next((code for code in map(_code, wanted) if code in languages()), ENGLISH)


def _code(locale: str) -> str:
    """`zh` of `zh_CN.UTF-8`."""
    return re.split(r"[-_.@]", locale.strip().lower())[0]


# -- texts ----------------------------------------------------------------------------------------------------


class Template:
    """One English text with slots, and its translation with the same slots in an order of its own."""

    def __init__(self, source: str, target: str) -> None:
        self.source, self.parts = source, SLOT.split(target)

    @cached_property
    def patterns(self) -> tuple[re.Pattern[str], ...]:
        """Two ways to cut a text up: with the first slot as short as can be, and as long as can be."""
        literal = SLOT.sub("", self.source)
        few = sum(c.isalpha() for c in literal) < FEW
        short, long = (r"\S+", r"\S+") if few else (".*?", ".*")
        return self._pattern(short, short), self._pattern(long, short)

    def _pattern(self, first: str, others: str) -> re.Pattern[str]:
        seen: set[str] = set()
        pattern = ""
        for i, part in enumerate(SLOT.split(self.source)):
            if i % 2 == 0:
                pattern += re.escape(part) + (SENTENCE_ENDS if part.endswith(".") else "")
            elif part in seen:
                pattern += f"(?P=s{part})"
            else:
                pattern += f"(?P<s{part}>{others if seen else first})"
                seen.add(part)
        return re.compile(pattern, re.DOTALL)

    def told(self, text: str, say: Say) -> Iterator[str]:
        """The translation of `text` in each way that it can have been made from this template."""
        if not all(literal in text for literal in SLOT.split(self.source)[::2]):
            return  # patterns take their time to find that out
        for pattern in self.patterns:
            if found := pattern.fullmatch(text):
                values = {name[1:]: say(value) for name, value in found.groupdict().items()}
                yield spaced("".join(values.get(part, "") if i % 2 else part for i, part in enumerate(self.parts)))


def spaced(text: str) -> str:
    """The text with a space where Chinese touches a number or a Latin word."""
    return TOUCHING.sub(" ", text)


def english(text: str) -> int:
    """How many words in Latin letters a text holds."""
    return len(WORD.findall(text))


class Speaker:
    """Translates finished English texts; what it does not know stays as it is."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = texts
        longest_first = sorted(filter(SLOT.search, texts), key=len, reverse=True)
        self.templates = [Template(source, texts[source]) for source in longest_first]
        self._once = lru_cache(1000)(self._told)  # the end of a text is met again for each place to cut it at

    def __call__(self, text: str) -> str:
        """The text in the speaker's language."""
        return self._once(text)

    def _told(self, text: str) -> str:
        if text.strip() in self.texts:
            return self.texts[text.strip()]
        if not self.texts or not WORD.search(text):
            return text
        ways = [self._whole(text), self._in_parts(text)]
        return min((told for told in ways if told is not None), key=english)

    def _whole(self, text: str) -> str | None:
        """The translation that leaves the least English, of all ways that the text can have been made."""
        text = text.strip()
        if text in self.texts:
            return self.texts[text]
        found = [told for template in self.templates for told in template.told(text, self)]
        return min(found, key=english, default=None)

    def _in_parts(self, text: str) -> str:
        """Text by text, where several stand one after the other."""
        cuts = [(cut.start(), cut.end()) for cut in SENTENCE.finditer(text)]
        for end, start in reversed(cuts):
            if (told := self._whole(text[:end])) is not None:
                return told + self(text[start:])
        return text if not cuts else text[: cuts[0][1]] + self(text[cuts[0][1] :])


@cache
def speaker(lang: str, *files: str) -> Speaker:
    """What says the texts of some PO files in a language."""
    return Speaker({source: told for file in reversed(files) for source, told in _texts(lang, file).items()})


@cache
def _texts(lang: str, file: str) -> dict[str, str]:
    path = LOCALE / lang / f"{file}.po"
    if not path.is_file():
        return {}  # English, or a rule from elsewhere
    return {entry.msgid: entry.msgstr for entry in polib.pofile(str(path), encoding="utf-8") if entry.translated()}


def of_rule(slug: str, lang: str) -> Speaker:
    """What says the texts of one rule."""
    return speaker(lang, slug.replace("-", "_"), *_shared(lang))


@cache
def _shared(lang: str) -> tuple[str, ...]:
    return tuple(f"{SHARED}/{path.stem}" for path in sorted((LOCALE / lang / SHARED).glob("*.po")))


def of_report(lang: str) -> Speaker:
    """What says the words around the findings."""
    return speaker(lang, REPORT)


# -- diagnoses and explanations -------------------------------------------------------------------------------


def translated(diagnosis: Diagnosis, lang: str) -> Diagnosis:
    """The same diagnosis with its texts in another language; names, codes and numbers stay.

    Raises:
        ValueError: the language is not there, or the diagnosis has been translated before.
    """
    lang = language(lang)
    if lang == diagnosis.language:
        return diagnosis
    if diagnosis.language != ENGLISH:
        raise ValueError(
            f"diagnosis in {diagnosis.language!r}: cannot be translated again into {lang!r}; expected one in "
            f"{ENGLISH!r}: translate the one that this was made from"
        )
    say = speaker(lang, *_shared(lang))
    return replace(
        diagnosis,
        language=lang,
        findings=tuple(_finding(finding, lang) for finding in diagnosis.findings),
        not_measured=tuple(replace(n, what=say(n.what), why=say(n.why)) for n in diagnosis.not_measured),
        aside=tuple(replace(aside, finding=_finding(aside.finding, lang)) for aside in diagnosis.aside),
        remarks=tuple(replace(remark, message=say(remark.message)) for remark in diagnosis.remarks),
        trials=diagnosis.trials and _trials(diagnosis.trials, _of_trials(diagnosis, lang)),
    )


def _of_trials(diagnosis: Diagnosis, lang: str) -> Speaker:
    """What says the words of trials; the rule of what was treated may say why nothing cures it."""
    cause = [finding.rule.replace("-", "_") for finding in diagnosis.findings[:1]]
    return speaker(lang, TREATMENTS, *cause, *_shared(lang))


def _trials(trials: Trials, say: Say) -> Trials:
    """What is to be done by hand stays: it is code, and where to put it."""
    return replace(
        trials,
        arms=tuple(replace(a, label=TOGETHER.join(map(say, a.label.split(TOGETHER)))) for a in trials.arms),
        why=say(trials.why),
        notes=tuple(map(say, trials.notes)),
    )


def _finding(finding: Finding, lang: str) -> Finding:
    say = of_rule(finding.rule, lang)
    return replace(
        finding,
        message=say(finding.message),
        advice=say(finding.advice),
        evidence=tuple(_evidence(evidence, say) for evidence in finding.evidence),
        symptoms=tuple(replace(s, message=of_rule(s.rule, lang)(s.message)) for s in finding.symptoms),
        rivals=tuple(replace(rival, test=say(rival.test)) for rival in finding.rivals),
    )


def _evidence(evidence: Evidence, say: Say) -> Evidence:
    return replace(
        evidence,
        name=say(evidence.name),
        value=say(evidence.value) if isinstance(evidence.value, str) else evidence.value,
        unit=evidence.unit if evidence.unit in AS_IT_IS else say(evidence.unit),
        expected=say(evidence.expected),
    )


def paragraphs(text: str) -> list[str]:
    """A section of a rule's docstring as its texts: paragraphs, each on one line."""
    return [" ".join(part.split()) for part in re.split(r"\n\s*\n", text) if part.strip()]


def references(text: str) -> list[str]:
    """The sources of a rule, each on one line; a source goes on where a line ends without a full stop."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    found: list[str] = []
    for line in filter(None, lines):
        if found and not found[-1].endswith("."):
            found[-1] += f" {line}"
        else:
            found.append(line)
    return found


def is_citation(source: str) -> bool:
    """True for authors, title and year, which are the same in every language."""
    return bool(re.search(r"\b(1[89]|20)\d\d\b", source))


def explained(sections: Mapping[str, str], slug: str, lang: str, sources: str) -> dict[str, str]:
    """A rule's explanation, the texts under their English titles; the section titled `sources` line by line."""
    if lang == ENGLISH:
        return dict(sections)
    say = of_rule(slug, lang)
    return {
        title: "\n\n".join(_told(references(text) if title == sources else paragraphs(text), say))
        for title, text in sections.items()
    }


def _told(parts: Iterable[str], say: Say) -> list[str]:
    return [say(part) for part in parts]
