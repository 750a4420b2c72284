"""A connection to a record that closes itself when nobody holds it any more: Python 3.13 warns of those that do not.

May import: the standard library.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress


class Closing(sqlite3.Connection):
    """A session that nobody asks any more needs no closing by hand."""

    def __del__(self) -> None:
        with suppress(sqlite3.Error):
            self.close()
