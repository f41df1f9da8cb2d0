"""What a million users cost: ``python -m tests.data.million_users [--users N] [--items N] [--home H] [--written]``.

Writes files in MIND's layout (by default 2 million impressions, 20 million clicks), imports them in a process of their
own and prints its peak of memory, then looks people up. ``--home`` keeps the dataset ``million`` there, to open the app
on it. ``--written`` leaves the reading of text out: the same numbers go straight to the store.
"""

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recattn.benchmark.mind_files import write_news
from recattn.data import Dataset, import_mind
from recattn.data.schema import ITEM_SCHEMA
from recattn.data.writing import Content, write_dataset
from recattn.types import DatasetInfo, Impressions

_SHOWN, _CLICKS_READ = 10, 18  # candidates an impression; clicks before it, on average
_ROWS_AT_ONCE = 100_000
_FIRST = np.datetime64("2019-11-09T00:00:00")
_SECONDS = 6 * 86_400


def impressions_of(users: int, items: int) -> Impressions:
    """Two impressions a user with the same history before both, popular and rare items, six days."""
    rng = np.random.default_rng(0)
    rows = 2 * users
    chance = np.cumsum(1 / np.arange(1, items + 1) ** 0.8)
    lengths = np.minimum(rng.geometric(1 / _CLICKS_READ, users), 500)
    history = np.searchsorted(chance, rng.random(int(lengths.sum())) * chance[-1]).astype(np.int32)
    ids = np.char.add("U", rng.permutation(users).astype(str)).astype(object)
    return Impressions(
        impression_id=np.arange(1, rows + 1).astype(str).astype(object),
        user_id=np.concatenate([ids, ids]),
        time=_FIRST + (np.arange(rows) * _SECONDS // rows).astype("timedelta64[s]"),
        history_offsets=np.concatenate(([0], np.cumsum(np.concatenate([lengths, lengths])))),
        history=np.concatenate([history, history]),
        candidate_offsets=np.arange(0, _SHOWN * rows + 1, _SHOWN),
        candidates=rng.integers(0, items, _SHOWN * rows).astype(np.int32),
        labels=np.tile(np.array([1] + [0] * (_SHOWN - 1), np.int8), rows),
    )


def write_behaviors(path: Path, impressions: Impressions, items: int) -> None:
    """The impressions as ``behaviors.tsv``; Arrow puts the lines together."""
    ids = pa.array([f"N{row}" for row in range(items)])
    shown = pa.array([f"N{row}-{label}" for row in range(items) for label in (0, 1)])
    with path.open("wb") as file:
        for start in range(0, len(impressions), _ROWS_AT_ONCE):
            part = impressions.rows(np.arange(start, min(start + _ROWS_AT_ONCE, len(impressions))))
            candidates = 2 * part.candidates + np.asarray(part.labels)
            cells = [
                pa.array(part.impression_id, pa.string()),
                pa.array(part.user_id, pa.string()),
                pc.strftime(pa.array(part.time, pa.timestamp("s")), "%m/%d/%Y %I:%M:%S %p"),
                _joined(part.history_offsets, ids.take(pa.array(part.history))),
                _joined(part.candidate_offsets, shown.take(pa.array(candidates))),
            ]
            lines = pc.binary_join_element_wise(*cells, "\t")
            file.write(("\n".join(lines.to_pylist()) + "\n").encode())


def _joined(offsets: np.ndarray, texts: pa.Array) -> pa.Array:
    return pc.binary_join(pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), texts), " ")


def imported(users: int, items: int) -> DatasetInfo:
    """Through the text files, which another process writes; so its memory doesn't count."""
    with tempfile.TemporaryDirectory() as folder:
        if os.fork() == 0:
            write_news(Path(folder, "news.tsv"), range(items))
            write_behaviors(Path(folder, "behaviors.tsv"), impressions_of(users, items), items)
            os._exit(0)
        os.wait()
        print(f"files: {sum(file.stat().st_size for file in Path(folder).iterdir()) / 1e6:,.0f} MB")
        return import_mind("million", Path(folder), replace=True)


def written(users: int, items: int) -> DatasetInfo:
    """Straight to the store."""
    columns = {name: [""] * items for name in ITEM_SCHEMA.names if name not in ("published", "entities")}
    columns |= {"item_id": [f"N{row}" for row in range(items)], "title": [f"Number {row}" for row in range(items)]}
    table = pa.table({**columns, "published": [None] * items, "entities": [[]] * items}).select(ITEM_SCHEMA.names)
    content = Content(table.cast(ITEM_SCHEMA), {"train": impressions_of(users, items)}, "measurement")
    return write_dataset("million", content, replace=True)


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


def look_up(dataset: Dataset) -> None:
    """Everything a page asks a dataset."""
    timed("open", lambda: Dataset.open("million"))
    people = iter([dataset.random_user(seed).user_id for seed in range(40)])  # others each time: some are remembered
    word = dataset.page_items("", 1000, 1)[0]["title"][0].split()[0]
    timed("user", lambda: dataset.user(next(people)))
    timed("user_impressions", lambda: dataset.user_impressions(next(people)))
    timed("random_user", lambda: dataset.random_user(2))
    for text in ("", "u", "99", "12345", "nobody"):
        timed(f"find_users {text!r}", lambda text=text: dataset.find_users(text, 50))
    for text in (word, word[:2], "kind3", "nobody"):
        timed(f"find_readers {text!r}", lambda text=text: dataset.find_readers(text, 50))
    timed("page_users, late", lambda: dataset.page_users("", dataset.info.users * 9 // 10, 50))
    timed("page_users '99'", lambda: dataset.page_users("99", 100, 50))
    timed("page_impressions, offset 10,000", lambda: dataset.page_impressions("", 10_000, 50))
    timed(f"page_items {word!r}", lambda: dataset.page_items(word, 0, 50))
    timed("distributions", dataset.distributions, 1)


def main() -> None:
    """Write, open, ask."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=1_000_000)
    parser.add_argument("--items", type=int, default=160_000)
    parser.add_argument("--home", help="keep the dataset in this home")
    parser.add_argument("--written", action="store_true", help="straight to the store, without text files")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["RECATTN_HOME"] = given.home or folder
        started = time.perf_counter()
        info = (written if given.written else imported)(given.users, given.items)
        seconds, peak = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{info.items:,} items, {info.users:,} users, {info.impressions:,} impressions in {seconds:.0f} s")
        print(f"peak {peak:,.0f} MB, on disk {sum(info.sizes.values()) / 1e6:,.0f} MB: {dict(info.sizes)}", flush=True)
        look_up(Dataset.open("million"))


if __name__ == "__main__":
    main()
