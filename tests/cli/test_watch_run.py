"""`neurologist watch-run`: what it cannot show, it says in one line."""

from __future__ import annotations

import os
import socket
import sqlite3

from neurologist.record.process import alive, mark


def test_what_is_no_record_is_said(neurologist, tmp_path):
    (tmp_path / "text.nlr").write_text("not a database")
    with sqlite3.connect(tmp_path / "other.nlr") as other:
        other.execute("CREATE TABLE t (a)")
    for name, said in (
        ("missing.nlr", "no record at 'missing.nlr'"),
        ("text.nlr", "'text.nlr' is not a record"),
        ("other.nlr", "no such table: meta"),
    ):
        done = neurologist("watch-run", "--port", "0", name)
        assert done.returncode == 2
        assert said in done.stderr
        assert done.stderr.count("\n") == 1


def test_a_port_that_is_taken_is_said_before_anything_runs(neurologist, sick):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        for verb in (["watch-run", "run.nlr"], ["run", "--live", sick.name]):
            done = neurologist(verb[0], "--port", port, *verb[1:])
            assert done.returncode == 2
            assert f"port {port}" in done.stderr
            assert "choose another --port" in done.stderr
            assert "step" not in done.stdout


def test_a_process_is_known_again_and_one_that_took_its_number_is_not():
    own = mark()
    assert alive(own) is True
    number, rest = own.split(":")
    started, machine = rest.split("@")
    assert alive(f"{number}:{int(started) + 1}@{machine}") is False
    assert alive(f"{number}:{started}@{machine[::-1]}") is None
    assert alive(None) is None
    child = os.fork()
    if not child:
        os._exit(0)
    gone = mark(child)
    os.waitpid(child, 0)
    assert alive(gone) is False
