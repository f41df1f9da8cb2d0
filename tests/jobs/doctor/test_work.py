import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from recattn.data.folders import claimed
from recattn.jobs.doctor import work
from recattn.jobs.doctor.finding import Finding
from recattn.jobs.registry import Registry
from recattn.jobs.run_folder import read_job, remove, run_folders, sweep
from tests.jobs.conftest import queued_run

ROOT = Path(__file__).parents[3]
# A process that takes the slot of a run and waits to be killed.
HOLD = """
import sys, time
from recattn.jobs.liveness import this_process
from recattn.jobs.registry import Registry
print(Registry().claim(sys.argv[1], this_process()), flush=True)
time.sleep(60)
"""


def messages(check: Callable[[], object]) -> str:
    return " ".join(f"{each.message} {each.remedy}" for each in check() if not each.ok)  # type: ignore[attr-defined]


def test_a_registry_that_is_no_database_is_found_and_left_to_the_app(sound_home: Path) -> None:
    assert messages(work.check_registry) == ""
    (sound_home / "registry.sqlite").write_bytes(b"x" * 8192)
    assert "can't be read: file is not a database" in messages(work.check_registry)
    assert "Who is at work can't be told" in _raised()
    assert len(Registry().runs()) == 1, "the remedy works: a look makes it anew"
    assert messages(work.check_registry) == ""


def _raised() -> str:
    try:
        list(work.check_jobs())
    except Exception as error:
        return str(error)
    return ""


def test_a_damaged_page_in_the_registry_is_found(sound_home: Path) -> None:
    file = sound_home / "registry.sqlite"
    content = file.read_bytes()
    file.write_bytes(content[:4096] + bytes(64) + content[4160:])
    assert "registry.sqlite" in messages(work.check_registry)


def test_a_lost_registry_or_one_of_another_version_is_found(sound_home: Path) -> None:
    import sqlite3

    database = sqlite3.connect(sound_home / "registry.sqlite")
    database.execute("PRAGMA user_version = 99")
    database.close()
    assert "is of version 99" in messages(work.check_registry)
    for file in sound_home.glob("registry.sqlite*"):
        file.unlink()
    assert "There are runs but no registry" in messages(work.check_registry)
    assert len(Registry().runs()) == 1 and messages(work.check_registry) == ""


def test_a_registry_and_folders_that_disagree_are_told_both_ways(sound_home: Path) -> None:
    (folder,) = run_folders()
    added = folder.with_name("20260101-000000-aaaa")
    shutil.copytree(folder, added)
    assert f"does not know {added.name}" in messages(work.check_registry)
    Registry().runs()
    assert messages(work.check_registry) == ""
    shutil.rmtree(folder)
    told = messages(work.check_registry)
    assert f"knows {folder.name}, which are not on disk" in told
    Registry().runs()
    assert f"{folder.name}, is not here" in messages(work.check_registry), "nobody answers: somebody has to choose"
    Registry().activate(added.name)
    assert messages(work.check_registry) == ""


def test_a_folder_that_tells_nothing_of_itself_is_named(sound_home: Path) -> None:
    (sound_home / "runs" / "empty").mkdir()
    assert "runs/empty does not tell which job it is of" in messages(work.check_registry)


def test_a_job_whose_process_was_killed_is_found_until_somebody_looks(recattn_home: Path) -> None:
    run = queued_run().run
    process = subprocess.Popen([sys.executable, "-c", HOLD, run], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "running\n"
    (alive,) = work.check_jobs()
    assert alive.ok and f"its process {process.pid} lives" in alive.message
    process.send_signal(signal.SIGKILL)
    process.communicate()
    (found,) = work.check_jobs()
    assert not found.ok and found.check == f"job {run}" and f"its process {process.pid} is gone" in found.message
    assert f"resume {run}" in found.remedy
    assert Registry().run(run).state == "interrupted"
    assert messages(work.check_jobs) == ""


def old(path: Path, hours: float) -> None:
    then = time.time() - hours * 3600
    os.utime(path, (then, then))


def test_leftovers_of_every_kind_are_found_and_what_is_in_use_is_not(sound_home: Path) -> None:
    assert messages(work.check_leftovers) == ""
    with claimed("half"):
        (sound_home / "datasets" / ".staging-half").mkdir()
        assert messages(work.check_leftovers) == "", "its import is at work"
    assert ".staging-half" in messages(work.check_leftovers)
    upload = sound_home / "uploads" / "abc"
    upload.mkdir(parents=True)
    assert "uploads" not in messages(work.check_leftovers)
    old(upload, 25)
    assert "uploads/abc" in messages(work.check_leftovers)
    (folder,) = run_folders()
    (folder / "checkpoint.part").write_text("half")
    assert "checkpoint.part was left behind" in messages(work.check_leftovers)
    assert read_job(folder)
    remove(folder)
    assert ".deleted-" in messages(work.check_leftovers)
    sweep()
    assert ".deleted-" not in messages(work.check_leftovers)


def test_the_part_of_a_running_job_is_no_leftover(sound_home: Path) -> None:
    run = queued_run().run
    (sound_home / "runs" / run / "job.json.part").write_text("{")
    Registry().runs()
    assert messages(work.check_leftovers) == ""


def test_findings_carry_a_remedy_when_something_is_wrong(sound_home: Path) -> None:
    (sound_home / "registry.sqlite").write_bytes(b"x" * 8192)
    wrong: list[Finding] = [each for each in work.check_registry() if not each.ok]
    assert wrong and all(each.remedy for each in wrong)
