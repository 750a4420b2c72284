"""Names of rules as users write them: a slug or a code, and what they may have meant.

May import: the standard library. The names come from whoever asks: nothing here knows a rule.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches

PREFIX = re.compile(r"nl\d{0,3}", re.I)


class Names:
    """The slugs and codes of all rules.

    Args:
        codes: slug -> code.
    """

    def __init__(self, codes: Mapping[str, str]) -> None:
        self.codes = codes

    def rule(self, name: str) -> str | None:
        """The slug of the rule with that slug or code; None where there is none."""
        wanted = name.strip().lower().replace("_", "-")
        return next((slug for slug, code in self.codes.items() if wanted in (slug, code.lower())), None)

    def group(self, name: str) -> tuple[str, ...]:
        """The slugs that a slug, a code, or the beginning of codes stands for: "NL6" for all that begin with it."""
        one = self.rule(name)
        if one is not None or not PREFIX.fullmatch(name.strip()):
            return (one,) if one is not None else ()
        return tuple(slug for slug, code in self.codes.items() if code.lower().startswith(name.strip().lower()))

    def unknown(self, name: str) -> str:
        """What to say of a name that is none; the end of a sentence."""
        wanted = name.strip()
        near = nearest(wanted.lower().replace("_", "-"), [*self.codes]) or nearest(
            wanted.upper(), [*self.codes.values()]
        )
        meant = f"did you mean {near}?" if near else "`neurologist explain` lists all"
        return f"no rule is called {wanted!r} ({meant})"


def nearest(name: str, known: list[str]) -> str:
    """The known name that looks most like `name`; "" where none does."""
    return next(iter(get_close_matches(name, known, 1, 0.6)), "")
