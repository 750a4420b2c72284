"""Bring the translations in `src/neurologist/diagnose/locale/` up to date with the English texts of the code.

    python tools/translations.py            add new texts with an empty translation, drop those that are gone
    python tools/translations.py --check    change nothing; exit code 1 where a translation is missing or stale

English texts stay in the code as they are. An f-string `f"The loss rose to {say(a)}."` is found by reading the source,
as `The loss rose to {0}.`; a text with alternatives (`"up" if a else "down"`) is one text for each. A rule's docstring
is taken paragraph by paragraph. There is one file for each rule, one in `shared/` for each module whose texts several
rules use, one for the report, whose words are marked as `tr("...")`, and one for what treatments are called and why
none cured.

A translation is an empty `msgstr ""` until it is written; one marked `fuzzy` belonged to an earlier wording: mend it
and remove the mark.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from itertools import product
from pathlib import Path

import polib

from neurologist.diagnose.engine import rules
from neurologist.diagnose.finding import SEVERITIES
from neurologist.diagnose.languages import (
    AS_IT_IS,
    LOCALE,
    REPORT,
    SHARED,
    SLOT,
    TREATMENTS,
    is_citation,
    paragraphs,
    references,
)
from neurologist.diagnose.rule import SECTIONS, Rule, Stage

PACKAGE = LOCALE.parents[1]
RULES = PACKAGE / "diagnose" / "rules"
# in `diagnose/`; their texts are for programmers
NEVER_SHOWN = ("baseline.py", "diagnosis.py", "finding.py", "rule.py", "thresholds.py")
ENDING = ("cli/_stop.py", "watch/session.py")  # here it is said how a run ended
JUDGING = ("treat/fix.py", "treat/outside.py", "treat/steady.py")  # here it is said what came of trials
LETTERS = {"zh": re.compile(r"[\u4e00-\u9fff]")}  # what a translation must hold, so that no English text passes for one
MARKED = re.compile(r"""\btr\((["'])(.+?)\1\)""")  # a text in a template
WIDTH = 110  # columns of a PO file

Parts = tuple["str | ast.expr", ...]
Texts = dict[str, str]  # text -> what its slots hold, for the translator


# -- what an expression may say -------------------------------------------------------------------------------


def expanded(node: ast.expr) -> list[Parts]:
    """Literal parts and the expressions between them, one tuple for each alternative."""
    if isinstance(node, ast.FormattedValue):
        return expanded(node.value) if speaks(node.value) else [(node.value,)]
    if isinstance(node, ast.JoinedStr):
        return _product([expanded(value) for value in node.values])
    if isinstance(node, ast.BinOp):
        return _product([expanded(node.left), expanded(node.right)])
    if isinstance(node, ast.IfExp):
        return [*expanded(node.body), *expanded(node.orelse)]
    return [(node.value,)] if isinstance(node, ast.Constant) and isinstance(node.value, str) else [(node,)]


def _product(choices: list[list[Parts]]) -> list[Parts]:
    return [tuple(part for parts in chosen for part in parts) for chosen in product(*choices)]


def speaks(node: ast.AST) -> bool:
    """True for what makes a text out of literals."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str)
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Add) and (speaks(node.left) or speaks(node.right))
    if isinstance(node, ast.IfExp):
        return speaks(node.body) or speaks(node.orelse)
    return isinstance(node, ast.JoinedStr)


def spelt(node: ast.expr) -> Texts:
    """The texts of an expression, with numbered slots."""
    found: Texts = {}
    for parts in expanded(node):
        text, held = "", []
        for part in parts:
            if isinstance(part, str):
                text += part
                continue
            source = ast.unparse(part)
            held += [source] if source not in held else []
            text += f"{{{held.index(source)}}}"
        found[text.strip()] = "; ".join(f"{i}: {source}" for i, source in enumerate(held))
    return found


# -- texts of a module ----------------------------------------------------------------------------------------


def sentences(tree: ast.AST) -> Iterator[ast.expr]:
    """Every expression that makes a text, the longest ones, then those in their slots."""
    if isinstance(tree, ast.Raise | ast.Compare | ast.Subscript):
        return  # messages for programmers, names and keys
    if isinstance(tree, ast.Expr) and isinstance(tree.value, ast.Constant):
        return  # a docstring
    if isinstance(tree, ast.expr) and speaks(tree):
        yield tree
        slots = (part for parts in expanded(tree) for part in parts if isinstance(part, ast.expr))
        for slot in {ast.unparse(slot): slot for slot in slots}.values():
            yield from sentences(slot)
        return
    for child in ast.iter_child_nodes(tree):
        yield from sentences(child)


def is_text(text: str) -> bool:
    """True for words with a space; names, keys and code have none."""
    return " " in text and bool(re.search(r"[A-Za-z]{2}", SLOT.sub("", text)))


def words(tree: ast.AST) -> Iterator[ast.expr]:
    """Single words that are shown: in evidence, and in a variable that a sentence holds."""
    shown: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Evidence":
            yield from (argument for argument in (*node.args[:1], *node.args[2:4]) if speaks(argument))
        if isinstance(node, ast.JoinedStr) and any(map(is_text, spelt(node))):
            shown |= {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
    yield from (value for name, value in assigned(tree) if name in shown and speaks(value))


def assigned(tree: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Names and what is assigned to them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            yield from _pairs(node.targets[0], node.value)


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for one, other in zip(target.elts, value.elts, strict=False):
            yield from _pairs(one, other)
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.IfExp):
        yield from _pairs(target, value.body)
        yield from _pairs(target, value.orelse)


def of_module(path: Path) -> Texts:
    """Every text of a module that can reach a finding."""
    tree = _parsed(path)
    found: Texts = {}
    for node in sentences(tree):
        found |= {text: held for text, held in spelt(node).items() if is_text(text)}
    for node in words(tree):
        found |= {text: held for text, held in spelt(node).items() if re.fullmatch(r"[a-z]{3,}", text)}
    return {text: held for text, held in found.items() if text not in AS_IT_IS}


def of_docstring(rule: type[Rule]) -> Texts:
    """A rule's explanation; sources only where they say more than authors, title and year."""
    found: Texts = {}
    for title, text in rule.explanation().items():
        parts = [s for s in references(text) if not is_citation(s)] if title == SECTIONS[-1] else paragraphs(text)
        found |= {part: title.lower() or "lead" for part in parts}
    return found


def of_report() -> Texts:
    """The words around findings: what is marked in `report/`, and names that views show in words."""
    names = [*SECTIONS, *SEVERITIES, *(stage.name.lower() for stage in Stage)]
    for path in sorted(RULES.glob("*.py")):
        calls = _calls(path, "Rival")
        names += [call.args[0].value.replace("_", " ") for call in calls if isinstance(call.args[0], ast.Constant)]
    found: Texts = dict.fromkeys(names, "")
    found |= dict.fromkeys(of_templates(), "")
    for path in sorted((PACKAGE / "report").rglob("*.py")):
        for call in _calls(path, "tr"):
            found |= {text: held for node in call.args for text, held in spelt(node).items() if SLOT.sub("", text)}
        for call in _calls(path, "plural"):
            if isinstance(noun := call.args[1], ast.Constant):
                found |= {f"{{0}} {noun.value}": "", f"{{0}} {noun.value}s": ""}
    for path in ENDING:
        for node in (node for node in ast.walk(_parsed(PACKAGE / path)) if isinstance(node, ast.JoinedStr)):
            found |= {text: held for text, held in spelt(node).items() if text.startswith("stopped after")}
    for node in ast.walk(_parsed(PACKAGE / "report" / "words.py")):
        if isinstance(node, ast.Return) and node.value is not None and speaks(node.value):
            found |= {text: held for text, held in spelt(node.value).items() if re.search(r" min |[a-z]{4}", text)}
    return found


def of_templates() -> Iterator[str]:
    """What is marked in the templates of pages."""
    for path in sorted((PACKAGE / "report").rglob("*.html")):
        yield from (marked[2].strip() for marked in MARKED.finditer(path.read_text(encoding="utf-8")))


def of_watch() -> Texts:
    """What the examination could not do: what is named to `attempt`, at once or in a variable."""
    tried: list[ast.expr] = []
    for path in sorted((PACKAGE / "watch").glob("*.py")):
        tried += [call.args[0] for call in _calls(path, "attempt")]
        tried += [value for name, value in assigned(_parsed(path)) if name == "what"]
    return {text: held for node in tried if speaks(node) for text, held in spelt(node).items()}


def of_treatments() -> Texts:
    """What treatments call themselves, and what is said of trials as a whole."""
    found: Texts = {}
    for path in sorted((PACKAGE / "treat" / "treatments").glob("*.py")):
        labels = (n for n in ast.walk(_parsed(path)) if isinstance(n, ast.FunctionDef) and n.name == "label")
        for node in (node for label in labels for node in sentences(label)):
            found |= {text: held for text, held in spelt(node).items() if re.search("[A-Za-z]{2}", SLOT.sub("", text))}
    for path in JUDGING:
        found |= of_module(PACKAGE / path)
    return found


def _calls(path: Path, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(_parsed(path)):
        if isinstance(node, ast.Call) and name in (getattr(node.func, "id", ""), getattr(node.func, "attr", "")):
            yield node


def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def wanted() -> dict[str, Texts]:
    """File -> its texts."""
    files = {rule.__module__.rpartition(".")[2]: of_docstring(rule) for rule in rules().values()}
    files = {name: texts | of_module(RULES / f"{name}.py") for name, texts in files.items()}
    for path in sorted(RULES.parent.glob("*.py")):
        if path.name not in NEVER_SHOWN and (texts := of_module(path)):
            files[f"{SHARED}/{path.stem}"] = texts
    return {**files, f"{SHARED}/watch": of_watch(), REPORT: of_report(), TREATMENTS: of_treatments()}


# -- files ----------------------------------------------------------------------------------------------------


def faults(path: Path, texts: Texts, lang: str) -> list[str]:
    """What is wrong with a file, a line for each text."""
    entries = {entry.msgid: entry for entry in _read(path)}
    found = [f"{path.stem}: stale: {text!r}" for text in entries if text not in texts]
    for text in texts:
        entry = entries.get(text)
        if entry is None or not entry.translated():
            found.append(f"{path.stem}: missing: {text!r}")
        elif set(SLOT.findall(entry.msgstr)) != set(SLOT.findall(text)):
            found.append(f"{path.stem}: other slots: {text!r} -> {entry.msgstr!r}")
        elif re.search(r"[A-Za-z] [A-Za-z]", text) and not LETTERS[lang].search(entry.msgstr):  # a name stays as it is
            found.append(f"{path.stem}: not in {lang!r}: {text!r} -> {entry.msgstr!r}")
    return found


def update(path: Path, texts: Texts, lang: str) -> None:
    """Write a file with exactly these texts, keeping their translations."""
    old = {entry.msgid: entry for entry in _read(path)}
    gone = [text for text in old if text not in texts and old[text].msgstr]
    new = polib.POFile(wrapwidth=WIDTH)
    new.metadata = {"Language": lang, "Content-Type": "text/plain; charset=utf-8"}
    for text, held in texts.items():
        entry = old.get(text) or polib.POEntry(msgid=text)
        if text not in old and (near := get_close_matches(text, gone, 1, 0.8)):
            entry.msgstr, entry.flags = old[near[0]].msgstr, ["fuzzy"]
        entry.comment = held
        new.append(entry)
    path.parent.mkdir(parents=True, exist_ok=True)
    new.save(str(path))


def _read(path: Path) -> Iterable[polib.POEntry]:
    return polib.pofile(str(path), encoding="utf-8") if path.is_file() else []


def main() -> int:
    """Write or check; the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing; fail where one is missing or stale")
    check, files, found = parser.parse_args().check, wanted(), []
    for lang in LETTERS:
        folder = LOCALE / lang
        for name, texts in files.items():
            if not check:
                update(folder / f"{name}.po", texts, lang)
            found += faults(folder / f"{name}.po", texts, lang)
        present = {path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.po")}
        found += [f"{name}: stale: there is no such module" for name in sorted(present - set(files))]
    print("\n".join(found) or f"{sum(map(len, files.values()))} texts, all translated")
    return 1 if check and found else 0


if __name__ == "__main__":
    sys.exit(main())
