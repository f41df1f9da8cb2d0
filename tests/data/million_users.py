"""What looking people up costs among a million: ``python -m tests.data.million_users [users]``."""

import os
import sys
import tempfile
import time
from collections.abc import Callable

import numpy as np
import pyarrow as pa

from recattn.data import Dataset
from recattn.data.schema import ITEM_SCHEMA
from recattn.data.writing import Content, write_dataset
from recattn.types import Impressions

_ITEMS = 50_000
_TOPICS = ("chess", "harbour", "budget", "cup", "storm", "opera", "rocket", "orchid")


def world(users: int) -> Content:
    """Two impressions a user, about 25 clicks in each history, popular and rare items."""
    rng = np.random.default_rng(0)
    rows = 2 * users
    chance = np.cumsum(1 / np.arange(1, _ITEMS + 1) ** 0.8)
    lengths = np.minimum(rng.geometric(1 / 25, rows), 500)
    history = np.searchsorted(chance, rng.random(lengths.sum()) * chance[-1]).astype(np.int32)
    ids = np.array([f"U{number:07}" for number in rng.permutation(users)], object)
    impressions = Impressions(
        impression_id=np.array([str(row) for row in range(rows)], object),
        user_id=np.concatenate([ids, ids]),
        time=np.datetime64("2026-03-02T00:00:00") + np.arange(rows).astype("timedelta64[s]"),
        history_offsets=np.concatenate(([0], np.cumsum(lengths))),
        history=history,
        candidate_offsets=np.arange(0, 10 * rows + 1, 10),
        candidates=rng.integers(0, _ITEMS, 10 * rows).astype(np.int32),
        labels=np.tile(np.array([1] + [0] * 9, np.int8), rows),
    )
    titles = [f"Number {row} about {_TOPICS[row % 8] if row % 100 < 8 else 'nothing'}" for row in range(_ITEMS)]
    columns = {name: [""] * _ITEMS for name in ITEM_SCHEMA.names if name not in ("published", "entities")}
    columns |= {"item_id": [f"N{row}" for row in range(_ITEMS)], "title": titles, "category": ["news"] * _ITEMS}
    items = pa.table({**columns, "published": [None] * _ITEMS, "entities": [[]] * _ITEMS}).select(ITEM_SCHEMA.names)
    return Content(items.cast(ITEM_SCHEMA), {"train": impressions}, "measurement")


def timed(what: str, ask: Callable[[], object], times: int = 7) -> None:
    """Print the first, the median and the slowest of some calls, and the processor time of the median, in ms."""
    wall, processor = [], []
    for _ in range(times):
        started, used = time.perf_counter(), time.process_time()
        ask()
        wall.append(1000 * (time.perf_counter() - started))
        processor.append(1000 * (time.process_time() - used))
    middle = times // 2
    print(
        f"{what:36} first {wall[0]:5.0f} ms, median {sorted(wall)[middle]:5.0f}, worst {max(wall):5.0f}, "
        f"processor {sorted(processor)[middle]:5.0f}"
    )


def main() -> None:
    """Write, open, ask."""
    users = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        os.environ["RECATTN_HOME"] = folder
        content = world(users)
        started = time.perf_counter()
        info = write_dataset("million", content)
        print(f"written in {time.perf_counter() - started:.0f} s, {sum(info.sizes.values()) / 1e6:.0f} MB")
        dataset = Dataset.open("million")
        timed("open", lambda: Dataset.open("million"))
        someone = dataset.random_user(1).user_id
        timed("user", lambda: dataset.user(someone))
        timed("user_impressions", lambda: dataset.user_impressions(someone))
        timed("random_user", lambda: dataset.random_user(2))
        for text in ("", "u", "99", "12345", "nobody"):
            timed(f"find_users {text!r}", lambda text=text: dataset.find_users(text, 50))
        for text in ("chess", "che", "news", "nobody"):
            timed(f"find_readers {text!r}", lambda text=text: dataset.find_readers(text, 50))
        timed("page_users, offset 900,000", lambda: dataset.page_users("", 900_000 * users // 10**6, 50))
        timed("page_users '99'", lambda: dataset.page_users("99", 100, 50))
        timed("page_impressions, offset 10,000", lambda: dataset.page_impressions("", 10_000, 50))
        timed("page_items 'chess'", lambda: dataset.page_items("chess", 0, 50))
        timed("distributions", dataset.distributions, 1)


if __name__ == "__main__":
    main()
