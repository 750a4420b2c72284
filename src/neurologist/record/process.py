"""Which process writes a record, so that a reader can tell a run that goes on from one that was cut off.

May import: the standard library.
"""

from __future__ import annotations

import hashlib
import os
import platform
import sys
from pathlib import Path


def mark(pid: int | None = None) -> str:
    """A process as it stands in a record: its number, when it started where that is known, a machine's digest."""
    pid = os.getpid() if pid is None else pid
    started, _ = _seen(pid)
    return f"{pid}:{started}@{_machine()}"


def alive(marked: str | None) -> bool | None:
    """Whether a marked process still runs; None where that cannot be told from here."""
    process, _, machine = (marked or "").partition("@")
    number, _, started = process.partition(":")
    if not number.isdigit() or machine != _machine() or sys.platform == "win32":
        return None
    then, state = _seen(int(number))
    if started and then:
        return then == started and state != "Z"  # else the number has been given to another one
    try:
        os.kill(int(number), 0)  # sends nothing
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not (started and Path("/proc/self").exists())


def _machine() -> str:
    return hashlib.sha256(platform.node().encode()).hexdigest()[:12]


def _seen(pid: int) -> tuple[str, str]:
    """When a process started, in the kernel's ticks, and its state; empty where there is no /proc."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return "", ""
    return fields[19], fields[0]
