import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from recattn.config import jobs_folder, registry_file, runs_folder
from recattn.data import import_mind
from recattn.errors import RecAttnError, RunError
from recattn.jobs.attempt import Attempt
from recattn.jobs.registry import Registry
from recattn.jobs.run_folder import new_run, read_job, write_job
from recattn.jobs.starting import _forget_old_jobs, cancel, delete, queue_training, resume, start_training
from recattn.jobs.worker import perform
from tests.jobs.conftest import ROOT, eventually
from tests.jobs.tiny import import_tiny, tiny_config, tiny_settings, write_tiny_mind
from tests.models.conftest import write_tiny_encoder

LONG = 500  # epochs: longer than any test


@pytest.fixture(autouse=True)
def tiny(recattn_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A tiny dataset and encoder; whatever still trains at the end is killed."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    import_tiny(tmp_path / "mind")
    yield write_tiny_encoder(tmp_path / "encoder")
    for run in Registry().runs():
        if run.state in ("queued", "running", "cancelling"):
            kill(run.run)


def process_of(run: str) -> int:
    job = read_job(runs_folder() / run)
    assert job and job.process
    return job.process.pid


def kill(run: str) -> None:
    if process_of(run) != os.getpid():
        os.kill(process_of(run), signal.SIGKILL)


def state(run: str) -> str:
    return Registry().run(run).state


def lines(run: str) -> list[dict[str, float]]:
    file = runs_folder() / run / "metrics.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def training_begun(run: str, step: int = 1) -> bool:
    found = Registry().run(run)
    assert found.state in ("queued", "running"), found.message
    return found.phase == "train" and found.done >= step


def test_a_training_survives_kill_minus_nine_and_goes_on_as_if_nothing_had_happened(tiny: Path) -> None:
    config = tiny_config(tiny, epochs=40)
    run = start_training("tiny", config, "default")
    second = start_training("tiny", tiny_config(tiny, LONG), "default")
    eventually(lambda: training_begun(run, 60), 60)
    assert state(second) == "queued", "there is one slot"
    seen = Registry().run(run)
    assert seen.total > seen.done and seen.eta_seconds and {"loss", "items_per_second"} <= seen.figures.keys()
    assert process_of(run) != os.getpid() and os.getsid(process_of(run)) == process_of(run), "a session of its own"
    cancel(second)
    eventually(lambda: state(second) == "cancelled")
    kill(run)
    eventually(lambda: state(run) == "interrupted", 3)
    before = lines(run)
    resume(run)
    with pytest.raises(RunError, match="Only a cancelled, failed or interrupted run can be resumed"):
        resume(run)
    eventually(lambda: state(run) == "finished", 60)
    assert Registry().run(run).active
    assert Registry().run(run).metrics.keys() >= {"auc", "mrr", "ndcg@5", "ndcg@10"}
    whole = queue_training("tiny", config, "default")
    assert perform(whole).metrics == Registry().run(run).metrics
    assert lines(whole) == lines(run)
    assert before and before == lines(run)[: len(before)], "what was done before the kill was not done again"


SERVER = """
import json, sys, time
from recattn.jobs.starting import start_training
from recattn.training.config import configured
print(start_training("tiny", configured("default", json.loads(sys.argv[1])), "default"), flush=True)
time.sleep(600)
"""


def start_on_a_server_that_is_killed(settings: dict[str, object]) -> str:
    command = [sys.executable, "-c", SERVER, json.dumps(settings)]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert server.stdout
    run = server.stdout.readline().strip()
    os.killpg(server.pid, signal.SIGKILL)
    server.communicate()
    return run


def test_a_training_outlives_its_server_stops_when_cancelled_and_can_be_resumed_and_deleted(tiny: Path) -> None:
    run = start_on_a_server_that_is_killed(tiny_settings(tiny, LONG))
    eventually(lambda: training_begun(run), 60)
    with pytest.raises(RunError, match="is running"):
        delete(run)
    assert cancel(run).state == "cancelling"
    eventually(lambda: state(run) == "cancelled", 10)
    assert "Resume" in Registry().run(run).message
    step = max(line["step"] for line in lines(run))
    registry_file().unlink()
    assert state(run) == "cancelled", "its folder knows"
    resume(run)
    eventually(lambda: training_begun(run, int(step) + 1), 60)
    os.kill(process_of(run), signal.SIGTERM)  # as a machine does that is shut down
    eventually(lambda: state(run) == "cancelled", 10)
    delete(run)
    assert Registry().runs() == []
    assert not [entry for entry in runs_folder().iterdir() if entry.is_dir()]


def test_a_failed_training_says_why_and_keeps_the_traceback_to_itself(tiny: Path) -> None:
    run = start_training("tiny", tiny_config(tiny / "nowhere"), "default")
    eventually(lambda: state(run) == "failed", 60)
    failed = Registry().run(run)
    assert "was not found as a folder" in failed.message
    assert "Traceback" not in (failed.folder / "log.txt").read_text(), "an expected error needs none"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError(), "Out of memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried 1 TB"), "Out of memory"),
        (OSError(28, "No space left on device", "/data/x"), "No space left on device: '/data/x'"),
        (KeyError("x"), "An unexpected error ended it: KeyError"),
    ],
)
def test_what_ended_a_run_is_said_in_words_and_the_log_has_the_rest(tiny: Path, error: Exception, words: str) -> None:
    run = queue_training("tiny", tiny_config(tiny), "default")
    with pytest.raises(RecAttnError, match="checkpoint is kept"), Attempt(run) as attempt:
        attempt.wait_for_slot()
        raise error
    failed = Registry().run(run)
    assert failed.state == "failed" and words in failed.message and "Traceback" not in failed.message
    assert "Traceback" in (failed.folder / "log.txt").read_text()


