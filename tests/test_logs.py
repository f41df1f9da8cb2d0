import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from recattn.jobs.attempt import LOG_BYTES
from recattn.jobs.registry import Registry
from recattn.jobs.run_folder import folder_of
from recattn.jobs.starting import start
from recattn.logs import KEPT, log_event, log_file, log_server
from recattn.ui import loads
from tests.jobs.conftest import eventually, queued_run, start_worker
from tests.jobs.tiny import import_tiny, tiny_settings
from tests.models.conftest import write_tiny_encoder
from tests.pages.conftest import PAGES, Open, made_home, open_page, trained_home

__all__ = ["made_home", "open_page", "start_worker", "trained_home"]

ROOT = Path(__file__).parents[1]
WRITER = """
import sys
from recattn.logs import log_event
for number in range(200):
    log_event("written", file_bytes=20_000, by=int(sys.argv[1]), number=number)
"""
CHATTY = """
import sys
from recattn.jobs.attempt import Attempt
with Attempt(sys.argv[1]) as attempt:
    attempt.wait_for_slot()
    for step in range(20):
        print("\\n".join(f"step {step} says {line} and more and more" for line in range(5_000)), flush=True)
        attempt.report("train", step, 20)
        attempt._ended.wait(0.1)
"""
FAILING = """
from recattn.config import home
from recattn.ui import loads
loads.sweep_once(str(home()))
def look_up(user):
    history = ["N5"]
    try:
        {}[user]
    except KeyError as error:
        raise ValueError(f"{user} read {history}") from error
look_up("U1")
"""


def events() -> list[dict[str, Any]]:
    """All that was logged, oldest first."""
    files = sorted(
        log_file().parent.glob("recattn.jsonl*"),
        key=lambda file: -int(file.suffix[1:] or 0) if file.suffix != ".jsonl" else 0,
    )
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def test_an_event_is_one_line_of_json(recattn_home: Path) -> None:
    log_event("job ended", job="a\nb", state="finished")
    (line,) = log_file().read_text().splitlines()
    found = json.loads(line)
    assert (found["event"], found["job"], found["state"]) == ("job ended", "a\nb", "finished")
    assert found["time"].endswith("+00:00") and found["process"] > 0


def test_full_files_are_put_aside_and_the_oldest_go(recattn_home: Path) -> None:
    for number in range(100):
        log_event("written", file_bytes=1_000, number=number)
    files = list(log_file().parent.glob("recattn.jsonl*"))
    assert len(files) == KEPT + 1 and all(file.stat().st_size <= 1_000 for file in files)
    numbers = [event["number"] for event in events()]
    assert numbers == list(range(numbers[0], 100)) and numbers[0] > 0


def test_processes_that_write_at_once_lose_and_tear_no_line(recattn_home: Path) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(by)], cwd=ROOT) for by in range(4)]
    assert [writer.wait() for writer in writers] == [0] * 4
    found = events()
    assert len(list(log_file().parent.glob("recattn.jsonl.*"))) >= 3, "the files were put aside meanwhile"
    assert len(found) == 800
    for by in range(4):
        assert [event["number"] for event in found if event["by"] == by] == list(range(200))


def test_a_log_that_cannot_be_written_stops_nothing(
    recattn_home: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    recattn_home.mkdir()
    log_file().parent.write_text("a file in the way")
    log_event("written")
    monkeypatch.setenv("RECATTN_HOME", "/proc/nowhere")
    log_event("written")
    assert capfd.readouterr() == ("", "")


def test_an_error_no_page_expected_is_logged_with_its_places_and_without_its_text(
    recattn_home: Path, tmp_path: Path
) -> None:
    loads.sweep_once.clear()
    script = tmp_path / "failing.py"
    script.write_text(FAILING)
    assert AppTest.from_file(str(script)).run().exception
    found = {event["event"]: event for event in events()}
    assert set(found) == {"server started", "page error"} and found["server started"]["recattn"]
    outer, inner = found["page error"]["errors"]
    assert (outer["type"], inner["type"]) == ("builtins.ValueError", "builtins.KeyError")
    assert outer["places"][-1] == f"{script}:10 look_up"
    written = log_file().read_text()
    assert "U1" not in written and "N5" not in written


@pytest.mark.parametrize("page", PAGES)
def test_no_page_view_leaves_the_reader_in_the_log(page: str, trained_home: Path, open_page: Open) -> None:
    loads.sweep_once.clear()
    for user in ("U1", "U1-unknown"):
        assert not open_page(page, user=user, item="N3").exception
    written = log_file().read_text()
    assert '"server started"' in written
    assert not [word for word in ("U1", "N3", "user") if word in written]


def test_a_server_that_logs_does_not_print_addresses(recattn_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed = logging.StreamHandler(sys.stdout)
    requests = logging.getLogger("uvicorn.access")
    requests.addHandler(printed)  # as Streamlit does when its configuration is read again
    try:
        log_server("0", "0")
        requests.error("GET /attention?user=U1")
    finally:
        requests.removeHandler(printed)
    assert capsys.readouterr().out == ""


def test_jobs_are_logged_when_they_start_and_end(recattn_home: Path, tmp_path: Path) -> None:
    import_tiny(tmp_path / "news")
    run = start("train", "tiny", tiny_settings(write_tiny_encoder(tmp_path / "encoder"), 1))
    eventually(lambda: Registry().run(run).state == "finished")
    eventually(lambda: len(events()) == 2)
    begun, ended = events()
    assert (begun["event"], begun["job"], begun["kind"]) == ("job started", run, "train")
    assert (ended["event"], ended["job"], ended["state"]) == ("job ended", run, "finished")
    assert begun["process"] == ended["process"]


def test_a_killed_job_is_logged_once_when_it_is_found(recattn_home: Path, start_worker: Any) -> None:
    run = queued_run().run
    worker = start_worker(run)
    assert worker.stdout.readline() == "running\n"
    worker.kill()
    worker.wait()
    for _ in range(3):
        assert Registry().run(run).state == "interrupted"
    assert [(event["event"], event["job"], event["state"]) for event in events()] == [
        ("job found dead", run, "interrupted")
    ]


def test_the_log_of_a_job_that_talks_without_end_stays_short(recattn_home: Path) -> None:
    run = queued_run().run
    with (folder_of(run) / "log.txt").open("ab") as log:
        subprocess.run([sys.executable, "-c", CHATTY, run], cwd=ROOT, stdout=log, stderr=log, check=True)
    text = (folder_of(run) / "log.txt").read_text()
    assert len(text) < 2.5 * LOG_BYTES and text.startswith("(earlier lines were removed)")
    assert "step 19 says 4999" in text and "finished" in text.splitlines()[-1]
