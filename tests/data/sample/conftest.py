"""The world of the committed sample, its articles and impressions, made once for all tests of the sample."""

import csv
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from recattn.data.sample import sample_folder
from recattn.data.sample.clicks import Shown, visits
from recattn.data.sample.front_page import FrontPage
from recattn.data.sample.readers import readers
from recattn.data.sample.stories import Article, write_articles
from recattn.data.sample.world import World, build_world

NEWS = ["item_id", "category", "subcategory", "title", "abstract", "url", "title_entities", "abstract_entities"]
BEHAVIORS = ["impression_id", "user_id", "time", "history", "candidates"]


@pytest.fixture(scope="session")
def world() -> World:
    return build_world(7)


@pytest.fixture(scope="session")
def articles(world: World) -> list[Article]:
    return write_articles(world, 7)


@pytest.fixture(scope="session")
def page(world: World, articles: list[Article]) -> FrontPage:
    return FrontPage(articles, frozenset(entity.label for entity in world.lists["dest"]))


@pytest.fixture(scope="session")
def shown(page: FrontPage) -> list[Shown]:
    """What every eighth reader was shown: readers do not know each other, so they can be asked one by one."""
    everyone = list(readers(page, 7))[::8]
    return [one for reader, dice in everyone for one in visits(page, reader, dice)]


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample, made again as a person would, in a process of its own."""
    folder = tmp_path_factory.mktemp("sample")
    code = (
        f"from pathlib import Path; from recattn.data.sample import write_sample; write_sample(Path({str(folder)!r}))"
    )
    root = sample_folder().parent
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root, timeout=300)
    return folder


def _table(split: str, name: str, columns: list[str]) -> pd.DataFrame:
    file = sample_folder() / split / name
    table = pd.read_csv(file, sep="\t", header=None, quoting=csv.QUOTE_NONE, keep_default_na=False, dtype=str)
    assert table.shape[1] == len(columns)
    return table.set_axis(columns, axis=1).assign(split=split)


@pytest.fixture(scope="session")
def news() -> pd.DataFrame:
    """The committed articles of both splits."""
    tables = [_table(split, "news.tsv", NEWS) for split in ("train", "dev")]
    return pd.concat(tables, ignore_index=True)


@pytest.fixture(scope="session")
def behaviors() -> pd.DataFrame:
    """The committed impressions of both splits, their lists split and their times parsed."""
    table = pd.concat([_table(split, "behaviors.tsv", BEHAVIORS) for split in ("train", "dev")], ignore_index=True)
    candidates = table["candidates"].str.split()
    return table.assign(
        time=pd.to_datetime(table["time"], format="%m/%d/%Y %I:%M:%S %p"),
        history=table["history"].str.split(),
        candidates=candidates.map(lambda pairs: [pair.rpartition("-")[0] for pair in pairs]),
        clicked=candidates.map(lambda pairs: [pair.removesuffix("-1") for pair in pairs if pair.endswith("-1")]),
    )
