import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from recattn.config import audit_file
from recattn.errors import RecAttnError
from recattn.jobs.audit import KEPT, entries, record

ROOT = Path(__file__).parents[2]
WRITER = """
import sys
from recattn.jobs.audit import record
for number in range(50):
    record("page", sys.argv[1], "train", str(number), "allowed", file_bytes=5000)
"""


def names() -> list[str]:
    return sorted(file.name for file in audit_file().parent.glob("audit.jsonl*"))


def test_the_newest_comes_first_and_says_who_where_what_and_when() -> None:
    record("page", "admin", "train", "news", "allowed")
    record("shell", "ada", "delete", "20260302-090500-abcd", "refused")
    newest, oldest = entries(10)
    assert newest["time"] >= oldest["time"]
    del newest["time"]
    assert newest == {
        "who": "ada",
        "where": "shell",
        "action": "delete",
        "subject": "20260302-090500-abcd",
        "outcome": "refused",
    }
    assert entries(1)[0]["who"] == "ada"


def test_only_this_user_may_read_it() -> None:
    record("page", "admin", "train", "news", "allowed")
    assert stat.S_IMODE(audit_file().stat().st_mode) == 0o600


def test_a_name_can_not_write_a_second_line_nor_a_huge_one() -> None:
    record(
        "page",
        "admin",
        "import",
        'x\n{"time": "0", "who": "eve", "action": "forged"}\u2028' + "y" * 1_000_000,
        "allowed",
    )
    (only,) = entries(10)
    assert only["who"] == "admin"
    assert audit_file().stat().st_size < 2000


def test_a_full_file_is_put_aside_and_the_oldest_goes() -> None:
    for number in range(200):
        record("page", "admin", "train", str(number), "allowed", file_bytes=1000)
    assert len(names()) == KEPT + 1
    assert all(file.stat().st_size <= 1000 for file in audit_file().parent.glob("audit.jsonl*"))
    kept = [int(entry["subject"]) for entry in entries(1000)]
    assert kept == list(range(199, 199 - len(kept), -1))
    assert len(kept) > KEPT


def test_several_processes_lose_no_line_and_tear_none(recattn_home: Path) -> None:
    recattn_home.mkdir()
    started = [subprocess.Popen([sys.executable, "-c", WRITER, f"p{number}"], cwd=ROOT) for number in range(4)]
    assert [process.wait(60) for process in started] == [0] * 4
    found = entries(1000)
    lines = sum(len(file.read_bytes().splitlines()) for file in recattn_home.glob("audit.jsonl*"))
    assert lines == len(found) > 0, "a line is torn"
    for who in {entry["who"] for entry in found}:
        numbers = [int(entry["subject"]) for entry in found if entry["who"] == who]
        assert numbers == sorted(numbers, reverse=True)
        assert numbers == list(range(numbers[0], numbers[0] - len(numbers), -1)), "one is missing"


def test_what_a_crash_cut_off_stays_apart_and_the_rest_is_read() -> None:
    record("page", "admin", "train", "one", "allowed")
    whole = audit_file().read_bytes()
    with audit_file().open("ab") as file:
        file.write(whole[:40])
    record("page", "admin", "train", "two", "allowed")
    assert [entry["subject"] for entry in entries(10)] == ["two", "one"]


def test_what_can_not_be_written_is_refused_with_the_reason_and_leaves_no_half_line(recattn_home: Path) -> None:
    """A file-size limit stands for the full disk: the system refuses the write in the same way, in the middle of it."""
    code = (
        "import resource, signal\nfrom recattn.errors import RecAttnError\nfrom recattn.jobs.audit import record\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "record('page', 'admin', 'train', 'one', 'allowed')\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))\n"
        "try:\n    record('page', 'admin', 'train', 'two', 'allowed')\n"
        "except RecAttnError as error:\n    print(error)\n"
    )
    printed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "Nothing was done" in printed and "File too large" in printed and "Free some space" in printed
    (line,) = audit_file().read_text().splitlines()
    assert json.loads(line)["subject"] == "one"
    assert [entry["subject"] for entry in entries(10)] == ["one"], "reading goes on"


def test_a_home_that_is_no_folder_is_refused(recattn_home: Path) -> None:
    recattn_home.write_text("a file")
    with pytest.raises(RecAttnError, match="Nothing was done"):
        record("page", "admin", "train", "news", "allowed")


def test_nobody_has_done_anything_in_an_empty_home() -> None:
    assert entries(10) == []
    assert not os.path.lexists(audit_file())
