"""A tiny news world with three really trained models: learned attention and its two twins."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from recattn.config import runs_folder
from recattn.data import Dataset
from recattn.recommender import Recommender
from recattn.training.config import configured
from recattn.training.training import train
from tests.jobs.tiny import import_tiny, tiny_settings
from tests.models.conftest import write_tiny_encoder


@pytest.fixture(scope="session")
def trained_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The home of that world; its runs are called as their attention is."""
    folder = tmp_path_factory.mktemp("trust")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RECATTN_HOME", str(folder / "home"))
        patch.setenv("HF_HUB_OFFLINE", "1")
        import_tiny(folder / "mind")
        settings = tiny_settings(write_tiny_encoder(folder / "encoder"), 3) | {"learning_rate": 0.02}
        for attention in ("learned", "uniform", "permuted"):
            config = configured("default", {**settings, "attention": attention})
            train(Dataset.open("tiny"), config, runs_folder() / attention)
    yield folder / "home"


@pytest.fixture
def recommender(trained_world: Path, monkeypatch: pytest.MonkeyPatch) -> Recommender:
    """The model with learned attention."""
    monkeypatch.setenv("RECATTN_HOME", str(trained_world))
    return Recommender.load(runs_folder() / "learned", Dataset.open("tiny"))
