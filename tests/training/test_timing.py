from pathlib import Path

import pytest

from recattn.config import runs_folder
from recattn.data import Dataset
from recattn.errors import UnknownError
from recattn.training.config import configured
from recattn.training.estimate import estimate
from recattn.training.timing import ESTIMATE, TOOK, Clock, read_estimate, read_took, write_estimate
from recattn.training.training import train
from tests.jobs.tiny import import_tiny, tiny_config, tiny_settings
from tests.models.conftest import write_tiny_encoder


@pytest.fixture
def tiny(tmp_path: Path, recattn_home: Path) -> Dataset:
    import_tiny(tmp_path / "mind")
    return Dataset.open("tiny")


@pytest.fixture
def encoder(tmp_path: Path) -> Path:
    return write_tiny_encoder(tmp_path / "encoder")


def test_an_estimate_counts_what_the_training_then_does(tiny: Dataset, encoder: Path, tmp_path: Path) -> None:
    config = tiny_config(encoder, epochs=3)
    found = estimate(tiny, config)
    assert found.items == 24
    assert set(found.seconds) == {"load", "encode", "train", "evaluate"} and found.total_seconds > 0
    seen: dict[str, int] = {}
    train(tiny, config, tmp_path / "run", lambda phase, _, total, **__: seen.update({phase: total}))
    assert found.steps == seen["train"]
    write_estimate(tmp_path / "run", found)
    assert read_estimate(tmp_path / "run") == found


def test_texts_that_are_known_are_not_counted(tiny: Dataset, encoder: Path, tmp_path: Path) -> None:
    config = tiny_config(encoder, epochs=1)
    train(tiny, config, tmp_path / "run")
    assert estimate(tiny, config).items_to_encode == 0
    longer = configured("default", tiny_settings(encoder, 1) | {"text_category": True})
    assert estimate(tiny, longer).items_to_encode > 0


def test_an_encoder_that_learns_encodes_nothing_ahead(tiny: Dataset, encoder: Path) -> None:
    found = estimate(tiny, configured("default", tiny_settings(encoder, 1) | {"encoder_learning_rate": 1e-4}))
    assert found.items_to_encode == 0 and found.seconds["encode"] == 0.0 and found.seconds["train"] > 0


@pytest.mark.parametrize("known", [False, True])
def test_layers_that_stay_run_once_over_all_texts(tiny: Dataset, encoder: Path, tmp_path: Path, known: bool) -> None:
    if known:
        train(tiny, tiny_config(encoder, epochs=1), tmp_path / "run")
    tuned = {"encoder_learning_rate": 1e-4, "fine_tune_layers": 1}
    found = estimate(tiny, configured("default", tiny_settings(encoder, 1) | tuned))
    assert found.items_to_encode == found.items and found.seconds["encode"] > 0


def test_an_estimate_leaves_no_run_and_says_what_is_wrong(tiny: Dataset, encoder: Path) -> None:
    with pytest.raises(UnknownError, match="was not found as a folder"):
        estimate(tiny, tiny_config(encoder / "nowhere"))
    assert not runs_folder().exists() or not any(runs_folder().iterdir())


def test_the_time_a_training_took_is_kept_by_phase_over_all_attempts(
    tiny: Dataset, encoder: Path, tmp_path: Path
) -> None:
    train(tiny, tiny_config(encoder, epochs=1), tmp_path / "run")
    took = read_took(tmp_path / "run")
    assert {"load", "encode", "train", "evaluate"} <= took.keys() and all(seconds >= 0 for seconds in took.values())
    clock = Clock(tmp_path / "run", lambda *_, **__: None)
    clock("train", 0, 1)
    clock.write(tmp_path / "run")
    assert read_took(tmp_path / "run")["train"] >= took["train"]


def test_damaged_files_are_as_none(tmp_path: Path) -> None:
    for text in ("", "[]", "{}", '{"train": "x"}'):
        (tmp_path / ESTIMATE).write_text(text)
        (tmp_path / TOOK).write_text(text)
        assert read_estimate(tmp_path) is None and read_took(tmp_path) == {}
