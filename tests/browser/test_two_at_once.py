"""Several people at the same moment, on a real server: none gets in another's way, or sees what is another's."""

import http.client
import io
import os
import random
import re
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import combinations, product
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import psutil
import pyarrow as pa
import pytest
from playwright.sync_api import Page

from recattn.config import uploads_folder
from recattn.data import Dataset
from recattn.jobs.registry import Registry
from recattn.jobs.run_folder import BUSY
from recattn.jobs.starting import queue_training
from recattn.jobs.worker import perform
from recattn.recommender import Recommender
from recattn.ui.edits import edited, steps
from tests.jobs.conftest import eventually
from tests.jobs.tiny import tiny_config

from .conftest import Site
from .forging import Forger, forger
from .tabs import opened

pytestmark = pytest.mark.browser

USERS = ("U1", "U2")
EDITS = ("-1", "-2,-2", "3>1", "h1.1", "h1.2", "h1.2,-1", "")
Shown = tuple[list[bytes], list[list[int]], str]


def at_once(*works: Callable[[], object]) -> None:
    """All of them, each in a thread of its own."""
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not any(thread.is_alive() for thread in threads)


def states() -> list[str]:
    return [run.state for run in Registry().runs()]


def end_all() -> None:
    """Cancel whatever goes on, first what waits, and see it stop."""
    for state in ("queued", "running"):
        for run in Registry().runs():
            if run.state == state:
                Registry().cancel(run.run)
    eventually(lambda: not set(states()) & set(BUSY), 120)


def test_two_administrators_press_train_at_once_and_one_presses_often(site: Site) -> None:
    with forger(site.url, "admin") as ada, forger(site.url, "admin") as bob:
        for one in (ada, bob):
            one.send()
        start = ada.buttons["Start training"].id
        at_once(lambda: ada.send({start: True}), lambda: bob.send({start: True}))
        assert len(Registry().runs()) == 2
        eventually(lambda: "running" in states() or not set(states()) & set(BUSY), 120)
        assert states().count("running") <= 1, "there is one slot"
        bob.press_often(start, 3)
        assert 3 <= len(Registry().runs()) <= 5 and states().count("running") <= 1
        assert states().count("queued") >= 1, "the others are queued"
        bob.send()
        assert "wait" in bob.words.lower(), "and the page says so"
    end_all()
    assert not [path for path in Registry().runs()[0].folder.parent.glob(".*") if path.name != ".active"]


def test_a_double_click_starts_no_half_training(site: Site, page: Page) -> None:
    opened(page, f"{site.url}/admin")
    page.get_by_role("button", name="Start training").dblclick()
    eventually(lambda: bool(Registry().runs()), 60)
    page.wait_for_timeout(500)
    assert len(Registry().runs()) in (1, 2) and states().count("running") <= 1
    end_all()


def trained(site: Site) -> Recommender:
    run = perform(queue_training("tiny", tiny_config(site.encoder, epochs=1), "default"))
    assert run.state == "finished"
    return Recommender.load(run.folder, Dataset.open("tiny"))


def titles(table: bytes) -> list[str]:
    return pa.ipc.open_stream(io.BytesIO(table)).read_all().column("Title").to_pylist()


def what_is_shown(visitor: Forger, link: str) -> Shown:
    """The tables, the heads that are hidden, and the words."""
    visitor.send(query=link)
    return visitor.tables, visitor.pressed, visitor.words


def asked(user: str, edit: str) -> str:
    return urlencode({"user": user, "edit": edit})


def check_shown(model: Recommender, user: str, edit: str, shown: Shown) -> None:
    """Compare what a page shows with the history, the heads and the list that its own edit comes to."""
    (history, _before, after), pressed, words = shown
    was = Dataset.open("tiny").user(user).history
    now = edited(was, edit, Dataset.open("tiny"), model.layers, model.heads)
    assert titles(history) == [Dataset.open("tiny").item(item).title for item in now.history[::-1]]
    best = model.recommend(now.history, 10, leave_out=(*was, *now.history), heads=now.heads(model.layers, model.heads))
    assert titles(after) == [Dataset.open("tiny").item(one.item_id).title for one in best]
    assert pressed[-1] == [head - 1 for _layer, head in sorted(now.hidden)]
    made = len(steps(edit))
    assert f"{made} change" in words if made else "Nothing changed yet" in words