def test_a_run_that_another_process_works_on_is_left_as_it_is(tiny: Path) -> None:
    run = queue_training("tiny", tiny_config(tiny), "default")
    with Attempt(run) as attempt:
        attempt.wait_for_slot()
        with pytest.raises(RunError, match="is running"), Attempt(run) as other:
            other.wait_for_slot()
        assert state(run) == "running"
        attempt.report("train", 1, 2, loss=0.5)


def test_a_dataset_that_is_not_there_makes_no_run(tiny: Path) -> None:
    with pytest.raises(RecAttnError, match="'tinny' was not found"):
        start_training("tinny", tiny_config(tiny), "default")
    assert Registry().runs() == []


def test_a_changed_model_can_not_be_activated(tiny: Path) -> None:
    run = perform(queue_training("tiny", tiny_config(tiny, 1), "default", activate=False))
    assert run.active and run.state == "finished"
    weights = run.folder / "model.safetensors"
    good = weights.read_bytes()
    weights.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))  # one bit
    with pytest.raises(RunError, match=r"model.safetensors has changed since it was written. .* train again"):
        Registry().activate(run.run)
    weights.unlink()
    with pytest.raises(RunError, match=r"model.safetensors is missing"):
        Registry().activate(run.run)
    weights.write_bytes(good)
    assert Registry().activate(run.run).active


def write_lists_of_one(folder: Path) -> Path:
    """Everybody is shown one article at a time, and clicks it or not: no list tells a click from a pass."""
    write_tiny_mind(folder)
    rows = [line.split("\t") for line in (folder / "behaviors.tsv").read_text().splitlines()]
    one_each = ["\t".join([*row[:4], row[4].split(" ")[0]]) for row in rows]
    (folder / "behaviors.tsv").write_text("\n".join(one_each) + "\n")
    return folder


def test_a_training_that_is_measured_on_lists_of_one_has_no_auc_and_ends_as_others_do(
    tmp_path: Path, tiny: Path
) -> None:
    import_mind("ones", tmp_path / "mind" / "train", dev=write_lists_of_one(tmp_path / "ones"))
    run = perform(queue_training("ones", tiny_config(tiny, 1), "default"))
    assert (run.state, run.active) == ("finished", True)
    assert "auc" not in run.metrics and 0 < run.metrics["mrr"] <= 1
    assert [one.run for one in Registry().runs()] == [run.run]


def test_two_that_forget_old_jobs_at_once_both_go_on() -> None:
    for number in range(60):
        job = new_run("encode", "", "tiny", {}, False)
        write_job(jobs_folder() / job.run, replace(job, state="finished", process=None, message=str(number)))
    begin, failed = threading.Barrier(4), list[Exception]()

    def forget() -> None:
        begin.wait()
        try:
            _forget_old_jobs()
        except Exception as error:  # what this test looks for
            failed.append(error)

    threads = [threading.Thread(target=forget) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed and len(Registry().jobs()) == 50
