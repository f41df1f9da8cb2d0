import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from recattn.config import runs_folder
from recattn.data import Dataset
from recattn.errors import Cancelled
from recattn.models.loading import load_model
from recattn.training.__main__ import main
from recattn.training.config import TrainingConfig, configured
from recattn.training.training import train
from tests.jobs.tiny import tiny_settings
from tests.training.test_training import Stop

TOLERANCE = {"atol": 2e-4, "rtol": 1e-3}  # sums in another order, and Adam divides small gradients by small ones


def settings(encoder: Path, epochs: int, **more: Any) -> dict[str, Any]:
    # Dropout is drawn by each process for itself; history dropout is drawn for the whole step.
    still = {"dropout": 0.0, "history_dropout": 0.2, "batch_size": 9, "validation_share": 0.2}
    return {**tiny_settings(encoder, epochs), **still, **more}


def config(encoder: Path, epochs: int, **more: Any) -> TrainingConfig:
    return configured("default", settings(encoder, epochs, **more))


@pytest.fixture
def two_processes() -> Iterator[Any]:
    """Starts a training by two real processes, joined by gloo; ends them if a test fails."""
    started: list[subprocess.Popen[str]] = []

    def start(run: str, chosen: dict[str, Any]) -> subprocess.Popen[str]:
        pairs = [part for key, value in chosen.items() for part in ("--set", f"{key}={value}")]
        launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
        command = [*launcher, "-m", "recattn.training", "tiny", run, *pairs]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
        piped = subprocess.PIPE
        started.append(subprocess.Popen(command, stdout=piped, stderr=piped, text=True, env=environment))
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def lines(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def checkpoint(folder: Path) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    """Position and all tensors of the only checkpoint."""
    (place,) = (folder / "checkpoints").iterdir()
    tensors = load_file(place / "model.safetensors") | load_file(place / "optimizer.safetensors")
    return json.loads((place / "position.json").read_text()), tensors


def without_dropout(encoder: Path, folder: Path) -> Path:
    shutil.copytree(encoder, folder)
    shape = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(shape | {"dropout": 0.0, "attention_dropout": 0.0}))
    return folder


@pytest.mark.parametrize("more", [{}, {"popularity": "weight", "candidate_pooling": True}], ids=str)
def test_two_processes_finish_what_one_began_as_one_would_have(
    tiny: Dataset, encoder: Path, tmp_path: Path, two_processes: Any, more: dict[str, Any]
) -> None:
    chosen = config(encoder, 3, **more)
    train(tiny, chosen, tmp_path / "whole")
    with pytest.raises(Cancelled):
        train(tiny, chosen, runs_folder() / ".together" / "pair", Stop(10))
    begun, _ = checkpoint(runs_folder() / ".together" / "pair")
    assert 0 < begun["step"] < 15
    process = two_processes("pair", settings(encoder, 3, **more))
    said, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert said.startswith("pair auc=")
    alone, pair = lines(tmp_path / "whole"), lines(runs_folder() / "pair")
    assert len(alone) > 3, "the losses of two processes are those of one"
    assert [list(line) for line in pair] == [list(line) for line in alone]
    for one, other in zip(alone, pair, strict=True):
        assert list(other.values()) == pytest.approx(list(one.values()), abs=1e-4)
    expected = load_model(tmp_path / "whole").state_dict()
    for name, tensor in load_model(runs_folder() / "pair").state_dict().items():
        torch.testing.assert_close(tensor, expected[name], **TOLERANCE)


def test_two_processes_stop_together_and_one_goes_on(
    tiny: Dataset, encoder: Path, tmp_path: Path, two_processes: Any
) -> None:
    # Here each step comes in two parts, and the last layer of the encoder is trained as well.
    more = {"accumulation": 2, "encoder_learning_rate": 1e-3, "fine_tune_layers": 1}
    encoder = without_dropout(encoder, tmp_path / "still")
    process = two_processes("pair", settings(encoder, 500, **more))
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("train "):
            break
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode != 0
    folder = runs_folder() / ".together" / "pair"
    position, found = checkpoint(folder)
    whole = config(encoder, 500, **more)
    stopped = _StopAfter(position["step"])
    with pytest.raises(Cancelled):
        train(tiny, whole, tmp_path / "alone", stopped)
    reached, expected = checkpoint(tmp_path / "alone")
    first, last = sorted((reached["epoch"], position["epoch"]))
    assert reached["step"] == position["step"]
    assert first == last or (first + 1 == last and position["step"] % last == 0), (
        "the end of one, the beginning of next"
    )
    assert found.keys() == expected.keys()
    for name in found.keys() - {key for key in found if key.endswith(("key.bias", "k_lin.bias"))}:
        # Adding the same to all keys changes no attention: such a bias has no gradient but noise.
        torch.testing.assert_close(found[name], expected[name], **TOLERANCE)
    with pytest.raises(Cancelled):
        train(tiny, whole, folder, _StopAfter(position["step"] + 3))
    assert checkpoint(folder)[0]["step"] == position["step"] + 3


class _StopAfter:
    """Cancels a training when that many steps are done."""

    def __init__(self, steps: int) -> None:
        self.steps = steps

    def __call__(self, phase: str, done: int, _total: int, **figures: float) -> None:
        if phase == "train" and done == self.steps and "loss" in figures:
            raise Cancelled


def test_started_alone_it_trains_alone_and_says_what_is_wrong(
    tiny: Dataset, encoder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pairs = [part for key, value in settings(encoder, 1).items() for part in ("--set", f"{key}={value}")]
    assert main(["tiny", "alone", *pairs]) == 0
    assert capsys.readouterr().out.startswith("alone auc=")
    assert main(["tiny", "alone", *pairs]) == 1
    assert "There is a run alone already" in capsys.readouterr().err
    assert main(["tiny", "other", "--set", "heads=many"]) == 1
    assert "not a whole number" in capsys.readouterr().err
