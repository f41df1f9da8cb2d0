from collections.abc import Callable
from pathlib import Path

import pytest

from recattn.data import Dataset
from tests.jobs.tiny import import_tiny
from tests.jobs.tiny_films import import_tiny_films
from tests.models.conftest import write_tiny_encoder


@pytest.fixture
def tiny(recattn_home: Path, tmp_path: Path) -> Dataset:
    """The tiny news world, imported."""
    import_tiny(tmp_path / "mind")
    return Dataset.open("tiny")


@pytest.fixture
def films(recattn_home: Path, tmp_path: Path) -> Dataset:
    """The tiny film world, where only what was seen is known."""
    import_tiny_films(tmp_path / "movielens")
    return Dataset.open("films")


@pytest.fixture(scope="session")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny DistilBERT."""
    return write_tiny_encoder(tmp_path_factory.mktemp("encoder") / "tiny-distilbert")


@pytest.fixture
def make_encoder(tmp_path: Path) -> Callable[..., Path]:
    """Writes another tiny encoder: ``make_encoder(name, kind)``."""
    return lambda name, kind="distilbert": write_tiny_encoder(tmp_path / name, kind)
