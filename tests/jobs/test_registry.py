import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from recattn.config import registry_file, runs_folder
from recattn.errors import RecAttnError, RunError, UnknownError
from recattn.jobs.liveness import this_process
from recattn.jobs.registry import Registry, slots
from recattn.jobs.run_folder import read_job, sweep, write_job
from tests.jobs.conftest import ROOT, eventually, queued_run, write_finished_files

Worker = Callable[[str], "subprocess.Popen[str]"]


def finished_run(activate: bool = True) -> str:
    run = queued_run(activate=activate).run
    assert Registry().claim(run, this_process()) == "running"
    write_finished_files(runs_folder() / run)
    end(run, "finished")
    return run


def end(run: str, state: str, message: str = "") -> None:
    """As the process of a run does it: the folder first, then the registry."""
    job = read_job(runs_folder() / run)
    assert job
    write_job(runs_folder() / run, replace(job, state=state, message=message))
    Registry().end(run, state, message)


def states() -> dict[str, str]:
    return {run.run: run.state for run in Registry().runs()}


def test_an_empty_home_has_no_runs() -> None:
    assert Registry().runs() == []
    assert Registry().active() is None


def test_a_run_id_is_readable_and_new_runs_come_first() -> None:
    first, second = queued_run(), queued_run()
    day, clock, end = first.run.split("-")
    assert (len(day), len(clock), len(end)) == (8, 6, 8)
    assert {run.run for run in Registry().runs()} == {first.run, second.run}
    assert [run.created for run in Registry().runs()] == sorted((first.created, second.created), reverse=True)


def test_progress_of_another_process_can_be_read(start_worker: Worker) -> None:
    run = queued_run().run
    start_worker(run)
    eventually(lambda: Registry().run(run).done == 3)
    seen = Registry().run(run)
    assert (seen.state, seen.phase, seen.total, seen.figures, seen.eta_seconds) == (
        "running",
        "train",
        10,
        {"loss": 0.5},
        7,
    )


def test_a_run_whose_process_was_killed_is_interrupted_at_the_next_look(start_worker: Worker) -> None:
    run = queued_run().run
    worker = start_worker(run)
    eventually(lambda: states()[run] == "running")
    worker.kill()
    eventually(lambda: states()[run] == "interrupted", seconds=2)
    assert "Resume" in Registry().run(run).message


def test_a_process_killed_after_its_last_file_has_finished(start_worker: Worker) -> None:
    run = queued_run().run
    worker = start_worker(run)
    eventually(lambda: states()[run] == "running")
    write_finished_files(runs_folder() / run)
    worker.kill()
    eventually(lambda: states()[run] == "finished", seconds=2)
    assert Registry().run(run).metrics == {"auc": 0.7}
    assert Registry().run(run).active


def test_the_second_run_waits_for_the_slot_of_the_first(start_worker: Worker) -> None:
    first, second = queued_run().run, queued_run().run
    holder = start_worker(first)
    eventually(lambda: states()[first] == "running")
    start_worker(second)
    eventually(lambda: Registry().claim(second, this_process()) == "queued")
    assert states() == {first: "running", second: "queued"}
    holder.kill()
    eventually(lambda: states() == {first: "interrupted", second: "running"})


def test_first_queued_is_first_served() -> None:
    runs = [queued_run().run for _ in range(3)]
    for position, run in enumerate(runs):  # a row is as old as the job it was made for
        os.utime(runs_folder() / run / "job.json", (1000 + position, 1000 + position))
    claim = Registry().claim
    assert [claim(run, this_process()) for run in reversed(runs)] == ["queued", "queued", "running"]
    Registry().end(runs[0], "failed", "x")
    assert [claim(run, this_process()) for run in runs[:0:-1]] == ["queued", "running"]


def test_more_slots_let_more_runs_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECATTN_SLOTS", "2")
    runs = [queued_run().run for _ in range(3)]
    assert sorted(Registry().claim(run, this_process()) for run in runs) == ["queued", "running", "running"]


def test_a_wrong_number_of_slots_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECATTN_SLOTS", "none")
    with pytest.raises(UnknownError, match=r"RECATTN_SLOTS is 'none'. Allowed is a whole number"):
        slots()


def test_a_finished_run_becomes_active_unless_told_otherwise() -> None:
    first = finished_run(activate=False)
    assert Registry().run(first).active, "the first one, since none answered"
    second = finished_run(activate=False)
    assert Registry().run(first).active and not Registry().run(second).active
    third = finished_run()
    assert [run.run for run in Registry().runs() if run.active] == [third]


