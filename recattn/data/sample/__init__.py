"""The sample: a fictional news world with readers whose clicks have known causes.

``write_sample`` makes all files of ``sample_data/`` from a seed, bit for bit the same on every machine.
"""

from pathlib import Path

import pandas as pd

from recattn.data.sample.clicks import impressions
from recattn.data.sample.front_page import FrontPage
from recattn.data.sample.stories import write_articles
from recattn.data.sample.world import build_world
from recattn.data.sample.writing import split_of, write_documents, write_split, write_truth
from recattn.errors import DataError
from recattn.types import Report, silent


def write_sample(folder: Path, seed: int = 7, report: Report = silent) -> None:
    """Write the sample into a folder: both splits, the truth, a README and the licence.

    Args:
        folder: made when it is not there; files of the same names are replaced.
        seed: another seed gives another world of the same rules.
        report: hears of phase "readers".
    """
    world = build_world(seed)
    articles = write_articles(world, seed)
    page = FrontPage(articles, frozenset(entity.label for entity in world.lists["dest"]))
    shown = list(enumerate(impressions(page, seed, report), start=1))
    for split in ("train", "dev"):
        write_split(folder / split, articles, [pair for pair in shown if split_of(pair[1]) == split])
    write_truth(folder / "truth.parquet", shown)
    write_documents(folder, articles, shown)


def sample_folder() -> Path:
    """The ``sample_data`` of this checkout."""
    return Path(__file__).parents[3] / "sample_data"


def sample_truth() -> pd.DataFrame:
    """Why each click of the sample came about: impression_id, user_id, item_id, causes (a list of ids), rule.

    Raises:
        DataError: when this installation came without the sample.
    """
    file = sample_folder() / "truth.parquet"
    if not file.is_file():
        raise DataError(
            f"The sample's truth was not found at {file}.",
            "It lies in sample_data/ of the project's checkout.",
            "Make it again: python -m recattn sample --regenerate sample_data",
        )
    truth = pd.read_parquet(file)
    return truth.assign(causes=truth["causes"].map(list))
