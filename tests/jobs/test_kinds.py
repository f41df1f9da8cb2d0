import json
import os
import signal
from pathlib import Path

import pytest

from recattn.config import jobs_folder, uploads_folder, vectors_folder
from recattn.data import Dataset, dataset_infos
from recattn.errors import Cancelled, DataError, RunError, UnknownError
from recattn.jobs.audit import account
from recattn.jobs.kinds import KINDS
from recattn.jobs.liveness import this_process
from recattn.jobs.registry import Registry, Run
from recattn.jobs.run_folder import read_job
from recattn.jobs.starting import cancel, delete, queue, queue_training, resume, start
from recattn.jobs.worker import perform
from recattn.trust.heads import read_heads
from tests.jobs.conftest import eventually
from tests.jobs.tiny import import_tiny, tiny_config, tiny_settings, write_tiny_mind
from tests.models.conftest import write_tiny_encoder


@pytest.fixture
def encoder(tmp_path: Path) -> Path:
    return write_tiny_encoder(tmp_path / "encoder")


@pytest.fixture
def run(tmp_path: Path, encoder: Path) -> str:
    import_tiny(tmp_path / "news")
    return perform(queue_training("tiny", tiny_config(encoder, epochs=1), "default")).run


def queued_heads(run: str) -> str:
    return queue("heads", "tiny", {}, subject=run)


def state(job: str) -> str:
    return Registry().run(job).state


def queued_import(tmp_path: Path, name: str = "mine", replace: bool = False) -> str:
    train = tmp_path / "train"
    if not train.exists():
        write_tiny_mind(train)
    return queue("import", name, {"format": "mind", "train": str(train), "replace": replace})


def test_a_measurement_by_another_process_leaves_a_file_of_the_run(run: str) -> None:
    job = start("heads", "tiny", {}, subject=run)
    with pytest.raises(RunError, match=r"being done already.*one at a time"):
        queued_heads(run)
    eventually(lambda: state(job) == "finished", 60)
    found = read_heads(Registry().run(run).folder)
    assert found is not None and [(card.layer, card.head) for card in found.cards] == [(0, 0), (0, 1)]
    assert (jobs_folder() / job / "log.txt").is_file()
    assert [known.run for known in Registry().runs()] == [run], "a measurement is no model"
    assert [known.run for known in Registry().jobs()] == [job, run]
    assert Registry().run(run).active
    queued_heads(run)


def test_a_killed_measurement_is_interrupted_and_begins_again_when_resumed(run: str) -> None:
    job = start("heads", "tiny", {}, subject=run)
    found = read_job(jobs_folder() / job)
    assert found is not None and found.process is not None
    process = found.process.pid
    if process == os.getpid():  # not handed over in the file yet; the registry knows
        eventually(lambda: state(job) == "running", 60)
        told = read_job(jobs_folder() / job)
        assert told is not None and told.process is not None
        process = told.process.pid
    os.kill(process, signal.SIGKILL)
    eventually(lambda: state(job) == "interrupted", 10)
    assert "Resume begins it again" in Registry().run(job).message
    resume(job)
    eventually(lambda: state(job) == "finished", 60)
    assert read_heads(Registry().run(run).folder) is not None


def test_a_cancelled_measurement_leaves_no_file(run: str) -> None:
    job = queued_heads(run)
    cancel(job)
    with pytest.raises(Cancelled):
        perform(job)
    assert state(job) == "cancelled"
    assert read_heads(Registry().run(run).folder) is None


def test_a_dataset_that_is_gone_fails_it_with_the_reason(run: str, recattn_home: Path) -> None:
    (recattn_home / "datasets" / "tiny" / "dataset.json").unlink()
    job = queued_heads(run)
    with pytest.raises(DataError, match="tiny"):
        perform(job)
    failed = Registry().run(job)
    assert failed.state == "failed" and "tiny" in failed.message


def test_only_known_work_on_finished_runs_is_begun(run: str, encoder: Path) -> None:
    with pytest.raises(UnknownError, match="train, import, encode, evaluate, faithfulness, heads, twins"):
        start("../../etc", "tiny", {})
    with pytest.raises(UnknownError, match="no run"):
        start("heads", "tiny", {}, subject="20200101-000000-abcd")
    waiting = queue_training("tiny", tiny_config(encoder, epochs=1), "default")
    with pytest.raises(RunError, match="Only finished runs are measured"):
        start("heads", "tiny", {}, subject=waiting)
    assert len(Registry().jobs()) == 2


