"""The page of a run that goes on: it follows a training script, stays where the reader is, and ends with the run."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import pytest

from neurologist.record import RecordError
from neurologist.record.opening import going

SCRIPT = """\
import sys, time
from pathlib import Path
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(8, 16), nn.Sigmoid(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 3), nn.Softmax(1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(100_000):
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(torch.randn(32, 8)), torch.randint(3, (32,))).backward()
    optimizer.step()
    time.sleep(0.005)
    if Path("stop").exists():
        break
if len(sys.argv) > 1:
    raise SystemExit(int(sys.argv[1]))
"""


@pytest.fixture
def live(tmp_path):
    """Starts `neurologist run --live` on a slow script; gives the process and the page's address."""
    processes = []
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONSAFEPATH": "1"}

    def start(*options: str):
        (tmp_path / "train.py").write_text(SCRIPT)
        (tmp_path / "json.py").write_text("raise ImportError('the user has a module of this name')")
        command = [sys.executable, "-m", "neurologist", *options]
        process = subprocess.Popen(
            command, cwd=tmp_path, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        processes.append(process)
        line = process.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+/", line)
        assert found, line + process.stderr.read()
        return process, found[0]

    yield start
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def followed(browser):
    """Opens an address; a console error, an exception or a request to another host fails the test."""
    context, complaints = browser.new_context(viewport={"width": 1440, "height": 700}), []
    page = context.new_page()
    page.set_default_timeout(40_000)
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(f"thrown: {error}"))
    page.on("request", lambda asked: None if "://127.0.0.1:" in asked.url else complaints.append(asked.url))

    def open_(address: str):
        page.goto(address)
        return page

    yield open_
    context.close()
    assert complaints == []


def begun(record) -> bool:
    try:
        return going(record)
    except RecordError:
        return False


def steps(page) -> int:
    return int(re.search(r"([\d,]+) step", page.locator("#live-said").inner_text())[1].replace(",", ""))


def wait(true, seconds=40):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_the_page_follows_the_run_and_ends_with_it(live, followed, tmp_path):
    process, address = live("run", "--live", "--port", "0", "--budget", "0.3", "train.py", "3")
    page = followed(address)
    page.locator("table.fall tr.row").nth(3).wait_for()
    row = page.locator("table.fall tr.row").nth(3)
    name = row.get_attribute("id")
    row.locator("button").click()
    page.locator(f"#{name}-history summary").click()
    page.locator("#layer").fill("0")
    page.locator("table.updates button").first.scroll_into_view_if_needed()
    page.locator("table.updates tr.row:visible .drawn").first.hover()
    pointed = page.locator("#tip").inner_text()
    top = page.locator("table.updates").bounding_box()["y"]
    before = steps(page)
    page.evaluate("document.querySelector('main').dataset.old = 'yes'")
    wait(lambda: steps(page) > before + 50 and page.locator("main[data-old]").count() == 0)
    assert page.locator(f"#{name} button").get_attribute("aria-expanded") == "true"
    assert page.locator(f"#{name}-history details[open] .numbers tbody tr").count() > 1
    assert page.locator("#layer").input_value() == "0"
    assert page.locator("#tip").inner_text().splitlines()[0] == pointed.splitlines()[0]
    assert abs(page.locator("table.updates").bounding_box()["y"] - top) < 40
    assert page.locator("script").count() == 10
    assert "The run goes on" in page.locator(".partial").inner_text()
    (tmp_path / "stop").touch()
    page.locator("#live.ended").wait_for()
    assert "The run has ended" in page.locator("#live-said").inner_text()
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 3  # the script's own
    record = next((tmp_path / ".neurologist").glob("*.nlr"))
    assert not record.with_name(record.name + "-wal").exists()
    with sqlite3.connect(record) as found:
        meta = dict(found.execute("SELECT key, value FROM meta"))
    assert steps(page) == int(meta["steps"])
    assert page.locator("table.fall [data-column=decades]").count() > 3
    assert "double-softmax" in page.locator("article.finding").first.inner_text()
    assert "double-softmax" in said


def ask(address: str, path: str, **headers: str) -> tuple[int, str, dict[str, str]]:
    host = address.split("/")[2]
    with closing(http.client.HTTPConnection(host, timeout=30)) as connection:
        connection.putrequest("GET", path, skip_host="Host" in headers)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        with connection.getresponse() as answer:
            return answer.status, answer.read().decode(), dict(answer.getheaders())


def test_a_killed_run_ends_its_page_and_only_this_machine_may_look(live, followed, tmp_path):
    process, address = live("run", "--live", "--lang", "zh", "train.py")
    page = followed(address)
    page.locator("table.fall tr.row").first.wait_for()
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    assert "运行仍在继续" in page.locator("#live-said").inner_text()
    status, _, headers = ask(address, "/state")
    assert status == 200
    assert not [name for name in headers if name.lower().startswith("access-control")]
    assert ask(address, "/", Host="evil.example")[0] == 403
    assert ask(address, "/state", Host="evil.example:80")[0] == 403
    assert ask(address, "/state", Sec_Fetch_Site="cross-site")[0] == 403
    assert ask(address, "/../etc/passwd")[0] == 404
    with socket.socket() as other, pytest.raises(OSError, match="refused"):  # it listens on no other address
        other.connect(("127.0.0.2", int(address.split(":")[2][:-1])))
    process.send_signal(signal.SIGKILL)
    process.wait()
    page.locator("#live.ended").wait_for()
    assert "运行中断" in page.locator(".partial").inner_text()


def test_watch_run_shows_a_record_that_another_process_writes(live, followed, tmp_path):
    other, _ = live("run", "--live", "--port", "0", "--record", "run.nlr", "train.py")
    wait(lambda: begun(tmp_path / "run.nlr"))
    process, address = live("watch-run", "--port", "0", "run.nlr")
    page = followed(address)
    page.locator("table.fall tr.row").first.wait_for()
    (tmp_path / "stop").touch()
    page.locator("#live.ended").wait_for()
    _, told = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "The run has ended" in told
    other.communicate(timeout=60)
    process, address = live("watch-run", "--port", "0", "run.nlr")  # one that has ended
    page = followed(address)
    assert "The run has ended" in page.locator("#live-said").inner_text()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 0


def test_a_record_that_is_deleted_midway_leaves_the_last_page(live, followed, tmp_path):
    live("run", "--live", "--port", "0", "--record", "run.nlr", "train.py")
    wait(lambda: begun(tmp_path / "run.nlr"))
    process, address = live("watch-run", "--port", "0", "run.nlr")
    page = followed(address)
    page.locator("table.fall tr.row").first.wait_for()
    for path in tmp_path.glob("run.nlr*"):
        path.unlink()
    page.locator("#live.ended").wait_for()
    assert "cannot be read any more" in page.locator("#live-said").inner_text()
    assert page.locator("table.fall tr.row").count() > 3
    _, told = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "no record at 'run.nlr'" in told
