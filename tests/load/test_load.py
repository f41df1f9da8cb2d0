"""The harness itself, small: it visits a real server, and it notices when something is wrong."""

import asyncio
import random
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest

from recattn.jobs.registry import Registry
from tests.browser.conftest import Server, free_port
from tests.load.report import as_json, as_text
from tests.load.stream import Drawn, opened
from tests.load.visit import Found, Plan, visit
from tests.load.walk import WALK, Notes, Place, Step, Visitor, place_of

T = TypeVar("T")

_FAULTY = """
import streamlit as st
asked = st.query_params.get("ask")
if asked == "raise":
    1 / 0
elif asked == "say":
    st.error("No such reader.")
elif asked == "draw":
    st.dataframe([1])
elif asked == "die":
    import os
    os._exit(1)
"""
_SMALL = Plan(visitors=2, minutes=5 / 60, rounds=1, pause=0, sessions=4)


def in_a_thread(work: Coroutine[Any, Any, T]) -> T:
    """Run it in a loop of its own: the thread of the tests may have one already, of the browser."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(asyncio.run, work).result()


def test_a_small_visit_of_the_whole_app_meets_no_fault(trained_home: Path) -> None:
    found = in_a_thread(visit(_SMALL, print))

    assert found.faults == []
    assert set(found.alone.seconds) == {step.name for step in WALK}
    assert found.together.seconds
    assert found.sessions_left == 0
    known = as_json(_SMALL, found)
    assert known["requests"]["alone"] == len(WALK)
    assert known["ratio"]["all"]["p50"] > 0
    assert known["server_megabytes"]["peak"] >= known["server_megabytes"]["before"] > 50
    assert "Faults: 0" in as_text(_SMALL, found)


def test_a_model_that_cannot_answer_is_a_fault_on_every_page_that_needs_it(trained_home: Path) -> None:
    active = Registry().active()
    assert active is not None
    place, notes = place_of(active, 20), Notes()
    (active.folder / "model.safetensors").write_bytes(b"torn")
    server = Server(free_port(), trained_home / "server.log")
    server.start()
    try:
        in_a_thread(Visitor(server.url, place, random.Random(0), notes, 0).once(WALK[1:4]))
    finally:
        server.stop()

    assert [fault.partition(":")[0] for fault in notes.faults] == ["Recommendations", "Attention", "Attention"]


@pytest.fixture
def faulty(tmp_path: Path) -> Iterator[Server]:
    """A server of an app that goes wrong when it is asked to."""
    app = tmp_path / "faulty.py"
    app.write_text(_FAULTY)
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "other.py").touch()
    server = Server(free_port(), tmp_path / "server.log", str(app))
    server.start()
    yield server
    if server.process.poll() is None:
        server.stop()


def test_every_kind_of_fault_is_counted(faulty: Server) -> None:
    def faults(asked: str) -> list[str]:
        notes, step = Notes(), Step("Page", "", "dataframe", {"ask": asked})
        visitor = Visitor(faulty.url, Place(("U1",), 1, 1, ()), random.Random(0), notes, 0)
        in_a_thread(visitor.once((step,)))
        return notes.faults

    assert faults("draw") == []
    assert faults("") == ["Page: there was no dataframe"]
    assert faults("say") == ["Page: the page said: No such reader."]
    (raised,) = faults("raise")
    assert raised.startswith("Page: the page raised ZeroDivisionError")
    assert "Traceback" in faulty.log.read_text()
    (dropped,) = faults("die")
    assert "ConnectionClosed" in dropped
    (gone,) = faults("draw")
    assert "ConnectionRefused" in gone or "OSError" in gone


def test_a_page_that_does_not_exist_is_a_fault(faulty: Server) -> None:
    async def asked() -> Drawn:
        async with opened(faulty.url) as stream:
            return await stream.ask("nowhere")

    assert in_a_thread(asked()).faults == ["there is no page 'nowhere'"]


def test_faults_of_every_part_are_faults_of_the_visit() -> None:
    found = Found(Notes(faults=["a"]), Notes(faults=["b"]), Notes(faults=["c"]), Notes(faults=["d"]))
    found.server_faults.append("e")
    assert found.faults == ["a", "b", "c", "d", "e"]
