"""The user's settings: `[tool.neurologist]` of the nearest `pyproject.toml`, read and checked.

It stands between `watch`, whose budget it sets, and `diagnose`, which gets all else as plain `Settings` and knows no
file. Whatever is wrong is said before anything runs. To add a key, add a reader to `READERS`.
May import: `diagnose`, `tape.origin`, tomllib.
"""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from neurologist.diagnose.baseline import Baseline, BaselineError, read
from neurologist.diagnose.engine import names, rules
from neurologist.diagnose.naming import nearest
from neurologist.diagnose.settings import Settings
from neurologist.diagnose.thresholds import Number, fitted, thresholds, unfit
from neurologist.tape.origin import is_users

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FILE, TABLE = "pyproject.toml", "tool.neurologist"


class ConfigError(ValueError):
    """The settings cannot be used; the message says where, what stands there, what was expected and what to do."""


def settings_for(*places: Path | None, baseline: bool = True) -> Settings:
    """The settings that hold for a program: of the first file found upward from each place in turn.

    Args:
        places: files or folders: the script or the record, then the current folder. A file counts as its folder.
        baseline: read the baseline that they name; without, it need not be there yet.

    Raises:
        ConfigError: the file, or what stands in it for neurologist, cannot be used.
    """
    for place in places:
        for folder in _upward(place):
            table = _table(folder / FILE)
            if table is not None:
                return checked(table, folder / FILE, baseline)
    return Settings()


def settings_here() -> Settings:
    """The settings that hold for the program that runs in this process: of its script, else of the current folder.

    Raises:
        ConfigError: as above.
    """
    return settings_for(_script(), current())


def settings_of(program: object) -> Settings:
    """The settings that hold for a program that is tried: of its script, where it has a `path`, else of this process.

    Raises:
        ConfigError: as above.
    """
    path = getattr(program, "path", None)
    return settings_for(Path(path), current()) if isinstance(path, str) else settings_here()


def _script() -> Path | None:
    """What this process runs; None for a notebook, and for a command that is installed, as pytest is."""
    file = getattr(sys.modules.get("__main__"), "__file__", None)
    if not isinstance(file, str) or not is_users(file) or Path(file).parent == Path(sysconfig.get_path("scripts")):
        return None
    return Path(file)


def current() -> Path | None:
    """The current folder; None where it is gone."""
    try:
        return Path.cwd()
    except OSError:
        return None


def _upward(place: Path | None) -> Iterable[Path]:
    if place is None:
        return ()
    place = place.absolute()
    return (place, *place.parents) if place.is_dir() else place.parents


def _table(path: Path) -> object | None:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {error}; mend it, or run below another folder") from None
    tool = data.get("tool", {})
    return tool.get("neurologist") if isinstance(tool, dict) else None


def checked(table: object, path: Path, baseline: bool = True) -> Settings:
    """The table as settings.

    Raises:
        ConfigError: a key or a value in it is none.
    """
    at = Place(path, TABLE)
    settings = Settings(file=path)
    for key, value in at.keys(table, READERS).items():
        if key != "baseline" or baseline:
            settings = replace(settings, **READERS[key](at.into(key), value))
    return settings


class Place:
    """A key in a file, for what is said of it."""

    def __init__(self, path: Path, key: str) -> None:
        self.path, self.key = path, key

    def into(self, key: str) -> Place:
        """A key below this one."""
        return Place(self.path, f"{self.key}.{key}" if key.replace("-", "").isalnum() else f'{self.key}."{key}"')

    def error(self, said: str) -> ConfigError:
        """What is wrong here."""
        return ConfigError(f"{self.path}: {self.key} {said}")

    def wrong(self, value: object, expected: str) -> ConfigError:
        """A value that is none."""
        return self.error(f"got {value!r}: expected {expected}")

    def unknown(self, name: str) -> ConfigError:
        """A rule that there is not."""
        return ConfigError(f"{self.path}: {self.key}: {names().unknown(name)}")

    def keys(
        self, value: object, known: Iterable[str] | None = None, expected: str = "a table", more: str = ""
    ) -> dict[str, Any]:
        """The entries of a table, their keys all known."""
        if not isinstance(value, dict):
            raise self.wrong(value, expected)
        has = list(known) if known is not None else None
        for key in value:
            if has is not None and key not in has:
                near = nearest(key, has)
                meant = f"did you mean {near}? It has" if near else "it has"
                raise self.error(f"has no key {key!r}: {meant} {', '.join(has)}{more}")
        return value

    def rule(self, name: str) -> str:
        """The slug of a rule."""
        slug = names().rule(name)
        if slug is None:
            raise self.unknown(name)
        return slug


