"""`python -m neurologist`: the same as the `neurologist` command."""

from __future__ import annotations

from neurologist.cli import main

if __name__ == "__main__":
    main()