def test_what_one_visitor_changes_in_a_history_shows_on_their_page_and_never_on_another_s(site: Site) -> None:
    """A hidden head that moves nobody in the list leaves the tables as they were; the page still says that it is."""
    model = trained(site)
    alone: dict[str, Shown] = {}
    for user, edit in product(USERS, EDITS):
        with forger(site.url, "what_if") as visitor:
            alone[asked(user, edit)] = what_is_shown(visitor, asked(user, edit))
        check_shown(model, user, edit, alone[asked(user, edit)])
    assert all(one != other for one, other in combinations(alone.values(), 2)), "no two pages are the same"
    for user in USERS:
        heads_moved = [alone[asked(user, edit)][0] != alone[asked(user, "")][0] for edit in ("h1.1", "h1.2")]
        assert any(heads_moved), "and a head that counts shows in the tables as well"
    wrong: list[str] = []

    def walk(seed: int) -> None:
        dice = random.Random(seed)
        with forger(site.url, "what_if") as visitor:
            for link in dice.choices(list(alone), k=8):
                wrong.extend([link] * (what_is_shown(visitor, link) != alone[link]))

    at_once(*(lambda seed=seed: walk(seed) for seed in range(4)))
    assert wrong == []


class Trickle:
    """A client of the server's upload address that sends as slowly as it likes."""

    def __init__(self, url: str, session: str, size: int) -> None:
        place = urlsplit(url)
        asked = http.client.HTTPConnection(place.netloc, timeout=30)
        asked.request("GET", "/_stcore/health")
        cookies = "; ".join(asked.getresponse().headers.get_all("Set-Cookie") or [])
        found = re.search(r"_streamlit_xsrf=([^;]+)", cookies)
        assert found, "the server gives a token against requests of other sites"
        token = found[1].strip('"')
        head = b'--x\r\nContent-Disposition: form-data; name="f"; filename="train.zip"\r\n\r\n'
        self._left = head + os.urandom(size) + b"\r\n--x--\r\n"
        self._socket = socket.create_connection((place.hostname or "", place.port or 0), timeout=30)
        self._socket.sendall(
            f"PUT /_stcore/upload_file/{session}/{'0' * 8} HTTP/1.1\r\nHost: {place.netloc}\r\n"
            f"Cookie: _streamlit_xsrf={token}\r\nX-Xsrftoken: {token}\r\nOrigin: {url}\r\n"
            f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {len(self._left)}\r\n\r\n".encode()
        )

    def send(self, size: int) -> None:
        self._socket.sendall(self._left[:size])
        self._left = self._left[size:]

    def finish(self) -> bytes:
        """Send what is left; the first line of the answer."""
        self.send(len(self._left))
        return self._socket.recv(1000).split(b"\r\n")[0]

    def cut(self, rudely: bool) -> None:
        """Close the connection, as a tab that is closed does; or reset it, as a browser that is killed may."""
        if rudely:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()


def test_slow_uploads_keep_nobody_waiting(site: Site) -> None:
    with forger(site.url, "admin") as sender:
        sender.send()
        slow = [Trickle(site.url, sender.session, 3_000_000) for _ in range(3)]
        for one in slow:
            one.send(2_000_000)  # more than the server keeps in memory before it writes to disk
        waits: list[float] = []
        end = time.monotonic() + 6

        def trickle() -> None:
            while time.monotonic() < end:
                for one in slow:
                    one.send(500)
                time.sleep(0.05)

        def visit(visitor: Forger) -> None:
            while time.monotonic() < end or len(waits) < 3:
                began = time.monotonic()
                visitor.send()
                waits.append(time.monotonic() - began)

        with forger(site.url, "data") as first, forger(site.url, "") as second:
            at_once(trickle, lambda: visit(first), lambda: visit(second))
        assert len(waits) >= 3 and max(waits) < 30, waits
        assert b" 204" in slow[0].finish(), "slow is no reason to be refused"
        assert all(b" 204" in one.finish() for one in slow[1:])
    assert not [path for path in uploads_folder().glob("*") if path.name != ".lock"]
    with forger(site.url, "admin") as later:
        later.send()
        assert "Start training" in later.buttons


def temporary_files(site: Site) -> list[str]:
    """Files without a name that the server holds open: of uploads, since nothing else makes any."""
    names = []
    for one in Path(f"/proc/{site.server.process.pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed while we look
            names.append(str(one.readlink()))
    return [name for name in names if name.endswith("(deleted)")]


@pytest.mark.skipif(sys.platform != "linux", reason="looks at what a process holds open in /proc")
def test_uploads_that_are_cut_off_leave_nothing_open(site: Site) -> None:
    with forger(site.url, "admin") as sender:
        sender.send()
        server = psutil.Process(site.server.process.pid)
        before = server.num_fds()
        for rudely in (False, True):
            cut_off = [Trickle(site.url, sender.session, 3_000_000) for _ in range(3)]
            for one in cut_off:
                one.send(2_000_000)
            eventually(lambda: len(temporary_files(site)) == 3)
            for one in cut_off:
                one.cut(rudely)
            eventually(lambda: not temporary_files(site) and server.num_fds() <= before)
        last = Trickle(site.url, sender.session, 3_000_000)
        last.send(2_000_000)
        eventually(lambda: len(temporary_files(site)) == 1)
    last.cut(rudely=False)  # the session is over before it
    eventually(lambda: not temporary_files(site) and server.num_fds() <= before)
    assert not [path for path in uploads_folder().glob("*") if path.name != ".lock"]
