"""What a treatment changes in the user's source, said without knowing the source.

May import: the standard library; `treat.seen` and `treat.sources` for their types.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from neurologist.treat.call import Site
    from neurologist.treat.edits.sources import Sources
    from neurologist.treat.places import Where
    from neurologist.treat.seen import Seen


class Edit:
    """One change; the base of all kinds.

    Attributes:
        late: it is made after those that it depends on.
    """

    late: ClassVar[bool] = False

    @property
    def sites(self) -> frozenset[Site]:
        """The calls that it changes: a line that others share with them is left alone."""
        return frozenset()

    def where(self, seen: Seen) -> Where | None:
        """The place to name when it is to be done by hand."""
        return None

    @property
    def by_hand(self) -> str:
        """The code to put there."""
        raise NotImplementedError

    def write(self, sources: Sources) -> None:
        """Note the change.

        Raises:
            Doubt: the source does not say where.
        """
        raise NotImplementedError


class ByHand(Edit):
    """What no source says mechanically.

    Args:
        code: to put there.
        at: where.
    """

    def __init__(self, code: str, at: Where | None = None) -> None:
        self._code, self._at = code, at

    def where(self, seen: Seen) -> Where | None:
        """Where it was said to be."""
        return self._at

    @property
    def by_hand(self) -> str:
        """The code as it was given."""
        return self._code

    def write(self, sources: Sources) -> None:
        """Give up at once."""
        sources.doubt("it depends on the rest of the program")
