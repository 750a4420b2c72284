"""How Sphinx makes the site from these pages; `tools/site.py` builds it in both languages.

The Chinese pages lie in `zh/` and take everything from here but the language.
"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "_site"), str(HERE.parent / "src")]

from neurologist._version import __version__  # noqa: E402

project = "neurologist"
author = "The neurologist authors"
copyright = f"2026, {author}"
version = release = __version__
language = "en"

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "formulas",  # these three stand in _site
    "sidebar",
    "pairs",
]
exclude_patterns = ["_site", "zh"]
nitpicky = True
nitpick_ignore_regex = [("py:.*", ".*")]  # annotations name types of torch and NumPy, and the package's inner ones

myst_enable_extensions = ["colon_fence", "dollarmath", "attrs_inline"]
myst_heading_anchors = 3
myst_dmath_double_inline = True

default_role = "code"  # docstrings write code in single backticks
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
python_display_short_literal_types = True
python_maximum_signature_line_length = 80

html_theme = "furo"
html_title = f"neurologist {__version__}"
html_static_path = [str(HERE / "_site" / "static")]
html_css_files = ["site.css"]
templates_path = [str(HERE / "_site" / "templates")]
html_show_sphinx = False
html_copy_source = False
pygments_style, pygments_dark_style = "friendly", "github-dark"
copybutton_prompt_text = r"\$ |>>> |\.\.\. "
copybutton_prompt_is_regexp = True
copybutton_only_copy_prompt_lines = True

html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "sidebar/language.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
    ]
}
