"""One part of everybody's recommendations: the same function for every engine, in whatever process it runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from recattn.data import Dataset
from recattn.data.scored import Lists, PartWriter
from recattn.errors import RunError
from recattn.recommender import Recommender
from recattn.types import User

REASONS = 3
_USERS = 512  # between two looks whether the work is to stop


@dataclass(frozen=True)
class Task:
    """What all parts are made from, in words that may travel to another process or machine."""

    folder: str  # of the run
    dataset: str
    out: str
    n: int
    part_users: int
    dataset_fingerprint: str = ""


def opened(task: Task) -> Recommender:
    """The recommender of a task.

    Raises:
        RunError: when another dataset has that name now.
    """
    dataset = Dataset.open(task.dataset)
    if task.dataset_fingerprint not in ("", dataset.fingerprint):
        raise RunError(f"The dataset {task.dataset} was replaced while it was scored.", "", "Score into a new folder.")
    return Recommender.load(Path(task.folder), dataset)


def rows_of(task: Task, part: int, users: int) -> range:
    """The rows of ``users.parquet`` whose lists are in a part."""
    return range(part * task.part_users, min((part + 1) * task.part_users, users))


def score_part(recommender: Recommender, task: Task, part: int, done: Callable[[int], None]) -> int:
    """Write one part; returns how many users it holds.

    Args:
        recommender: from `opened`.
        task: what is wanted.
        part: which part of it.
        done: hears how many more users are finished; may raise Cancelled, and the part is then not there.
    """
    dataset = recommender.dataset
    rows = rows_of(task, part, dataset.info.users)
    item_ids = dataset.items()["item_id"].tolist()
    with PartWriter(Path(task.out), part, len(rows), item_ids) as writer:
        for start in range(rows.start, rows.stop, _USERS):
            users = dataset.users_between(start, min(start + _USERS, rows.stop))
            writer.write(lists_of(recommender, users, task.n))
            done(len(users))
    return len(rows)


def lists_of(recommender: Recommender, users: Sequence[User], n: int) -> Lists:
    """What each user gets: the model's list, or what is popular for those who read nothing."""
    read = np.array([bool(user.history) for user in users], dtype=bool)
    top = recommender.recommend_all([user.history for user in users if user.history], n, REASONS)
    lists = _nothing(users, top.items.shape[1])
    for name, found in top._asdict().items():
        getattr(lists, name)[read] = found
    if read.all():
        return lists
    popular = recommender.popular(n)
    lists.items[~read] = recommender.dataset.index([one.item_id for one in popular])
    lists.scores[~read] = np.array([one.score for one in popular], np.float32)
    return replace(lists, popular=~read)


def _nothing(users: Sequence[User], n: int) -> Lists:
    def amounts(*shape: int) -> np.ndarray:
        return np.full((len(users), n, *shape), np.nan, np.float32)

    items, reasons = np.full((len(users), n), -1), np.full((len(users), n, REASONS), -1)
    ids = [user.user_id for user in users]
    return Lists(ids, np.zeros(len(users), bool), items, amounts(), reasons, amounts(REASONS), amounts())