def test_an_import_is_a_job_that_says_what_it_made(tmp_path: Path) -> None:
    done = perform(queued_import(tmp_path))
    assert done.state == "finished" and done.kind == "import"
    assert done.message.startswith("24 items, 12 users, ")
    assert Dataset.open("mine").info.items == 24
    with pytest.raises(DataError, match="already"):
        queued_import(tmp_path)
    assert perform(queued_import(tmp_path, replace=True)).state == "finished"


def test_a_failed_import_says_why_and_makes_nothing(tmp_path: Path) -> None:
    job = queued_import(tmp_path)
    (tmp_path / "train" / "news.tsv").unlink()
    with pytest.raises(DataError, match=r"news\.tsv"):
        perform(job)
    assert state(job) == "failed" and "news.tsv" in Registry().run(job).message
    assert dataset_infos() == []


def test_an_upload_goes_when_its_import_is_over_and_nothing_else_does(tmp_path: Path) -> None:
    token = uploads_folder() / ("0123abcd" * 4)
    write_tiny_mind(token / "train")
    other = write_tiny_mind(uploads_folder() / ("f" * 32))
    perform(queue("import", "mine", {"format": "mind", "train": str(token / "train"), "replace": False}))
    assert not token.exists() and other.exists()
    perform(queue("import", "own", {"format": "mind", "train": str(write_tiny_mind(tmp_path / "x")), "replace": False}))
    assert (tmp_path / "x").exists(), "what was never uploaded is not ours to remove"


def test_imports_do_not_wait_for_trainings(tmp_path: Path, encoder: Path) -> None:
    import_tiny(tmp_path / "news")
    training = start("train", "tiny", tiny_settings(encoder, epochs=500), preset="default")
    eventually(lambda: state(training) == "running", 60)
    assert perform(queued_import(tmp_path)).state == "finished"
    second = queue_training("tiny", tiny_config(encoder), "default")
    assert Registry().claim(second, this_process()) == "queued"
    for job in (training, second):
        cancel(job)
    eventually(lambda: state(training) == "cancelled", 30)


def test_texts_can_be_encoded_ahead(tmp_path: Path, encoder: Path) -> None:
    import_tiny(tmp_path / "news")
    done = perform(queue("encode", "tiny", tiny_settings(encoder)))
    assert done.message == "The texts of 24 items are encoded."
    assert len(list(vectors_folder().glob("*/*.safetensors"))) == 1


def test_an_evaluation_made_again_changes_the_figures_of_its_run(run: str) -> None:
    file = Registry().run(run).folder / "evaluation.json"
    right = json.loads(file.read_text())
    wrong = json.loads(file.read_text())
    wrong["all"]["model"]["auc"][0] = 0.123
    file.write_text(json.dumps(wrong))
    done: Run = perform(queue("evaluate", "tiny", {}, subject=run))
    assert done.state == "finished" and done.message.startswith("AUC ")
    assert (
        Registry().run(run).metrics["auc"] == right["all"]["model"]["auc"]["value"]
        if isinstance(right["all"]["model"]["auc"], dict)
        else right["all"]["model"]["auc"][0]
    )


def test_old_jobs_are_forgotten_and_models_never(run: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recattn.jobs.starting._REMEMBERED", 2)
    for _ in range(4):
        perform(queued_heads(run))
    assert len([job for job in Registry().jobs() if job.kind == "heads"]) == 3, "two, and the one made after"
    delete(Registry().jobs()[0].run)
    assert state(run) == "finished"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_title(kind: str) -> None:
    assert KINDS[kind].title


def test_the_model_card_says_who_made_it_and_how_far_to_believe_it(run: str) -> None:
    card = Registry().run(run).folder / "README.md"
    assert f"## Made by\n\n{account()}, begun " in card.read_text()
    for _ in range(2):
        perform(queue("faithfulness", "tiny", {"users": 3}, subject=run))
    text = card.read_text()
    assert text.count("## How far to believe its explanations") == 1
    assert "3 readers of tiny" in text and "| leave_one_out |" in text and "## What it can't tell" in text
    assert Registry().activate(run).active, "the card is no part of the model"