def test_only_a_finished_and_whole_run_can_be_activated() -> None:
    run = queued_run().run
    with pytest.raises(RunError, match=r"is queued. Only a finished run can be activated. Wait"):
        Registry().activate(run)
    Registry().claim(run, this_process())
    with pytest.raises(RunError, match="is running"):
        Registry().activate(run)
    Registry().end(run, "failed", "out of luck")
    with pytest.raises(RunError, match=r"is failed. .* Resume it"):
        Registry().activate(run)
    done, other = finished_run(), finished_run()
    with pytest.raises(RunError, match="can't be loaded"):
        Registry().activate(done)
    assert Registry().run(other).active, "what answered before still does"


def test_a_run_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(UnknownError, match="There are no runs yet"):
        Registry().run("20260101-000000-abcd")
    run = queued_run().run
    with pytest.raises(UnknownError, match=f"Known are {run}"):
        Registry().cancel("20260101-000000-abcd")
    with pytest.raises(UnknownError, match="can't be a run name"):
        Registry().run("../../etc")


def test_cancelling_what_has_ended_is_refused_and_cancelling_twice_is_not() -> None:
    run = queued_run().run
    Registry().claim(run, this_process())
    assert Registry().cancel(run).state == "cancelling"
    assert Registry().cancel(run).state == "cancelling"
    assert Registry().progress(run, "train", 1, 2, {}, None) == "cancelling"
    assert Registry().end(run, "finished", "").state == "finished", "it was done before it could stop"
    with pytest.raises(RunError, match="is finished"):
        Registry().cancel(run)


def test_a_busy_run_is_not_deleted_and_the_active_one_only_on_purpose() -> None:
    done, busy = finished_run(), queued_run().run
    with pytest.raises(RunError, match=r"is queued. .* Cancel it first"):
        Registry().delete(busy)
    with pytest.raises(RunError, match="is the active one"):
        Registry().delete(done)
    Registry().delete(done, even_active=True)
    assert Registry().active() is None
    assert not (runs_folder() / done).exists()
    sweep()
    assert [folder.name for folder in runs_folder().iterdir() if folder.is_dir()] == [busy]


def test_a_deletion_that_was_cut_off_is_finished_at_the_next_look() -> None:
    done = finished_run()
    (runs_folder() / done).rename(runs_folder() / f".deleted-{done}-0000")  # killed before the registry knew
    assert Registry().runs() == []
    assert Registry().active() is None


def test_only_one_of_two_resumes_gets_the_run() -> None:
    run = queued_run().run
    Registry().claim(run, this_process())
    Registry().end(run, "cancelled", "")
    outcomes: list[str] = []

    def resume() -> None:
        try:
            outcomes.append(Registry().requeue(run, this_process()).state)
        except RunError as error:
            outcomes.append(str(error))

    threads = [threading.Thread(target=resume) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes)[-1] == "queued"
    assert [f"The run {run} is queued." in outcome for outcome in outcomes].count(True) == 7


def test_a_run_taken_by_another_process_can_not_be_claimed() -> None:
    run = queued_run().run
    Registry().claim(run, this_process())
    with pytest.raises(RunError, match=r"is running. Only a queued run can be started"):
        Registry().claim(run, this_process())


@pytest.mark.parametrize("harm", ["deleted", "emptied", "overwritten", "cut", "of another version"])
def test_a_lost_registry_fills_itself_from_the_run_folders(harm: str, start_worker: Worker) -> None:
    finished_run()
    active, failed = finished_run(), queued_run().run
    Registry().claim(failed, this_process())
    end(failed, "failed", "The loss became nan.")
    running = queued_run().run
    start_worker(running)
    eventually(lambda: states()[running] == "running")
    expected = states()
    damage(registry_file(), harm)
    assert states() == expected | {running: states()[running]}
    eventually(lambda: states() == expected)
    assert [run.run for run in Registry().runs() if run.active] == [active]
    assert Registry().run(failed).message == "The loss became nan."
    assert Registry().run(active).metrics == {"auc": 0.7}


