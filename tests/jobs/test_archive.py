import json
import pickle
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from recattn.config import runs_folder
from recattn.data import Dataset
from recattn.errors import DataError, RecAttnError, RunError
from recattn.jobs.archive import MANIFEST, add_run, export_run
from recattn.jobs.registry import Registry
from recattn.jobs.run_folder import read_job
from recattn.jobs.starting import delete, queue_training
from recattn.jobs.worker import perform
from recattn.recommender import Recommender
from tests.jobs.tiny import import_tiny, tiny_config
from tests.models.conftest import write_tiny_encoder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a trained run, and the run as a zip beside it."""
    folder = tmp_path_factory.mktemp("archive")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RECATTN_HOME", str(folder / "home"))
        import_tiny(folder / "mind")
        run = perform(queue_training("tiny", tiny_config(write_tiny_encoder(folder / "encoder"), 1), "default"))
        Registry().rename(run.run, "The small one")
        export_run(run.run, folder / "run.zip")
    return folder


@pytest.fixture
def home(made: Path, recattn_home: Path) -> Path:
    shutil.copytree(made / "home", recattn_home, dirs_exist_ok=True)
    return recattn_home


@pytest.fixture
def archive(made: Path, home: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(made / "run.zip", tmp_path / "run.zip"))


def test_a_run_that_was_taken_out_and_in_again_answers_as_before(archive: Path) -> None:
    run = Registry().runs()[0]
    dataset, history = Dataset.open("tiny"), Dataset.open("tiny").random_user(0).history
    before = Recommender.load(run.folder, dataset).recommend(history, 5)
    delete(run.run, even_active=True)
    added = add_run(archive)
    assert (added.run, added.state, added.title, added.active) == (run.run, "finished", "The small one", False)
    assert added.metrics == run.metrics and added.created == run.created
    assert Recommender.load(added.folder, dataset).recommend(history, 5) == before
    assert Registry().activate(added.run).active


def test_the_same_run_gives_the_same_bytes_and_nothing_of_the_machine_that_made_it(archive: Path) -> None:
    run = Registry().runs()[0]
    again = export_run(run.run, archive.with_name("again.zip"))
    assert again.read_bytes() == archive.read_bytes()
    with zipfile.ZipFile(archive) as opened:
        names = set(opened.namelist())
        assert json.loads(opened.read("job.json"))["process"] is None
    assert {"config.json", "model.safetensors", "README.md", MANIFEST} <= names and "log.txt" not in names
    assert [file.name for file in archive.parent.iterdir() if file.name.endswith(".part")] == []


def test_an_id_that_is_taken_gets_something_behind_it(archive: Path) -> None:
    own = Registry().runs()[0].run
    added = add_run(archive)
    assert added.run.startswith(own + "-") and {run.run for run in Registry().runs()} == {own, added.run}
    job = read_job(added.folder)
    assert job is not None and job.run == added.run and not job.activate


def test_an_unfinished_or_damaged_run_is_not_exported(home: Path, tmp_path: Path) -> None:
    run = Registry().runs()[0]
    weights = run.folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(RunError, match="damaged"):
        export_run(run.run, tmp_path / "x.zip")
    assert not (tmp_path / "x.zip").exists()


def rewritten(archive: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    with zipfile.ZipFile(archive) as opened:
        files = {name: opened.read(name) for name in opened.namelist()}
    change(files)
    with zipfile.ZipFile(archive, "w") as opened:
        for name, content in files.items():
            opened.writestr(name, content)
    return archive


def with_sums(files: dict[str, bytes]) -> None:
    """A manifest that fits, as somebody with bad intentions would write it."""
    import hashlib

    manifest = json.loads(files[MANIFEST])
    manifest["files"] = {
        name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in files.items()
        if name != MANIFEST
    }
    files[MANIFEST] = json.dumps(manifest).encode()


def pickled(files: dict[str, bytes]) -> None:
    files["encoder/pytorch_model.bin"] = pickle.dumps({"a": 1})
    with_sums(files)


def outside(files: dict[str, bytes]) -> None:
    files["../outside.json"] = b"{}"
    with_sums(files)


def code(files: dict[str, bytes]) -> None:
    files["encoder/modeling.py"] = b"print(1)"
    with_sums(files)


def lying_header(files: dict[str, bytes]) -> None:
    files["model.safetensors"] = (2**40).to_bytes(8, "little") + files["model.safetensors"][8:]
    with_sums(files)


def flipped(files: dict[str, bytes]) -> None:
    content = bytearray(files["model.safetensors"])
    content[-1] ^= 1
    files["model.safetensors"] = bytes(content)


def wider(files: dict[str, bytes]) -> None:
    files["config.json"] = json.dumps(json.loads(files["config.json"]) | {"dim": 2**20}).encode()
    with_sums(files)


def newer(files: dict[str, bytes]) -> None:
    files[MANIFEST] = json.dumps(json.loads(files[MANIFEST]) | {"format": 99}).encode()


def named(files: dict[str, bytes]) -> None:
    files[MANIFEST] = json.dumps(json.loads(files[MANIFEST]) | {"run": "../../etc"}).encode()


def unfinished(files: dict[str, bytes]) -> None:
    files["job.json"] = json.dumps(json.loads(files["job.json"]) | {"state": "running"}).encode()
    with_sums(files)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (pickled, "pytorch_model.bin"),
        (outside, "points out of the zip"),
        (code, "modeling.py"),
        (lying_header, "can't be loaded"),
        (flipped, "is damaged"),
        (wider, "can't be loaded"),
        (newer, "format 99"),
        (named, "calls itself"),
        (unfinished, "no finished run"),
        (lambda files: files.pop(MANIFEST), "no readable manifest"),
        (lambda files: files.pop("model.safetensors"), "model.safetensors"),
    ],
)
def test_what_is_not_a_whole_run_is_refused_and_leaves_nothing(
    change: Callable[[dict[str, bytes]], None], words: str, archive: Path
) -> None:
    before = sorted(folder.name for folder in runs_folder().iterdir())
    with pytest.raises(RecAttnError, match=words):
        add_run(rewritten(archive, change))
    assert sorted(folder.name for folder in runs_folder().iterdir()) == before
    assert not (archive.parent / "outside.json").exists()


def test_a_zip_cut_short_or_another_file_is_refused(archive: Path) -> None:
    content = archive.read_bytes()
    for length in (0, 10, len(content) // 2, len(content) - 10):
        archive.write_bytes(content[:length])
        with pytest.raises((DataError, RunError)):
            add_run(archive)
    assert len(Registry().runs()) == 1


def test_the_job_that_comes_with_it_is_not_believed(archive: Path) -> None:
    def evil(files: dict[str, bytes]) -> None:
        job = json.loads(files["job.json"]) | {"activate": True, "checksums": {"model.safetensors": "0" * 64}}
        files["job.json"] = json.dumps(job).encode()
        with_sums(files)

    added = add_run(rewritten(archive, evil))
    assert not added.active
    job = read_job(added.folder)
    assert job is not None and job == replace(job, activate=False) and job.checksums["model.safetensors"] != "0" * 64
