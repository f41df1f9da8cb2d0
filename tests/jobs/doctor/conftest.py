"""A home with a dataset and a trained run, as good as new for each test."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from recattn.jobs.starting import queue
from recattn.jobs.worker import perform
from tests.jobs.tiny import import_tiny, tiny_settings
from tests.models.conftest import write_tiny_encoder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("doctor")
    former = os.environ.get("RECATTN_HOME")
    os.environ["RECATTN_HOME"] = str(folder / "home")
    import_tiny(folder / "news")
    perform(queue("train", "tiny", tiny_settings(write_tiny_encoder(folder / "encoder"), 1), activate=True))
    os.environ.pop("RECATTN_HOME")
    if former is not None:
        os.environ["RECATTN_HOME"] = former
    yield folder


@pytest.fixture
def sound_home(made: Path, recattn_home: Path) -> Path:
    shutil.copytree(made / "home", recattn_home)
    return recattn_home