def damage(file: Path, harm: str) -> None:
    if harm == "deleted":
        file.unlink()
    elif harm == "emptied":
        file.write_bytes(b"")
    elif harm == "overwritten":
        file.write_bytes(b"no database at all" * 500)
    elif harm == "cut":
        with file.open("r+b") as handle:
            handle.truncate(file.stat().st_size // 2)
    else:
        with sqlite3.connect(file) as connection:
            connection.execute("PRAGMA user_version = 99")


def test_a_state_that_can_not_be_true_counts_as_damage() -> None:
    run = finished_run()
    with sqlite3.connect(registry_file()) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute("UPDATE runs SET state = 'fnished'")
    assert Registry().run(run).state == "finished"


def test_a_folder_without_a_job_is_known_by_its_files() -> None:
    folder = runs_folder() / "by-hand"
    folder.mkdir(parents=True)
    (folder / "training.json").write_text('{"dataset": "tiny", "settings": {}}')
    assert states() == {"by-hand": "interrupted"}
    other = runs_folder() / "by-hand-2"
    other.mkdir()
    (other / "training.json").write_text('{"dataset": "tiny", "settings": {}}')
    write_finished_files(other)
    assert states()["by-hand-2"] == "finished"
    (runs_folder() / "no-run").mkdir()
    assert "no-run" not in states()


def test_a_folder_that_can_not_be_written_is_named(recattn_home: Path) -> None:
    recattn_home.parent.mkdir(exist_ok=True)
    recattn_home.write_text("a file where the folder should be")
    with pytest.raises(RecAttnError, match=r"registry.sqlite, can't be used: .* set RECATTN_HOME"):
        Registry().runs()


COUNTING = """
import sys
from recattn.jobs.registry import Registry
for step in range(150):
    Registry().progress(sys.argv[1], "train", step, 150, {"loss": 1.0}, None)
    assert len(Registry().runs()) == 2
"""


def test_two_processes_and_a_reader_work_on_the_registry_at_once(start_worker: Worker) -> None:
    runs = [queued_run().run for _ in range(2)]
    writers = [subprocess.Popen([sys.executable, "-c", COUNTING, run], cwd=ROOT) for run in runs]
    while any(writer.poll() is None for writer in writers):
        assert len(Registry().runs()) == 2
    assert [writer.returncode for writer in writers] == [0, 0]
    assert [run.done for run in Registry().runs()] == [149, 149]


MAKING = """
from recattn.jobs.registry import Registry
from recattn.jobs.run_folder import new_run
for _ in range(20):
    Registry().run(new_run("train", "default", "tiny", {}, True).run)
"""


def test_runs_made_by_several_processes_are_all_there_though_the_registry_is_deleted_meanwhile() -> None:
    makers = [subprocess.Popen([sys.executable, "-c", MAKING], cwd=ROOT) for _ in range(2)]
    deleted = 0
    while any(maker.poll() is None for maker in makers):
        if registry_file().exists():
            registry_file().unlink(missing_ok=True)
            deleted += 1
        Registry().runs()
    assert [maker.returncode for maker in makers] == [0, 0]
    assert deleted
    assert len(Registry().runs()) == 40


def test_an_activation_killed_at_any_moment_leaves_the_old_or_the_new_run(start_worker: Worker) -> None:
    runs = [finished_run() for _ in range(2)]
    code = (
        "import sys, itertools; from recattn.jobs.database import work_on, writing\n"
        "from recattn.jobs.reconciling import set_active; from recattn.config import registry_file\n"
        "def work(db):\n"
        "    with writing(db): set_active(db, run)\n"
        "for run in itertools.cycle(sys.argv[1:]): work_on(registry_file(), work); print(run, flush=True)\n"
    )
    for _ in range(4):
        process = subprocess.Popen([sys.executable, "-c", code, *runs], cwd=ROOT, stdout=subprocess.PIPE)
        assert process.stdout
        process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        assert [run.active for run in Registry().runs()].count(True) == 1
        assert len(Registry().runs()) == 2


def test_roll_back_finds_what_answered_before_as_long_as_it_is_there() -> None:
    assert Registry().former() is None
    first, second, third = finished_run(), finished_run(), finished_run()
    former = Registry().former()
    assert former is not None and former.run == second
    registry_file().unlink()
    former = Registry().former()
    assert former is not None and former.run == second, "a lost registry forgets nothing of it"
    Registry().delete(second)
    former = Registry().former()
    assert former is not None and former.run == first
    assert [run.run for run in Registry().runs() if run.active] == [third]


def test_a_run_can_be_given_a_name_that_survives_a_lost_registry() -> None:
    run = finished_run()
    assert Registry().rename(run, "  The one for editors ").title == "The one for editors"
    registry_file().unlink()
    assert Registry().run(run).title == "The one for editors"
    assert Registry().run(run).state == "finished" and Registry().run(run).active
    for wrong in ("x" * 61, "two\nlines", "\x00"):
        with pytest.raises(RunError, match="can't be the name"):
            Registry().rename(run, wrong)
    assert Registry().rename(run, "").title == ""


def test_a_job_that_a_later_release_wrote_is_still_known() -> None:
    run = finished_run()
    file = runs_folder() / run / "job.json"
    file.write_text(file.read_text().replace('"kind": "train"', '"kind": "train", "colour": "green"'))
    registry_file().unlink()
    assert Registry().run(run).state == "finished"


ODD_JOBS: list[dict[str, object]] = [
    {"title": ["<b>"]},
    {"title": "half of a sign: \ud800"},
    {"activate": [1]},
    {"process": {"pid": 10**30, "started_seconds": 1, "place": "here"}},
    {"process": {"pid": "abc", "started_seconds": 1, "place": "here"}},
]


def test_a_job_whose_words_are_odd_hides_no_other() -> None:
    other = finished_run()
    for odd in ODD_JOBS:
        file = runs_folder() / finished_run() / "job.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | odd))
    registry_file().unlink()
    # in a process of its own: here the types of records are checked, and what runs for people checks none
    told = subprocess.run(
        [sys.executable, "-m", "recattn", "runs", "--json"], cwd=ROOT, capture_output=True, check=True
    )
    assert [one["run"] for one in json.loads(told.stdout)] == [other]


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1e999", "1" + "0" * 400, "[" * 100_000, '"\\ud800"', "null"])
def test_a_figure_that_is_no_number_is_left_out_and_hides_nothing(value: str) -> None:
    run = queued_run().run
    text = f'{{"all": {{"model": {{"mrr": [0.5, 0.4, 0.6], "auc": [{value}, 0, 1]}}}}}}'
    (runs_folder() / run / "evaluation.json").write_text(text)
    assert Registry().run(run).metrics in ({}, {"mrr": 0.5})


def test_a_run_that_was_not_evaluated_on_both_clicks_and_passes_keeps_its_other_figures() -> None:
    run = queued_run().run
    (runs_folder() / run / "evaluation.json").write_text(
        '{"all": {"model": {"auc": [NaN, NaN, NaN], "mrr": [1, 1, 1]}}}'
    )
    assert Registry().run(run).metrics == {"mrr": 1.0}


def test_progress_without_a_validation_figure_is_heard_and_so_is_the_wish_to_stop() -> None:
    run = queued_run().run
    Registry().claim(run, this_process())
    assert Registry().progress(run, "train", 1, 2, {"loss": 0.5, "validation_auc": float("nan")}, None) == "running"
    assert Registry().run(run).figures == {"loss": 0.5}
    Registry().cancel(run)
    assert Registry().progress(run, "train", 1, 2, {"validation_auc": float("nan")}, None) == "cancelling"


def test_a_run_that_was_taken_for_dead_elsewhere_still_says_how_it_ended() -> None:
    """As in another container that heard nothing for a minute, while the process was busy or the machine asleep."""
    run = queued_run(activate=True).run
    Registry().claim(run, replace(this_process(), place="another container"))
    with sqlite3.connect(registry_file()) as db:
        db.execute("UPDATE runs SET heartbeat = heartbeat - 3600")
    assert states() == {run: "interrupted"}
    job = read_job(runs_folder() / run)
    assert job
    write_job(runs_folder() / run, replace(job, state="finished", message="It went well."))
    Registry().leave(run)
    found = Registry().run(run)
    assert (found.state, found.message, found.active) == ("finished", "It went well.", True)


def test_cancelling_a_run_that_is_just_finishing_comes_too_late(start_worker: Worker) -> None:
    run = queued_run().run
    worker = start_worker(run)
    eventually(lambda: states() == {run: "running"})
    write_finished_files(runs_folder() / run)
    job = read_job(runs_folder() / run)
    assert job
    write_job(runs_folder() / run, replace(job, state="finished"))
    Registry().leave(run)
    assert Registry().cancel(run).state == "cancelling"
    worker.kill()
    eventually(lambda: states() == {run: "finished"}, seconds=2)
    assert Registry().run(run).active
