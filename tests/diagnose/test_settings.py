"""`[tool.neurologist]`: found, checked, and followed by the engine without naming a rule."""

import ast
import importlib
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tests.diagnose.made import found, slugs
from torch import nn
from torch.nn import functional as F

from neurologist.config import ConfigError, settings_for
from neurologist.diagnose import Settings, baseline, examine, rules
from neurologist.diagnose.baseline import fingerprint
from neurologist.diagnose.finding import Origin, Symptom
from neurologist.diagnose.thresholds import meanings, thresholds
from neurologist.record import Run
from neurologist.watch.session import watch

RULES = list(rules())


def settings(folder: Path, text: str) -> Settings:
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    return settings_for(folder)


# -- reading --------------------------------------------------------------------------------------------------


def test_the_nearest_file_that_speaks_of_it_counts_script_first(tmp_path):
    script, here = tmp_path / "a" / "b", tmp_path / "c"
    script.mkdir(parents=True)
    here.mkdir()
    assert settings_for(script, here) == Settings()
    (here / "pyproject.toml").write_text("[tool.neurologist]\nbudget = 0.03\n")
    assert settings_for(script, here).budget == 0.03
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.neurologist]\nbudget = 0.04\n")
    (script / "pyproject.toml").write_text("[tool.ruff]\n")
    assert settings_for(script / "train.py", here).budget == 0.04


def test_every_key_is_read(tmp_path):
    baseline.write(tmp_path / "known.json", [found("lr-too-low")])
    read = settings(
        tmp_path,
        '[tool.neurologist]\nbudget = 0\nselect = ["NL6", "double_softmax", "NL101"]\nbaseline = "known.json"\n'
        '[tool.neurologist.ignore]\nNL603 = "sparse\\n on purpose"\n'
        '[tool.neurologist.per-file-ignores]\n"old/*.py" = { summed-loss = "as published" }\n'
        "[tool.neurologist.rules.dead-units]\nall-but = 0.9\nscale = [0.1, 9]\nlate = 5\n",
    )
    assert read.budget == 0
    assert {"double-softmax", "dead-units", "vanishing-gradient"} <= read.select
    assert {rules()[slug].code[:3] for slug in read.select} == {"NL1", "NL6"}
    assert read.ignore == {"dead-units": "sparse on purpose"}
    assert read.ignore_in == {"old/*.py": {"summed-loss": "as published"}}
    assert read.numbers == {"dead-units": {"all_but": 0.9, "scale": (0.1, 9), "late": 5}}
    assert read.baseline.knows(found("lr-too-low", origin=Origin(str(Path("train.py").absolute()), 7)))
    assert read.file == tmp_path / "pyproject.toml"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("budgett = 1", "tool.neurologist has no key 'budgett': did you mean budget?"),
        ('budget = "1 %"', "tool.neurologist.budget got '1 %': expected a share of the time from 0 to 1"),
        ("budget = true", "budget got True: expected"),
        ("budget = 1.5", "budget got 1.5: expected"),
        ("budget = nan", "budget got nan: expected"),
        ("select = 3", "select got 3: expected a list of rules"),
        ("select = []", "select got []: expected a list of rules"),
        ('select = ["dead-unit"]', "select: no rule is called 'dead-unit' (did you mean dead-units?)"),
        ('select = ["NL9999"]', "select: no rule is called 'NL9999'"),
        ('ignore = ["dead-units"]', "ignore got ['dead-units']: expected a table of rules, each with the reason"),
        ('ignore.dead-units = " "', "ignore.dead-units got ' ': expected the reason why it is ignored"),
        ('ignore.lr-to-low = "x"', "ignore: no rule is called 'lr-to-low' (did you mean lr-too-low?)"),
        ('per-file-ignores."a.py" = ["NL603"]', "per-file-ignores.\"a.py\" got ['NL603']: expected a table"),
        ("rules.dead-units = 0.7", "rules.dead-units got 0.7: expected a table"),
        ("rules.dead-units.manny = 1", "rules.dead-units has no key 'manny': did you mean many? It has many, all_but"),
        ("rules.dead-units.stage = 1", "rules.dead-units has no key 'stage': "),
        ('rules.dead-units.many = "a"', "rules.dead-units.many got 'a': expected a number like 0.6"),
        ("rules.dead-units.many = nan", "rules.dead-units.many got nan: expected a number like 0.6"),
        ("rules.dead-units.many = -1", "rules.dead-units.many got -1: expected a number above 0 like 0.6"),
        ("rules.vanishing-gradient.lost = 3", "lost got 3: expected a number below 0 like -3"),
        ("rules.dead-units.late = 2.5", "late got 2.5: expected a whole number of 1 or more like 3"),
        ("rules.dead-units.late = 0", "late got 0: expected a whole number of 1 or more"),
        ("rules.dead-units.scale = [1]", "scale got [1]: expected a list of 2 numbers like [0.2, 5.0]"),
        ("rules.double-softmax.x = 1", "rules.double-softmax sets a number of double-softmax, which has none"),
        ("baseline = 3", "baseline got 3: expected the path of a file"),
        ('baseline = "gone.json"', "gone.json': No such file or directory; write it with `neurologist run --write"),
        ("budget = ", "cannot be read"),
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_what_was_expected(tmp_path, text, said):
    with pytest.raises(ConfigError) as error:
        settings(tmp_path, f"[tool.neurologist]\n{text}\n")
    assert said in str(error.value)
    assert str(tmp_path) in str(error.value)


