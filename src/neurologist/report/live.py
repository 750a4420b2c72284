"""A run's page while it trains: served on this machine only, and made anew as the record grows.

The record is copied in a moment and diagnosed from the copy, so that whoever writes it never waits. Nothing is done
while nobody looks. May import: the standard library, `record`, `diagnose`, `report.html`, `report.words`.
"""

from __future__ import annotations

import json
import socket
import time
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import Any
from urllib.parse import urlsplit

from neurologist.diagnose import Diagnosis, Settings, examine
from neurologist.diagnose.languages import of_report
from neurologist.record import RecordError, Run
from neurologist.record.opening import copied, going
from neurologist.report import html, words

HOST = "127.0.0.1"
PORT = 8731  # where no other is asked for; any free one, where this is taken
SHARE = 0.1  # of one core's time, at most, that is spent on making pages
OFTEN = 1.0  # seconds between two pages, at least
WATCHING = 4.0  # seconds since the last question within which somebody looks
LINGER = 6.0  # seconds that a page that looks is waited for at the end


@dataclass(frozen=True)
class Look:
    """What a record shows now; `going` while its process may still write."""

    diagnosis: Diagnosis
    going: bool


def look(path: Path, settings: Settings | None = None) -> Look:
    """Diagnose a record that may be written at this moment.

    Raises:
        RecordError: it is gone, or no record.
    """
    writing = going(
        path
    )  # before it is copied: what a run wrote at its end must be in the copy that is shown as its last
    with closing(copied(path)) as copy:
        run = Run(copy)
        found = examine(run, settings=settings or Settings())
    status = run.meta.get("status", "cut off")
    still = writing and status == "running"
    status = status if still or status != "running" else "cut off"
    return Look(replace(found, summary=replace(found.summary, status=status, record=str(path.absolute()))), still)


def bound(port: int | None) -> socket.socket:
    """A listening socket on this machine alone.

    Raises:
        OSError: the port is taken, or may not be used.
    """
    for one in (PORT, 0) if port is None else (port,):
        found = socket.socket()
        try:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            found.bind((HOST, one))
            found.listen()
        except OSError:
            found.close()
            if one == 0 or port is not None:
                raise
        else:
            return found
    raise AssertionError


def address(listening: socket.socket) -> str:
    """What to open in a browser."""
    return f"http://{HOST}:{listening.getsockname()[1]}/"


class Live:
    """One record on one socket.

    Args:
        path: the record.
        lang: of the page.
        listening: see `bound`.
        base: folder that paths in the page are relative to.
        settings: of the user, by which the record is diagnosed.
    """

    def __init__(
        self,
        path: Path,
        lang: str,
        listening: socket.socket,
        base: Path | None = None,
        settings: Settings | None = None,
    ) -> None:
        self.path, self.lang, self.base, self.settings = path, lang, base, settings
        self.state: dict[str, Any] = {"version": 0, "ended": False, "said": ""}
        self.page = b""
        self.gone = ""  # why the record cannot be read any more
        self.asked = 0.0  # when somebody last did
        self.delivered = 0  # version that was last fetched
        self.told = False  # somebody has heard of the end
        self.lock = Lock()
        self._cost = self._made = 0.0
        self._seen: object = None
        self._server = ThreadingHTTPServer((HOST, 0), partial(Handler, self), bind_and_activate=False)
        self._server.socket.close()
        self._server.socket = listening
        self._server.server_address = listening.getsockname()[:2]
        self._server.daemon_threads = True
        self.hosts = {f"{name}:{self._server.server_address[1]}" for name in (HOST, "localhost")}

    def serve(self, until_asked: bool = False) -> None:
        """Feed the page until the run ends and those who look have seen it end.

        `until_asked`: stay after that too, until interrupted.
        """
        self.refresh()
        Thread(target=self._server.serve_forever, args=(0.1,), daemon=True).start()
        try:
            while not self.state["ended"]:
                time.sleep(0.2)
                if self._due():
                    self.refresh()
            end = time.monotonic() + LINGER
            while until_asked or (self._watched() and time.monotonic() < end):
                if not until_asked and self.told and self.delivered == self.state["version"]:
                    time.sleep(0.3)  # the answer is on its way
                    break
                time.sleep(0.1)
        finally:
            self._server.shutdown()
            self._server.server_close()

    def refresh(self) -> None:
        """Make the page anew."""
        began = time.process_time()
        self._seen = self._stamp()
        tr = of_report(self.lang)
        try:
            now = look(self.path, self.settings)
        except RecordError as error:
            self._lost(str(error))
            return
        summary, version = now.diagnosis.summary, self.state["version"] + 1
        seen = f"{tr(words.plural(summary.steps, 'step'))}, {tr(f'{summary.samples:,} examined')}"
        said = tr(f"The run goes on: {seen}.") if now.going else tr(f"The run has ended: {seen}.")
        page = html.live(now.diagnosis.in_language(self.lang), self.base, {"version": version, "said": said})
        with self.lock:
            self.page, self.state = page.encode(), {"version": version, "ended": not now.going, "said": said}
        first = not self._made  # it loads the rules: that is paid once
        self._cost, self._made = 0.0 if first else time.process_time() - began, time.monotonic()

    def _lost(self, why: str) -> None:
        if not self.page:
            raise RecordError(why)
        self.gone = why
        tr = of_report(self.lang)
        said = tr("The record cannot be read any more. This is the last that was seen.")
        with self.lock:
            self.state = {"version": self.state["version"], "ended": True, "said": said}

    def _due(self) -> bool:
        """When the run is over; or when somebody looks, there is something new, and enough time has gone by."""
        try:
            if not going(self.path):
                return True
        except RecordError:
            return True
        rested = time.monotonic() - self._made > max(OFTEN, self._cost / SHARE)
        return rested and self._watched() and self._stamp() != self._seen

    def _watched(self) -> bool:
        return time.monotonic() - self.asked < WATCHING

    def _stamp(self) -> tuple[tuple[int, int], ...]:
        """What changes when the record does."""
        found = []
        for name in (self.path, self.path.with_name(self.path.name + "-wal")):
            try:
                state = name.stat()
            except OSError:
                continue
            found.append((state.st_mtime_ns, state.st_size))
        return tuple(found)


class Handler(BaseHTTPRequestHandler):
    """Answers this machine's browser: the page, and what has become of it."""

    protocol_version, timeout = "HTTP/1.1", 30
    server_version, sys_version = "neurologist", ""

    def __init__(self, live: Live, *rest: Any) -> None:
        self.live = live
        super().__init__(*rest)

    def do_GET(self) -> None:  # the name that the standard library asks for
        """Answer one question."""
        live, path = self.live, urlsplit(self.path).path
        # a foreign site may have its name lead here: it then asks under that name
        if self.headers.get("Host", "").lower() not in live.hosts or self.headers.get("Sec-Fetch-Site") == "cross-site":
            return self._answer(403, "text/plain", b"This page is for this machine's own browser.\n")
        live.asked = time.monotonic()
        with live.lock:
            page, state = live.page, live.state
        if path == "/":
            live.delivered = state["version"]
            return self._answer(200, "text/html; charset=utf-8", page)
        if path == "/state":
            self._answer(200, "application/json", json.dumps(state).encode())
            live.told = live.told or state["ended"]
            return None
        return self._answer(204 if path == "/favicon.ico" else 404, "text/plain", b"")

    def _answer(self, code: int, kind: str, body: bytes) -> None:
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("X-Frame-Options", "DENY")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing: the terminal belongs to the training."""
