"""Finding members: one file per member, found by its name, imported when asked for.

May import: `catalogue.errors`. The registry names no member; a file dropped into the package is a member.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Generic, Protocol, TypeVar

from neurologist.catalogue.errors import DeclarationError, UnknownMemberError


class Named(Protocol):
    """A member: it has a name and may have aliases."""

    @property
    def name(self) -> str:
        """Name in the catalogue."""

    @property
    def aliases(self) -> tuple[str, ...]:
        """Other names in use."""


Member = TypeVar("Member", bound=Named)


class Registry(Mapping[str, Member], Generic[Member]):
    """A read-only mapping from names to the members of one package, in alphabetical order.

    An alias is accepted as a key, but not listed. An unknown name is an `UnknownMemberError` (a `KeyError`).
    """

    def __init__(self, kind: str, package: str, member_type: type[Member]) -> None:
        self.kind = kind
        self._package = package
        self._type = member_type
        self.refresh()

    def refresh(self) -> None:
        """Look at the folder again: for files that were added since the first look."""
        path = import_module(self._package).__path__
        self._names = sorted(info.name for info in iter_modules(path) if not info.name.startswith("_"))
        self._found: dict[str, Member] = {}
        self._aliases: dict[str, str] | None = None

    def __getitem__(self, name: str) -> Member:
        if not isinstance(name, str):
            raise UnknownMemberError(self.kind, name, self._names)
        if name in self._found:
            return self._found[name]
        if name not in self._names:
            return self[self._resolve(name)]
        module = import_module(f"{self._package}.{name}")
        self._found[name] = self._only_member(module, name)
        return self._found[name]

    __hash__ = object.__hash__  # one registry is one family; equality of content is never asked

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and (name in self._names or name in self._alias_table())

    def __repr__(self) -> str:
        return f"<{len(self)} of kind {self.kind}: {', '.join(self._names)}>"

    def _resolve(self, alias: str) -> str:
        if alias not in self._alias_table():
            raise UnknownMemberError(self.kind, alias, self._names)
        return self._alias_table()[alias]

    def _alias_table(self) -> dict[str, str]:
        if self._aliases is None:
            self._aliases = {alias: name for name in self._names for alias in self[name].aliases}
        return self._aliases

    def _only_member(self, module: ModuleType, name: str) -> Member:
        members = [value for value in vars(module).values() if isinstance(value, self._type)]
        if len(members) != 1 or members[0].name != name:
            got = ", ".join(member.name for member in members) or "none"
            raise DeclarationError(
                f"{module.__file__}: found {got}: expected exactly one {self._type.__name__} named {name!r}"
            )
        return members[0]
