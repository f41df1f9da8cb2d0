from pathlib import Path

import numpy as np
import pytest

from recattn.benchmark import ablation
from recattn.benchmark.ablation import BASE, ENSEMBLE, LEVERS, METRICS, ablate
from recattn.config import home
from recattn.data import Dataset
from recattn.errors import UnknownError
from recattn.training import configured
from tests.jobs.tiny import import_tiny, tiny_settings
from tests.models.conftest import write_tiny_encoder


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    """The levers on top of settings so small that a training takes a second."""
    import_tiny(tmp_path / "mind")
    small = tiny_settings(write_tiny_encoder(tmp_path / "encoder"), epochs=1)
    levers = {BASE: small, "attention uniform": {**small, "attention": "uniform"}}
    monkeypatch.setattr(ablation, "LEVERS", levers)
    return Dataset.open("tiny")


def test_every_lever_is_trained_with_every_seed_and_compared_in_pairs(tiny: Dataset) -> None:
    found = ablate(tiny, ("attention uniform",), seeds=2)
    assert [row.lever for row in found.rows] == [BASE, ENSEMBLE, "attention uniform"]
    base, together, uniform = found.rows
    assert base.difference["auc"].value == base.difference["auc"].low == 0.0
    assert base.seeds == uniform.seeds == 2 and together.seeds == 1
    for row in found.rows:
        assert set(row.metrics) == set(METRICS)
        assert np.mean(row.by_seed["auc"]) == pytest.approx(row.metrics["auc"].value)
        assert row.metrics["auc"].value - base.metrics["auc"].value == pytest.approx(row.difference["auc"].value)
    assert len(set(base.by_seed["auc"])) == 2, "another seed is another model"


def test_what_was_trained_before_is_used_again(tiny: Dataset) -> None:
    first = ablate(tiny, (), seeds=1)
    written = {file: file.stat().st_mtime_ns for file in (home() / "ablation").rglob("model.safetensors")}
    assert len(written) == 1
    again = ablate(tiny, (), seeds=1)
    assert again == first
    assert written == {file: file.stat().st_mtime_ns for file in (home() / "ablation").rglob("model.safetensors")}


def test_an_unknown_lever_is_refused_with_those_that_are_known(tiny: Dataset) -> None:
    with pytest.raises(UnknownError, match=f"no lever 'luck'. Allowed are {BASE}"):
        ablate(tiny, ("luck",))


@pytest.mark.parametrize("lever", LEVERS)
def test_every_lever_is_a_configuration(lever: str) -> None:
    assert (configured("default", LEVERS[lever]) == configured()) == (lever == BASE)
