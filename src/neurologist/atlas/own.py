"""What the page needs to read formulas of the reader's own: the language of `catalogue.grammar`, and its words' slopes.

Reading and evaluating are the page's own (`page/own_*.js`); what the language holds is written here from Python's.
May import: `catalogue`, `functional` without torch, `atlas.javascript`.
"""

from __future__ import annotations

from keyword import kwlist
from typing import Any

from neurologist.atlas.javascript import CONSTANTS as CONSTANTS_THERE
from neurologist.atlas.javascript import function
from neurologist.catalogue.backends import VECTOR
from neurologist.catalogue.differentiate import RULES, differentiate
from neurologist.catalogue.grammar import (
    CONSTANTS,
    DEEPEST,
    ELSEWHERE,
    LARGEST_POWER,
    LONGEST,
    LOOK_ALIKE,
    WORDS,
)
from neurologist.catalogue.stabilise import PATTERNS
from neurologist.functional.curves import HIGH, LOW
from neurologist.functional.custom import LEAST, NESTED, TAKEN
from neurologist.theory.numeric import GRID, REACH
from neurologist.theory.shape import FAR, NEAR


def language() -> dict[str, Any]:
    """Words, constants, limits and advice, as `nl.activation` has them."""
    return {
        "words": {word: counts for word, counts in WORDS.items() if word not in VECTOR},
        "vectors": list(VECTOR),
        "constants": sorted(CONSTANTS),
        "keywords": kwlist,
        "taken": list(TAKEN),
        "elsewhere": dict(ELSEWHERE),
        "lookAlike": dict(LOOK_ALIKE),
        "patterns": list(PATTERNS),
        "longest": LONGEST,
        "deepest": DEEPEST,
        "nested": NESTED,
        "largestPower": LARGEST_POWER,
        "least": LEAST,
        "low": LOW,
        "high": HIGH,
        "grid": GRID,
        "reach": REACH,
        "far": list(FAR),
        "near": list(NEAR),
    }


def jets() -> str:
    """A JavaScript object: word or constant -> its value; of a word also slope and second slope."""
    rows = [f"{word}:[{','.join(function(text, ['u']) for text in _orders(word))}]" for word in RULES]
    rows += [f"{name}:{text}" for name, text in CONSTANTS_THERE.items()]
    return "{" + ",\n".join(rows) + "}"


def _orders(word: str) -> tuple[str, str, str]:
    return f"{word}(u)", RULES[word], differentiate(RULES[word], "u")
