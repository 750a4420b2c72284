"""Search in Chinese text by pairs of characters.

Sphinx's own needs a dictionary of words, and without one finds nothing; pairs find every word of two characters and
more.
"""

import re
from typing import Any

from sphinx.application import Sphinx
from sphinx.search.zh import SearchChinese

WORDS = re.compile(r"[a-zA-Z0-9_]+|[\u4e00-\u9fff]+")
SPLITTER = r"""
var splitQuery = (query) =>
  (query.match(/[a-zA-Z0-9_]+|[\u4e00-\u9fff]+/g) || []).flatMap((word) =>
    /[a-zA-Z0-9_]/.test(word) || word.length < 3 ? [word]
      : Array.from({ length: word.length - 1 }, (_, start) => word.slice(start, start + 2)));
"""


class Pairs(SearchChinese):
    """Latin words as they are, Chinese in every two neighbouring characters."""

    js_splitter_code = SPLITTER

    def split(self, input: str) -> list[str]:
        """The terms under which a text is found."""
        terms = []
        for word in WORDS.findall(input):
            latin = word.isascii()
            if latin:
                self.latin_terms.add(word)
            terms += [word] if latin or len(word) < 3 else [word[i : i + 2] for i in range(len(word) - 1)]
        return terms


def setup(app: Sphinx) -> dict[str, Any]:
    """Tell Sphinx."""
    app.add_search_language(Pairs)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