def _budget(at: Place, value: object) -> dict[str, Any]:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise at.wrong(value, "a share of the time from 0 to 1, as in budget = 0.01")
    return {"budget": float(value)}


def _select(at: Place, value: object) -> dict[str, Any]:
    example = 'a list of rules, as in select = ["double-softmax", "NL6"]'
    if not isinstance(value, list) or not value or not all(isinstance(name, str) for name in value):
        raise at.wrong(value, example)
    for name in value:
        if not names().group(name):
            raise at.unknown(name)
    return {"select": frozenset(slug for name in value for slug in names().group(name))}


def _reasons(at: Place, value: object) -> Mapping[str, str]:
    example = 'a table of rules, each with the reason, as in ignore = { dead-units = "sparse on purpose" }'
    found = {}
    for name, reason in at.keys(value, expected=example).items():
        slug = at.rule(name)
        if not isinstance(reason, str) or not reason.strip():
            raise at.into(name).wrong(reason, f'the reason why it is ignored, as in {name} = "sparse on purpose"')
        found[slug] = " ".join(reason.split())
    return found


def _ignore(at: Place, value: object) -> dict[str, Any]:
    return {"ignore": _reasons(at, value)}


def _ignore_in(at: Place, value: object) -> dict[str, Any]:
    example = 'a table of patterns, as in per-file-ignores."old/*.py" = { dead-units = "not trained any more" }'
    return {
        "ignore_in": {key: _reasons(at.into(key), table) for key, table in at.keys(value, expected=example).items()}
    }


def _numbers(at: Place, value: object) -> dict[str, Any]:
    example = "a table for each rule, as in [tool.neurologist.rules.dead-units]"
    found = {}
    for name, table in at.keys(value, expected=example).items():
        slug = at.rule(name)
        found[slug] = _of_rule(at.into(name), slug, table)
    return {"numbers": found}


def _of_rule(at: Place, slug: str, table: object) -> dict[str, Number]:
    own = thresholds(rules()[slug])
    if not own:
        raise at.error(f"sets a number of {slug}, which has none: remove it")
    spelt = {name.replace("-", "_"): value for name, value in at.keys(table).items()}
    found = {}
    for name, value in at.keys(spelt, own, more=f"; `neurologist explain {slug}` says what they are").items():
        if expected := unfit(value, own[name]):
            raise at.into(name).wrong(value, expected)
        found[name] = fitted(value, own[name])
    return found


def _baseline(at: Place, value: object) -> dict[str, Any]:
    if not isinstance(value, str) or not value:
        raise at.wrong(value, 'the path of a file, as in baseline = "neurologist-baseline.json"')
    return {"baseline": known(at.path.parent / value)}


def known(path: Path) -> Baseline:
    """A baseline from its file.

    Raises:
        ConfigError: it is none.
    """
    try:
        return read(path)
    except BaselineError as error:
        raise ConfigError(str(error)) from None


READERS: dict[str, Callable[[Place, object], dict[str, Any]]] = {
    "budget": _budget,
    "select": _select,
    "ignore": _ignore,
    "per-file-ignores": _ignore_in,
    "rules": _numbers,
    "baseline": _baseline,
}
