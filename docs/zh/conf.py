"""The Chinese site: all of `../conf.py`, in Chinese."""

import runpy
from pathlib import Path

globals().update(runpy.run_path(str(Path(__file__).resolve().parents[1] / "conf.py")))

language = "zh_CN"
html_search_language = "zh"
exclude_patterns = []
