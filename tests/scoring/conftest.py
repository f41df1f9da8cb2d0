"""A tiny news world with a really trained run called "answers", and more users than it was trained on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from recattn.config import runs_folder
from recattn.data import Dataset, import_mind
from recattn.recommender import Recommender
from recattn.training.training import train
from tests.jobs.tiny import USERS, tiny_config, write_tiny_mind
from tests.models.conftest import write_tiny_encoder

MORE = 300  # who only show up in dev; every tenth of them read nothing
EVERYBODY = USERS + MORE


def write_world(folder: Path) -> None:
    """The dataset "tiny", with users of all kinds."""
    write_tiny_mind(folder / "train")
    dev = write_tiny_mind(folder / "dev", 30, day=10, seed=1)
    read = ["" if user % 10 == 0 else f"N{user % 20} N{user % 7 + 3}" for user in range(MORE)]
    lines = [f"{1000 + user}\tX{user}\t11/12/2019 1:01:00 AM\t{read[user]}\tN2-0" for user in range(MORE)]
    with (dev / "behaviors.tsv").open("a") as behaviors:
        behaviors.write("\n".join(lines) + "\n")
    import_mind("tiny", folder / "train", dev=dev)


@pytest.fixture(scope="session")
def scored_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The home of that world."""
    folder = tmp_path_factory.mktemp("scoring")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RECATTN_HOME", str(folder / "home"))
        patch.setenv("HF_HUB_OFFLINE", "1")
        write_world(folder / "mind")
        train(Dataset.open("tiny"), tiny_config(write_tiny_encoder(folder / "encoder")), runs_folder() / "answers")
    yield folder / "home"


@pytest.fixture
def recommender(scored_world: Path, monkeypatch: pytest.MonkeyPatch) -> Recommender:
    """What answers there."""
    monkeypatch.setenv("RECATTN_HOME", str(scored_world))
    return Recommender.load("runs/answers")
