import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from recattn.data import delete_dataset
from recattn.jobs.doctor import stored
from recattn.jobs.doctor.finding import Finding
from tests.jobs.tiny import import_tiny, write_tiny_mind

ROOT = Path(__file__).parents[3]


def wrong_data() -> list[Finding]:
    return [found for found in stored.check_datasets() if not found.ok]


def wrong_runs() -> list[Finding]:
    return [found for found in stored.check_runs() if not found.ok]


def flip_bit(file: Path, at: int) -> None:
    content = bytearray(file.read_bytes())
    content[at] ^= 1
    file.write_bytes(content)


def run_folder(home: Path) -> Path:
    (folder,) = [path for path in (home / "runs").iterdir() if path.name[0] != "."]
    return folder


def test_one_flipped_bit_in_a_table_is_found(sound_home: Path) -> None:
    assert wrong_data() == []
    flip_bit(sound_home / "datasets" / "tiny" / "users.parquet", 200)
    (found,) = wrong_data()
    assert (
        found.check == "dataset tiny" and "users.parquet has changed" in found.message and "--replace" in found.remedy
    )


def test_a_dataset_that_cannot_be_opened_is_named_with_its_reason(sound_home: Path) -> None:
    (sound_home / "datasets" / "tiny" / "items.parquet").unlink()
    (found,) = wrong_data()
    assert found.check == "dataset tiny" and "items.parquet is missing" in found.message


@pytest.mark.parametrize("file", ["model.safetensors", "config.json"])
def test_a_changed_model_is_found(sound_home: Path, file: str) -> None:
    flip_bit(run_folder(sound_home) / file, 60)
    (found,) = wrong_runs()
    assert f"{file} has changed" in found.message and "python -m recattn delete" in found.remedy


def test_truncated_weights_are_found_without_checksums_too(sound_home: Path) -> None:
    folder = run_folder(sound_home)
    job = json.loads((folder / "job.json").read_text())
    (folder / "job.json").write_text(json.dumps(job | {"checksums": {}}))
    assert wrong_runs() == []
    weights = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(weights[:-7])
    (found,) = wrong_runs()
    assert "can't be loaded" in found.message


def test_a_run_whose_dataset_is_gone_damaged_or_another_says_which(sound_home: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    shutil.copytree(sound_home / "datasets" / "tiny", kept)
    (sound_home / "datasets" / "tiny" / "dataset.json").write_text("{")
    assert "is damaged" in wrong_runs()[0].message
    delete_dataset("tiny")
    (found,) = wrong_runs()
    assert "Its dataset tiny is not here" in found.message and "Import the dataset again" in found.remedy
    write_tiny_mind(tmp_path / "other" / "train", impressions=80)
    import_tiny(tmp_path / "news")
    assert wrong_runs() == [], "the same data imported again are the same"
    delete_dataset("tiny")
    shutil.copytree(kept, sound_home / "datasets" / "tiny")
    assert wrong_runs() == []


def test_a_dataset_with_other_content_is_told(sound_home: Path, tmp_path: Path) -> None:
    from recattn.data import import_mind

    import_mind("tiny", write_tiny_mind(tmp_path / "other", impressions=80), replace=True)
    (found,) = wrong_runs()
    assert "other content than now" in found.message


def test_a_text_encoder_that_is_gone_is_told(sound_home: Path, made: Path) -> None:
    hidden = (made / "encoder").rename(made / "hidden")
    try:
        (found,) = wrong_runs()
    finally:
        hidden.rename(made / "encoder")
    assert "Texts without vectors can't be read" in found.message


def test_a_text_encoder_with_other_weights_is_told(sound_home: Path, made: Path) -> None:
    weights = made / "encoder" / "model.safetensors"
    flip_bit(weights, weights.stat().st_size - 1)
    try:
        (found,) = wrong_runs()
    finally:
        flip_bit(weights, weights.stat().st_size - 1)
    assert "is not the one it was trained with" in found.message
    assert wrong_runs() == []


def test_a_home_that_cannot_be_written_is_found(monkeypatch: pytest.MonkeyPatch, recattn_home: Path) -> None:
    recattn_home.write_text("a file in the way")
    monkeypatch.setenv("RECATTN_HOME", "/proc/nowhere")
    (found,) = stored.check_home()
    assert not found.ok and "/proc/nowhere can't be written" in found.message
    monkeypatch.setenv("RECATTN_HOME", str(recattn_home))
    (found,) = stored.check_home()
    assert not found.ok and "can't be written" in found.message


@pytest.mark.parametrize(
    ("options", "message"), [("ro", "can't be written (Read-only file system)"), ("size=1m", "has 0.0 GB free")]
)
def test_a_read_only_or_full_disk_is_found(recattn_home: Path, options: str, message: str) -> None:
    recattn_home.mkdir()
    mounted = f'mount -t tmpfs -o {options} tmpfs "$RECATTN_HOME" && exec "$@"'
    unshare = ["unshare", "--mount", "--map-root-user", "sh", "-c", mounted, "sh"]
    environment = os.environ | {"RECATTN_HOME": str(recattn_home)}
    if (
        not shutil.which("unshare")
        or subprocess.run([*unshare, "true"], env=environment, capture_output=True).returncode
    ):
        pytest.skip("a file system of its own needs the right to mount one")
    code = "from recattn.jobs.doctor.stored import check_home; print(*check_home())"
    done = subprocess.run(
        [*unshare, sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert "ok=False" in done.stdout and message in done.stdout, done.stderr