@pytest.mark.parametrize("text", ["[]", "{", '{"format": "x", "version": 1}', '{"findings": [{}]}', '"x"'])
def test_a_file_that_is_no_baseline_is_refused(tmp_path, text):
    (tmp_path / "known.json").write_text(text)
    with pytest.raises(ConfigError, match=r"baseline .*known\.json'.*write it with"):
        settings(tmp_path, '[tool.neurologist]\nbaseline = "known.json"\n')


# -- numbers --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("slug", RULES)
def test_every_number_is_explained_and_decides_through_the_instance(slug):
    rule = rules()[slug]
    numbers = thresholds(rule)
    assert [name for name, meaning in meanings(rule).items() if not meaning] == []
    tree = ast.parse(Path(importlib.import_module(rule.__module__).__file__).read_text(encoding="utf-8"))
    past = [
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in numbers
        and ast.unparse(node.value) in (rule.__name__, "cls")
    ]
    assert past == []  # else a number that the user sets would not be asked


# -- a whole examination --------------------------------------------------------------------------------------


def train() -> None:
    x, y = torch.randn(128, 10), torch.randint(0, 3, (128,))
    model = nn.Sequential(nn.Linear(10, 16), nn.ReLU(), nn.Linear(16, 3), nn.Softmax(dim=1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(10):
        optimizer.zero_grad()
        F.cross_entropy(model(1000 * x), y).backward()
        optimizer.step()


@pytest.fixture(scope="module")
def run():
    with watch() as session:
        train()
    return Run(session._store.connection)


def test_a_number_of_the_user_decides(run):
    plain = examine(run)
    assert "unscaled-input" in slugs(plain.findings)
    patient = examine(run, settings=Settings(numbers={"unscaled-input": {"large": 1e6, "spread": 1e6}}))
    assert "unscaled-input" not in slugs(patient.findings)
    assert patient.numbers == ("unscaled-input.large = 1000000.0 (20.0)", "unscaled-input.spread = 1000000.0 (300.0)")
    assert slugs(examine(run).findings) == slugs(plain.findings)  # and only where it is set


def test_rules_that_are_not_selected_do_not_run_and_the_report_says_so(run):
    few = examine(run, settings=Settings(select=frozenset({"unscaled-input"})))
    assert slugs(few.findings) == ["unscaled-input"]
    (left,) = few.not_measured
    assert left.what == f"{len(rules()) - 1} of {len(rules())} rules"


def test_what_is_ignored_stays_with_its_reason(run, tmp_path):
    plain = examine(run)
    read = settings(tmp_path, '[tool.neurologist.ignore]\ndouble-softmax = "as published"\n')
    told = examine(run, settings=read)
    (aside,) = told.aside
    assert (aside.kind, aside.reason, aside.by.file) == ("ignored", "as published", str(tmp_path / "pyproject.toml"))
    assert replace(aside.finding, symptoms=()) == replace(plain.findings[0], symptoms=())
    assert "double-softmax" not in slugs(told.findings)
    assert "unscaled-input" in slugs(told.findings)


def test_ignoring_in_some_files_leaves_the_others(run, tmp_path):
    for pattern, ignored in (("elsewhere/*", False), (Path(__file__).name, True)):
        read = settings(tmp_path, f"[tool.neurologist.per-file-ignores]\n'{pattern}' = {{ double-softmax = 'x' }}\n")
        told = examine(run, settings=read)
        assert ("double-softmax" not in slugs(told.findings)) is ignored
        assert bool(told.aside) is ignored


def test_a_baseline_knows_what_was_found_and_nothing_else(run, tmp_path):
    plain = examine(run)
    path = tmp_path / "known.json"
    assert baseline.write(path, plain.findings[:1]) == 1
    told = examine(run, settings=Settings(baseline=baseline.read(path)))
    assert [(aside.kind, aside.finding.rule) for aside in told.aside] == [("known", plain.findings[0].rule)]
    assert set(slugs(told.findings)) == set(slugs(plain.findings[1:]))
    baseline.write(path, plain.findings)
    everything = examine(run, settings=Settings(baseline=baseline.read(path)))
    assert everything.findings == ()
    assert everything.healthy


# -- known again ----------------------------------------------------------------------------------------------


def at(line: int, code: str = "x = f(x)", module: str | None = "model.fc", file: str = "train.py") -> Origin:
    return Origin(file, line, code, module)


def test_a_finding_is_known_again_where_the_code_moves_and_not_where_it_changes(tmp_path):
    first = found("dead-units", origin=at(7, file=str(tmp_path / "train.py")), severity="warning")
    baseline.write(tmp_path / "known.json", [first])
    known = baseline.read(tmp_path / "known.json")
    file = str(tmp_path / "train.py")
    assert known.knows(replace(first, origin=at(99, "x  =  f(x)  # why", file=file), message="other numbers"))
    assert known.knows(replace(first, severity="info"))
    assert not known.knows(replace(first, severity="error"))
    assert not known.knows(replace(first, origin=at(7, "x = g(x)", file=file)))
    assert not known.knows(replace(first, origin=at(7, module="model.other", file=file)))
    assert not known.knows(replace(first, origin=at(7, file=str(tmp_path / "b" / "train.py"))))
    assert not known.knows(replace(first, rule="saturated-units"))
    assert fingerprint(first, tmp_path) == fingerprint(replace(first, origin=at(8, file=file)), tmp_path)
    assert fingerprint(first, tmp_path) != fingerprint(replace(first, origin=at(7, "y", file=file)), tmp_path)


def test_a_baseline_knows_what_its_findings_explained(tmp_path):
    symptom = Symptom("lr-too-low", "slow", at(20))
    baseline.write(tmp_path / "known.json", [found("double-softmax", symptoms=(symptom,))])
    known = baseline.read(tmp_path / "known.json")
    assert known.knows(found("lr-too-low", origin=at(20)))
