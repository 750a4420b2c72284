"""Numbers and names as people read them: the smallest tools of every view.

Whatever comes from the user's program (names, paths, code, messages) is made safe to show here: control characters,
right-to-left marks and names of ten thousand letters never reach a terminal. May import: the standard library only.
To add a way of saying something, add a pure function from a value to a text.
"""

from __future__ import annotations

import math
import re
import unicodedata
from pathlib import Path

SIGNIFICANT = 3  # digits shown: more are never needed to act on a finding
LONGEST_WORD = 60  # characters; a word beyond it is shortened in its middle
LONGEST_TEXT = 1500  # characters of one message
LONG_WORD = re.compile(rf"[^\s\u2e80-\u9fff\uff00-\uffef]{{{LONGEST_WORD + 1},}}")  # Chinese runs on without spaces
UNSAFE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}  # Unicode categories that steer or break a terminal

# Where a line of Chinese may end: rich breaks lines at white space only, and this one takes no room.
BREAK = "\x1f"
HAN = "\u4e00-\u9fff"
AFTER_MARK = re.compile(r"(?<=[，。；：？！]) ")  # a full-width mark holds its own space
MAY_BREAK = re.compile(rf"(?<=[^\s（《“])(?=[{HAN}（《“])|(?<=[{HAN}，。；：？！、）》”])(?=[^\s，。；：？！、）》”…])")

ASCII = str.maketrans(
    {
        "→": "->", "←": "<-", "×": "x", "·": "*", "±": "+-", "≥": ">=", "≤": "<=", "≠": "!=", "≈": "~", "∞": "inf",
        "…": "...", "–": "-", "—": "-", "−": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "•": "-", "²": "^2",
        "\u00a0": " ", "σ": "sigma", "µ": "u",
    }
)  # fmt: skip


def number(value: float | int | str | None) -> str:
    """A measured value in three significant digits: `0.0312`, `12,300`, `1.2e-7`, `NaN`, `not seen`."""
    if value is None:
        return "not seen"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return clean(str(value))
    if isinstance(value, int) and abs(value) < 10**15:
        return f"{value:,}"
    try:
        value = float(value)
    except OverflowError:  # an integer beyond every float
        value = math.inf if value > 0 else -math.inf
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "infinity" if value > 0 else "-infinity"
    return _finite(value)


def _finite(value: float) -> str:
    rounded = float(f"{value:.{SIGNIFICANT}g}")
    if rounded == 0:
        return "0"
    if 1e3 <= abs(rounded) < 1e6:
        return f"{rounded:,.0f}"
    if 1e-3 <= abs(rounded) < 1e3:
        return f"{rounded:.{SIGNIFICANT}g}"
    mantissa, exponent = f"{value:.{SIGNIFICANT - 1}e}".split("e")
    return f"{float(mantissa):g}e{int(exponent)}"


def decades(value: float | None) -> str:
    """A gain or loss in powers of ten, with its sign: `-2.1`, `+0.4`, `0.0`, `?`."""
    if value is None or math.isnan(value):
        return "?"
    if math.isinf(value):
        return "-inf" if value < 0 else "+inf"
    return "0.0" if abs(value) < 0.05 else f"{value:+.1f}"


def plural(count: int, noun: str) -> str:
    """`1 step`, `2,400 steps`."""
    return f"{count:,} {noun}" + ("" if count == 1 else "es" if noun.endswith("s") else "s")


def duration(seconds: float) -> str:
    """A length of time: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def share(value: float) -> str:
    """A share from 0 to 1 in percent: `0.83 %`."""
    return f"{number(100 * value)} %"


def clean(text: str, limit: int = LONGEST_TEXT, ascii_only: bool = False) -> str:
    """The text on one line, harmless: unsafe characters are spelt out, over-long words and texts shortened."""
    text = AFTER_MARK.sub("", _spelt_out(" ".join(text.split())))
    text = LONG_WORD.sub(lambda word: shorten(word[0]), text)
    return to_ascii(shorten(text, limit)) if ascii_only else shorten(text, limit)


def breakable(text: str) -> str:
    """The text with a `BREAK` wherever a line of Chinese may end; take them out when the lines are made."""
    return MAY_BREAK.sub(BREAK, text)


def code_line(text: str, limit: int = 200, ascii_only: bool = False) -> str:
    """A line of source, harmless but with its spaces kept; cut at its end when too long."""
    text = _spelt_out(text.rstrip().expandtabs(4)[: limit + 1])
    text = text if len(text) <= limit else text[: limit - 1] + "…"
    return to_ascii(text) if ascii_only else text


def source_line(text: str, ascii_only: bool = False) -> str:
    """A line of a diff, harmless but whole and with its tabs, so that it still applies."""
    text = "\t".join(map(_spelt_out, text.split("\t")))
    return to_ascii(text) if ascii_only else text


def shorten(text: str, limit: int = LONGEST_WORD, gap: str = "…") -> str:
    """The text, or its beginning and its end with `gap` between them when it is longer than `limit`."""
    if len(text) <= limit:
        return text
    tail = limit // 3
    return text[: max(0, limit - tail - len(gap))] + gap + text[len(text) - tail :]


def to_ascii(text: str) -> str:
    """The text for a terminal without Unicode; what has no plain form is escaped as in Python."""
    return text.translate(ASCII).encode("ascii", "backslashreplace").decode("ascii")


def path_text(path: str, base: Path | None = None, ascii_only: bool = False) -> str:
    """A path relative to `base` (default: the current folder) where it lies inside it, else as it is."""
    try:
        shown = str(Path(path).relative_to(base or Path.cwd()))
    except (ValueError, OSError):
        shown = path
    # not `clean`: a path may hold several spaces, and is useless with its middle cut out unless absurdly long
    shown = shorten(_spelt_out(shown), 200)
    return to_ascii(shown) if ascii_only else shown


def _spelt_out(text: str) -> str:
    return "".join(_escape(c) if unicodedata.category(c) in UNSAFE else c for c in text)


def _escape(character: str) -> str:
    point = ord(character)
    return f"\\x{point:02x}" if point < 256 else f"\\u{point:04x}" if point < 65536 else f"\\U{point:08x}"
