"""Impressions as arrays: what was clicked when, and since when each item was there."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from recattn.data import Dataset, import_mind
from recattn.data.reading import read_clicks, read_impressions, read_seen
from recattn.data.storage import tables_of
from recattn.errors import DataError, UnknownError
from tests.data.mind_files import article, shown, write_split
from tests.data.test_store import NEWS, dataset

__all__ = ["dataset"]


def test_clicks_come_in_order_of_time(dataset: Dataset) -> None:
    rows, times = dataset.clicks()
    assert rows.tolist() == [0, 2, 3, 4, 5] and times.dtype == "datetime64[s]"
    assert times.astype(str).tolist()[:2] == ["2019-11-11T08:00:00", "2019-11-12T08:00:00"]
    assert np.isnat(times[-2:]).all()
    assert dataset.clicks("dev")[0].tolist() == [5]
    with pytest.raises(UnknownError, match=r"no split 'test'\. Allowed are train, dev\."):
        dataset.clicks("test")


def test_the_past_says_what_was_clicked_and_since_when_each_item_was_there(dataset: Dataset) -> None:
    past, of_training = dataset.past(), dataset.past("train")
    assert past.items.tolist() == [0, 2, 3, 4, 5, 5] and of_training.items.tolist() == [0, 2, 3, 4, 5]
    np.testing.assert_array_equal(of_training.times, dataset.clicks()[1])
    monday, tuesday, wednesday = (f"2019-11-{day}T08:00:00" for day in (11, 12, 13))
    known = [monday, monday, tuesday, monday]
    assert past.first_seen.astype(str).tolist() == [*known, wednesday, wednesday], "in a history counts as there"
    assert of_training.first_seen.astype(str).tolist() == [*known, "NaT", "NaT"], "shown, but nobody knows when"
    assert (str(past.last_seen), str(of_training.last_seen)) == (wednesday, "2019-11-12T09:30:00")
    with pytest.raises(UnknownError, match="no split 'test'"):
        dataset.past("train", "test")


def test_of_splits_without_labels_and_times_the_past_knows_nothing(tmp_path: Path) -> None:
    test = [shown(1, "N0 N1", "N2", time="11/14/2019 8:00:00 AM")]
    import_mind(
        "still",
        write_split(tmp_path / "train", NEWS, [shown(1, "N1-1", time="")]),
        test=write_split(tmp_path / "test", NEWS, test),
    )
    train, unlabelled = (Dataset.open("still").past(split) for split in ("train", "test"))
    assert train.items.tolist() == [1] and np.isnat([*train.times, *train.first_seen, train.last_seen]).all()
    assert len(unlabelled.items) == len(unlabelled.times) == 0
    assert np.isnat(unlabelled.first_seen).tolist() == [False] * 3 + [True] * 3


def test_items_of_all_row_groups_are_found(tmp_path: Path) -> None:
    news = [article(f"N{row}") for row in range(9000)]
    import_mind("many", write_split(tmp_path / "many", news, [shown(1, "N8999-1 N0-0", "N8500")]))
    many = Dataset.open("many")
    only = many.impressions("train")
    assert [*only.history, *only.candidates] == many.index(["N8500", "N8999", "N0"]).tolist()
    assert many.clicks()[0].tolist() == many.index(["N8999"]).tolist()


def test_impressions_of_items_that_are_not_there_are_refused(dataset: Dataset) -> None:
    ids = pa.array(dataset.items()["item_id"], pa.string())
    for read in (read_impressions, read_clicks, read_seen):
        read(tables_of(dataset.folder), "train", ids)
        with pytest.raises(DataError, match=r"name items that items\.parquet lacks"):
            read(tables_of(dataset.folder), "train", ids[1:])
