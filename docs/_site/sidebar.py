"""What the site adds to a page: the way to it in the other language, lists of generated pages, lines of Chinese joined.

The indexes of rules and functions are plain Markdown, read in the repository as well; only here they get the table
of contents from which the navigation is made.
"""

import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

LISTS = ("rules/index", "functions/index")
CONTENTS = "\n\n```{toctree}\n:glob:\n:hidden:\n\n*\n```\n"

FENCE = re.compile(r"(^```.*?^```$)", re.M | re.S)
OTHER = re.compile(r"^\*.*\]\((?:zh|\.\.)/\w+\.md\).*\n", re.M)  # the way to the other language, in the repository
WIDE = "[\u3001-\u303f\u4e00-\u9fff\uff00-\uffef]"  # Chinese characters and their punctuation
BROKEN = re.compile(f"(?<={WIDE})\n *(?={WIDE})")  # where a browser would show a space


def contents(app: Sphinx, name: str, source: list[str]) -> None:
    """Append the list of all pages of the folder to its index, and join lines of Chinese."""
    if name in LISTS:
        source[0] += CONTENTS
    parts = FENCE.split(OTHER.sub("", source[0]))
    source[0] = "".join(part if place % 2 else BROKEN.sub("", part) for place, part in enumerate(parts))


def other_language(app: Sphinx, name: str, template: str, context: dict[str, Any], tree: object) -> None:
    """Where this page is in the other language: that page, or where there is none that language's first."""
    chinese = (app.config.language or "").startswith("zh")
    folder = Path(app.srcdir).parent if chinese else Path(app.srcdir) / "zh"
    page = name if (folder / f"{name}.md").exists() else "index"
    context["other_language"] = context["pathto"](f"{'..' if chinese else 'zh'}/{page}.html", 1)
    context["other_language_name"] = "English" if chinese else "中文"
    context["other_language_code"] = "en" if chinese else "zh-CN"


def setup(app: Sphinx) -> dict[str, Any]:
    """Tell Sphinx."""
    app.connect("source-read", contents)
    app.connect("html-page-context", other_language)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
