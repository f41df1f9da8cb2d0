"""What other programs may rely on: the files of a dataset, read without any code of ours."""

import hashlib
import json
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest

from recattn.config import datasets_folder
from recattn.data import Dataset, import_mind
from tests.data.mind_files import article, shown, small_split, write_split

COLUMNS = {
    "items": "item_id title abstract category subcategory url published entities image_url attributes",
    "impressions": "impression_id split user_id time place history candidates labels",
    "users": "user_id history history_length n_clicks first_time last_time",
    "readers": "item_row user_row",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    test = write_split(tmp_path / "test", [article("N1")], [shown(1, "N1")])
    import_mind("made", small_split(tmp_path / "train"), small_split(tmp_path / "dev", 500), test)
    return datasets_folder() / "made"


@pytest.mark.parametrize("table", COLUMNS)
def test_the_tables_have_the_columns_that_are_promised(folder: Path, table: str) -> None:
    names = COLUMNS[table].split()
    assert pq.read_schema(folder / f"{table}.parquet").names == names
    assert duckdb.sql(f"SELECT * FROM '{folder / table}.parquet'").columns == names


def test_the_folder_holds_nothing_else(folder: Path) -> None:
    assert sorted(path.stem for path in folder.iterdir()) == sorted([*COLUMNS, "dataset"])


def test_pandas_reads_impressions_with_real_ids(folder: Path) -> None:
    table = pd.read_parquet(folder / "impressions.parquet")
    first = table[(table["impression_id"] == "1") & (table["split"] == "train")].iloc[0]
    assert (first["user_id"], str(first["time"])) == ("U0", "2019-11-13 01:00:00")
    assert list(first["history"]) == ["N2", "N3"] and list(first["candidates"]) == ["N0", "N1"]
    assert list(first["labels"]) == [1, 0]
    assert table.groupby("split").size().to_dict() == {"train": 200, "dev": 200, "test": 1}
    assert table.loc[table["split"] == "test", "labels"].isna().all()


def test_places_number_the_impressions_of_a_split_in_order_of_time(folder: Path) -> None:
    table = pd.read_parquet(folder / "impressions.parquet").query("split == 'train'").sort_values("place")
    assert table["place"].tolist() == list(range(200)) and table["time"].is_monotonic_increasing
    assert table["impression_id"].tolist() == Dataset.open("made").impressions("train").impression_id.tolist()


def test_the_index_of_readers_is_what_the_histories_say(folder: Path) -> None:
    users, items = pd.read_parquet(folder / "users.parquet"), pd.read_parquet(folder / "items.parquet")
    readers = pd.read_parquet(folder / "readers.parquet")
    named = zip(items["item_id"].iloc[readers["item_row"]], users["user_id"].iloc[readers["user_row"]], strict=True)
    assert sorted(named) == sorted((item, row.user_id) for row in users.itertuples() for item in row.history)


def test_users_are_in_order_of_their_histories_and_count_what_they_have(folder: Path) -> None:
    users = pd.read_parquet(folder / "users.parquet")
    assert users["user_id"].is_unique
    assert users.sort_values(["history_length", "user_id"], ascending=[False, True]).equals(users)
    assert users["history_length"].tolist() == [len(history) for history in users["history"]]
    assert users["n_clicks"].sum() == 400


def test_the_description_tells_sizes_sums_and_what_was_read(folder: Path) -> None:
    entries = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
    assert (entries["schema_version"], entries["source"], entries["domain"]) == (1, "MIND", "news")
    assert entries["splits"] == {"train": 200, "dev": 200, "test": 1}
    assert (entries["items"], entries["users"], entries["impressions"]) == (10, 7, 401)
    assert list(entries["rows_read"]) == list(entries["checksums"])
    assert entries["rows_read"]["test/behaviors.tsv"] == 1
    for file, digest in entries["files"].items():
        assert hashlib.sha256((folder / file).read_bytes()).hexdigest() == digest
        assert (folder / file).stat().st_size == entries["sizes"][file]


def test_the_checksums_are_those_of_the_input_files(folder: Path, tmp_path: Path) -> None:
    for name, digest in Dataset.open("made").info.checksums.items():
        assert hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() == digest
