"""The files of a program while changes to them are noted.

May import: libcst, `treat.seen`, `edits.syntax`.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Literal, NoReturn

import libcst as cst

from neurologist.treat.call import Site
from neurologist.treat.edits.syntax import Doubt, Source
from neurologist.treat.seen import Seen, Step

Found = tuple[Source, cst.Call]


class Sources:
    """The files that the control ran through, and no others.

    Attributes:
        seen: what the control showed.
        sites: the calls that the change at hand means; a line that others share with them is left alone.
    """

    def __init__(self, seen: Seen) -> None:
        self.seen = seen
        self.sites: frozenset[Site] = frozenset()
        self.texts: dict[str, str] = {}
        made = {place.file for module in seen.modules.values() for place in module.stack}
        begins = {module.forward[0] for module in seen.modules.values() if module.forward is not None}
        for path in sorted({*seen.files, *made, *begins, *(place.file for place in seen.backward)}):
            try:
                with Path(path).open(encoding="utf-8", newline="") as file:
                    self.texts[path] = file.read()
            except (OSError, UnicodeDecodeError):
                continue
        self._read: dict[str, Source] = {}
        self._done: set[object] = set()
        self._rows: set[str] = set()
        self.followed: dict[str, str | None] = {}  # by a layer's path, the activation that a change puts behind it
        self._before: tuple[dict[str, str | None], set[str]] = ({}, set())

    # -- one change at a time ---------------------------------------------------------------------------------

    def begin(self, sites: Collection[Site]) -> dict[str, int]:
        """A change begins, at these calls; gives what `back` needs to undo it."""
        self.sites, self._done = frozenset(sites), set()
        self._before = dict(self.followed), set(self._rows)
        return {path: len(source.splices) for path, source in self._read.items()}

    def back(self, kept: dict[str, int]) -> None:
        """Undo what was noted since."""
        self.followed, self._rows = self._before
        for path, source in self._read.items():
            del source.splices[kept.get(path, 0) :]

    def first(self, what: object) -> bool:
        """True the first time that a change asks for it."""
        new = what not in self._done
        self._done.add(what)
        return new

    def after(self) -> dict[str, str]:
        """The files that change."""
        return {path: source.after for path, source in self._read.items() if source.splices}

    def rows(self, what: Literal["numbered", "shifted"]) -> None:
        """Layers of a row are named by their numbers, or their numbers change: not both."""
        if self._rows - {what}:
            self.doubt("another change of this plan gives the layers other numbers")
        self._rows.add(what)

    def follows(self, layer: Step | None, function: str | None) -> None:
        """A change puts this activation behind a layer."""
        if layer is not None and layer.site.model == 0:
            self.followed[layer.site.module] = function

    def doubt(self, why: str) -> NoReturn:
        """Give up the change at hand."""
        raise Doubt(why)

    # -- finding ----------------------------------------------------------------------------------------------

    def file(self, path: str) -> Source:
        """A file of the program."""
        if path not in self.texts:
            self.doubt(f"{path} is not a source of the program that can be read")
        if path not in self._read:
            self._read[path] = Source(path, self.texts[path])
        return self._read[path]

    @property
    def all(self) -> list[Source]:
        """Every file of the program."""
        return [self.file(path) for path in self.texts]

    def call(self, step: Step) -> Found:
        """The program's own call behind a torch call."""
        if step.at is None or not step.direct:
            self.doubt(f"no line of the program calls {step.site.name}")
        sharing = [s for s in self.seen.calls if s.at == step.at and s.site.name == step.site.name]
        if any(s.site not in self.sites for s in sharing):
            self.doubt(f"{step.at.file}:{step.at.line} makes other calls too")
        source = self.file(step.at.file)
        name = step.site.module.rpartition(".")[2] if step.layer is not None else step.site.name
        return source, source.call(step.at, *([name] if step.at.end is None and name else []))

    def constructors(self, site: Site, kind: str) -> list[Found]:
        """The calls that make the layer that calls there."""
        used = [step.site for step in self.seen.calls if step.site[:2] == site[:2] and step.layer == kind]
        if any(other not in self.sites for other in used):
            self.doubt(f"{site.module} is used at several places")
        made = self.seen.made(site)
        if made is None or made.at is None:
            return self._by_name(kind)
        here = [key for key, other in self.seen.modules.items() if other.at == made.at]
        if made.at.end is None:
            here = [key for key in here if self.seen.modules[key].kind == kind]
        mine = {chosen[:2] for chosen in self.sites}
        if any(key not in mine for key in here):
            self.doubt(f"{made.at.file}:{made.at.line} makes other layers too")
        source = self.file(made.at.file)
        return [(source, source.call(made.at, kind))]

    def _by_name(self, kind: str) -> list[Found]:
        """All calls of a class, where every layer of it is meant."""
        if any(step.layer == kind and step.site not in self.sites for step in self.seen.calls):
            self.doubt(f"which {kind} is which, the source does not say")
        found = [(source, node) for source in self.all for node in source.calls(kind)]
        return found or self.doubt(f"no line makes a {kind}")

    def inside(self, site: Site) -> str:
        """Class of the module that holds the layer that calls there; "" for the model itself."""
        path = site.module.rpartition(".")[0]
        holder = self.seen.modules.get((site.model, path))
        return holder.kind if holder is not None and site.module else ""
