from pathlib import Path

import numpy as np
import pytest

from recattn.data import Dataset
from recattn.training.calibrating import CALIBRATION, calibrate, read_calibration, write_calibration
from recattn.training.training import train
from tests.jobs.tiny import import_tiny, tiny_config
from tests.models.conftest import write_tiny_encoder


@pytest.fixture
def trained(tmp_path: Path, recattn_home: Path) -> tuple[Path, Dataset]:
    import_tiny(tmp_path / "mind")
    dataset = Dataset.open("tiny")
    train(dataset, tiny_config(write_tiny_encoder(tmp_path / "encoder"), 2), tmp_path / "run")
    return tmp_path / "run", dataset


def test_the_temperature_is_fitted_inside_train_and_judged_on_dev(trained: tuple[Path, Dataset]) -> None:
    folder, dataset = trained
    found = calibrate(folder, dataset)
    assert found.fitted_on == round(0.1 * dataset.info.splits["train"])
    assert found.impressions == dataset.info.splits["dev"]
    assert 0.01 <= found.temperature <= 100
    write_calibration(folder, found)
    kept = read_calibration(folder)
    assert kept is not None and kept.temperature == found.temperature
    assert np.array_equal(kept.after.clicked, found.after.clicked) and kept.before.error == found.before.error


def test_a_damaged_file_is_as_none(tmp_path: Path) -> None:
    for text in ("", "[]", "{}", '{"before": 3}'):
        (tmp_path / CALIBRATION).write_text(text)
        assert read_calibration(tmp_path) is None
