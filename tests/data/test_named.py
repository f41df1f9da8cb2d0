import json
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recattn.data import Dataset
from recattn.data.tables import import_interactions
from recattn.errors import DataError

ROLES = {"user": "who", "item": "sku", "time": "at"}
MOMENTS = [datetime(2024, 5, day, 12, tzinfo=UTC) for day in (1, 3, 2)]
TABLE = pa.table({"who": ["u"] * 3, "sku": [1, 2, 3], "at": MOMENTS, "unused": [None, [1.5], []]})


def test_a_parquet_table_is_read_with_numbers_as_ids_and_its_own_times(tmp_path: Path) -> None:
    pq.write_table(TABLE, tmp_path / "taken.parquet")
    items = pa.table(
        {"id": [1, 2], "name": ["Lamp", "Desk"], "kinds": [["light", "home"], []], "of": [date(1999, 4, 1)] * 2}
    )
    pq.write_table(items, tmp_path / "items.parquet")
    info = import_interactions(
        "shop",
        tmp_path / "taken.parquet",
        ROLES,
        items=str(tmp_path / "items.parquet"),
        item_id="id",
        text=["name", "kinds"],
        attributes={"genres": "kinds"},
    )
    assert (info.domain, info.impressions) == ("products", 3) and len(info.checksums) == 2
    dataset = Dataset.open("shop")
    assert dataset.user("u").history == ("1", "3", "2")
    assert str(dataset.impressions("train").time[0]) == "2024-05-01T12:00:00"
    lamp = dataset.items().iloc[0]
    assert (lamp["title"], lamp["abstract"]) == ("Lamp", "light, home")
    assert json.loads(lamp["attributes"]) == {"genres": ["light", "home"]}


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_times_of_parquet_have_any_unit(unit: str, tmp_path: Path) -> None:
    pq.write_table(TABLE.set_column(2, "at", TABLE["at"].cast(pa.timestamp(unit))), tmp_path / "taken.parquet")
    import_interactions("shop", tmp_path / "taken.parquet", ROLES)
    assert str(Dataset.open("shop").impressions("train").time[0]) == "2024-05-01T12:00:00"


def test_a_folder_of_parts_is_one_table_whose_marks_and_empty_parts_are_passed_over(tmp_path: Path) -> None:
    folder = tmp_path / "taken.parquet"
    folder.mkdir()
    for number in range(3):
        pq.write_table(TABLE.slice(number, 1), folder / f"part-{number}.parquet")
    pq.write_table(TABLE.slice(0, 0), folder / "part-9.parquet")
    (folder / "_SUCCESS").touch()
    info = import_interactions("shop", folder, ROLES)
    assert Dataset.open("shop").user("u").history == ("1", "3", "2")
    assert list(info.rows_read.values()) == [1, 1, 1, 0]
    (folder / "more.csv").write_text("who,sku,at\n")
    with pytest.raises(DataError, match="tables of several kinds"):
        import_interactions("other", folder, ROLES)


def test_bad_rows_of_parquet_are_counted_with_their_numbers(tmp_path: Path) -> None:
    table = pa.table({"who": ["u", None] + ["v"] * 300, "sku": ["a", "b"] + ["c"] * 300})
    pq.write_table(table, tmp_path / "taken.parquet")
    info = import_interactions("shop", tmp_path / "taken.parquet", {"user": "who", "item": "sku"})
    assert info.rejected == {"interactions without a user": 1} and info.rejected_rows[0]["line"] == 2


def test_what_is_no_parquet_or_too_large_or_lacks_a_column_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "taken.parquet"
    pq.write_table(TABLE, file)
    with pytest.raises(DataError, match=r"no column nobody.*It has who, sku, at, unused"):
        import_interactions("shop", file, ROLES | {"user": "nobody"})
    monkeypatch.setenv("RECATTN_MAX_UNPACKED_GB", "0.00000001")
    with pytest.raises(DataError, match="RECATTN_MAX_UNPACKED_GB"):
        import_interactions("shop", file, ROLES)
    monkeypatch.delenv("RECATTN_MAX_UNPACKED_GB")
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(DataError, match="must be a Parquet file"):
        import_interactions("shop", file, ROLES)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 10_000), byte=st.integers(0, 255))
def test_a_damaged_parquet_is_refused_or_read_but_never_an_error_of_ours(place: int, byte: int, tmp_path: Path) -> None:
    file = tmp_path / "damaged.parquet"
    pq.write_table(TABLE, file)
    content = bytearray(file.read_bytes())
    content[place % len(content)] = byte
    file.write_bytes(content)
    with suppress(DataError):
        import_interactions("shop", file, ROLES, replace=True)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(st.text(st.characters(exclude_categories=["Cs"])).map(str.strip).filter(bool), min_size=1))
def test_any_id_in_parquet_comes_back_as_it_was(names: list[str], tmp_path: Path) -> None:
    taken = list(dict.fromkeys(names))
    pq.write_table(pa.table({"who": ["u"] * len(taken), "sku": taken}), tmp_path / "taken.parquet")
    import_interactions("shop", tmp_path / "taken.parquet", {"user": "who", "item": "sku"}, replace=True)
    assert Dataset.open("shop").items()["item_id"].tolist() == taken
