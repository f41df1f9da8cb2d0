import gzip
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recattn.cli import main
from recattn.data import Dataset
from recattn.data.movielens import import_movielens
from recattn.data.tables import import_interactions
from recattn.errors import DataError

REAL = Path(__file__).parents[3] / "shared" / "data" / "ml-latest-small"
ROLES = {"user": "who", "item": "sku", "time": "at", "weight": "stars"}
ROWS = [("u1", "b", 300, 5), ("u1", "a", 100, 4), ("u1", "c", 200, 1), ("u2", "a", 400, 3)]  # not in order of time


def separated(file: Path, delimiter: str) -> Path:
    lines = [("extra", "who", "sku", "at", "stars"), *(("x", *map(str, row)) for row in ROWS)]
    file.write_bytes(b"\xef\xbb\xbf" + "".join(delimiter.join(line) + "\r\n" for line in lines).encode())
    return file


def objects(file: Path) -> Path:
    rows = ({"who": who, "sku": sku, "at": at, "stars": stars} for who, sku, at, stars in ROWS)
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl"])
def test_every_layout_gives_the_same_interactions(suffix: str, tmp_path: Path) -> None:
    file = tmp_path / f"taken.{suffix}"
    table = objects(file) if suffix == "jsonl" else separated(file, "," if suffix == "csv" else "\t")
    info = import_interactions("shop", table, ROLES)
    assert (info.source, info.items, info.users, dict(info.splits)) == ("interactions", 3, 2, {"train": 3, "dev": 1})
    assert Dataset.open("shop").user("u1").history == ("a", "c", "b")
    assert "3 items have no description; their id is their title." in info.notes


def test_items_have_the_text_of_their_table_and_others_their_id(tmp_path: Path) -> None:
    items = tmp_path / "items.csv"
    items.write_text('id,name,about,kind\na,"Käse, ""alt""",mild,food\na,again,,\nz,Never taken,,\n')
    table = separated(tmp_path / "taken.csv", ",")
    info = import_interactions("shop", table, ROLES, str(items), "id", ["name", "about"], "kind")
    found = Dataset.open("shop").items().set_index("item_id")[["title", "abstract", "category"]]
    assert [found[column]["a"] for column in found] == ['Käse, "alt"', "mild", "food"]
    assert found["title"].to_dict() == {"a": 'Käse, "alt"', "z": "Never taken", "b": "b", "c": "c"}
    assert info.rejected == {"items repeated": 1} and any(note.startswith("2 items have no") for note in info.notes)


def test_bad_rows_are_counted_with_their_lines(tmp_path: Path) -> None:
    table = tmp_path / "taken.csv"
    good = "".join(f"u{number},a,{number},1\n" for number in range(998))
    bad = ["u,a,x,1", "u,,1,1", ",a,1,1", "u,a,1,nan", "u,a,1", 'u,"a,1,1', "u,a,99999999999999999,1"]
    table.write_text("who,sku,at,stars\n" + good + "\n".join(bad) + "\n")
    info = import_interactions("shop", table, ROLES)
    assert info.impressions == 998 and sum(info.rejected.values()) == len(bad)
    assert {row["line"] for row in info.rejected_rows} == set(range(1000, 1000 + len(bad)))


def test_too_many_bad_rows_stop_the_import_with_the_first_named(tmp_path: Path) -> None:
    table = tmp_path / "taken.jsonl"
    table.write_text('{"who": "u", "sku": "a"}\n[1]\n{"who": "\\ud800", "sku": "a"}\n' + "[" * 100_000 + "\n")
    with pytest.raises(DataError, match=r"3 of 4 rows can't be used.*taken\.jsonl:2"):
        import_interactions("shop", table, {"user": "who", "item": "sku"})


def test_wrong_columns_are_answered_with_those_that_are_there(tmp_path: Path) -> None:
    table = separated(tmp_path / "taken.csv", ",")
    with pytest.raises(DataError, match=r"no column nobody.*It has extra, who, sku, at, stars"):
        import_interactions("shop", table, ROLES | {"user": "nobody"})
    with pytest.raises(DataError, match="Needed are user and item"):
        import_interactions("shop", table, {"user": "who"})
    with pytest.raises(DataError, match="needs a column of weights"):
        import_interactions("shop", table, {"user": "who", "item": "sku"}, positive=3)
    with pytest.raises(DataError, match=r"Allowed are \.csv, \.tsv and \.jsonl.*\.parquet"):
        import_interactions("shop", tmp_path / "taken.xlsx", ROLES)


def test_items_have_a_domain_and_what_else_is_known_of_them(tmp_path: Path) -> None:
    (tmp_path / "items.tsv").write_text(
        "sku\tname\tout\tkinds\tpicture\na\tHeat\t15 May 1995\tCrime|Drama\thttps://x.example/a.jpg\nb\tB\t\t\t\n"
    )
    attributes = {"year": "out", "genres": "kinds", "image": "picture"}
    table, items = separated(tmp_path / "taken.csv", ","), str(tmp_path / "items.tsv")
    info = import_interactions("shop", table, ROLES, items, text=["name"], attributes=attributes, domain="films")
    found = Dataset.open("shop").items().set_index("item_id")
    known = {"year": "1995", "genres": ["Crime", "Drama"], "image": "https://x.example/a.jpg"}
    assert info.domain == "films" and json.loads(found["attributes"]["a"]) == known
    assert (str(found["published"]["a"]), found["image_url"]["a"]) == ("1995-01-01 00:00:00", known["image"])
    assert found["attributes"]["b"] == ""
    with pytest.raises(DataError, match="Allowed are news, films, products, music, ads"):
        import_interactions("other", table, ROLES, domain="weather")


def test_a_core_leaves_out_items_and_numbers_the_others_afresh(tmp_path: Path) -> None:
    pairs = [("u1", "x"), ("u1", "a"), ("u1", "b"), ("u2", "b"), ("u2", "a"), ("u3", "x")]
    (tmp_path / "taken.csv").write_text("who,sku\n" + "".join(f"{who},{sku}\n" for who, sku in [*pairs, ("u4", "y")]))
    info = import_interactions("shop", tmp_path / "taken.csv", {"user": "who", "item": "sku"}, core=2)
    dataset = Dataset.open("shop")
    assert (info.items, info.users) == (2, 2) and dataset.items()["item_id"].tolist() == ["a", "b"]
    assert (dataset.user("u1").history, dataset.user("u2").history) == (("a", "b"), ("b", "a"))
    assert "2 items that nobody took are left out." in info.notes
    with pytest.raises(DataError, match="Lower the threshold or the core"):
        import_interactions("other", tmp_path / "taken.csv", {"user": "who", "item": "sku"}, core=9)


@pytest.mark.parametrize("time", ["86400", "86400.0", "1970-01-02", "1970-01-02T01:00:00+01:00"])
def test_times_are_numbers_or_iso(time: str, tmp_path: Path) -> None:
    table = tmp_path / "taken.csv"
    table.write_text(f"who,sku,at\nu,a,{time}\n")
    import_interactions("shop", table, {"user": "who", "item": "sku", "time": "at"})
    assert str(Dataset.open("shop").impressions("train").time[0]).startswith("1970-01-02T00:00:00")


def test_without_times_the_order_of_the_file_is_that_of_time(tmp_path: Path) -> None:
    import_interactions("shop", separated(tmp_path / "taken.csv", ","), {"user": "who", "item": "sku"})
    assert Dataset.open("shop").user("u1").history == ("b", "a", "c")


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).map(str.strip), min_size=1))
def test_any_item_id_comes_back_as_it_was(names: list[str], tmp_path: Path) -> None:
    taken = list(dict.fromkeys(filter(None, names))) or ["a"]
    table = tmp_path / "taken.jsonl"
    table.write_text("".join(json.dumps({"who": "u", "sku": name}) + "\n" for name in taken))
    import_interactions("shop", table, {"user": "who", "item": "sku"}, replace=True)
    assert Dataset.open("shop").items()["item_id"].tolist() == taken


def test_a_packed_table_is_read_in_place_and_never_past_the_end_of_the_bar(tmp_path: Path) -> None:
    plain, packed = separated(tmp_path / "taken.csv", ","), tmp_path / "taken.csv.gz"
    seen: list[tuple[str, int, int]] = []

    def report(phase: str, done: int, total: int, **_: float) -> None:
        seen.append((phase, done, total))

    packed.write_bytes(gzip.compress(plain.read_bytes()) + gzip.compress(b"x,u3,a,500,5\n"))  # two members
    info = import_interactions("shop", packed, ROLES, report=report)
    assert info.impressions == 5 and all(done <= total for phase, done, total in seen if phase == "read")


def test_packed_tables_that_are_cut_short_or_swell_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = tmp_path / "taken.csv.gz"
    rows = "who,sku,at,stars\n" + "u,a,1,1\n" * 1_000_000
    packed.write_bytes(gzip.compress(rows.encode()))
    with pytest.raises(DataError, match="unpacks to more than"):
        import_interactions("shop", packed, ROLES)
    plain = separated(tmp_path / "taken.csv", ",").read_bytes()
    packed.write_bytes(gzip.compress(plain)[:-10])
    with pytest.raises(DataError, match="can't be unpacked"):
        import_interactions("shop", packed, ROLES)
    for nothing in (b"", plain):
        packed.write_bytes(nothing)
        with pytest.raises(DataError):
            import_interactions("shop", packed, ROLES)
    packed.write_bytes(gzip.compress(plain))
    monkeypatch.setenv("RECATTN_MAX_UNPACKED_GB", "0.00000001")
    with pytest.raises(DataError, match="RECATTN_MAX_UNPACKED_GB"):
        import_interactions("shop", packed, ROLES)


def test_a_shell_imports_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    columns = ",".join(f"{role}={column}" for role, column in ROLES.items())
    table = str(separated(tmp_path / "taken.tsv", "\t"))
    assert (
        main(["import", "interactions", table, "--name", "shop", "--columns", columns, "--positive=3", "--json"]) == 0
    )
    expected = {"dataset": "shop", "items": 3, "users": 2, "impressions": 3, "rejected": {}}
    assert json.loads(capsys.readouterr().out) == expected
    assert main(["import", "interactions", table, "--name", "other", "--columns", "user=who"]) == 1
    assert "Needed are user and item" in capsys.readouterr().err


def test_films_read_as_any_table_are_those_of_their_own_reader() -> None:
    if not REAL.is_dir():
        pytest.skip("ml-latest-small does not lie beside this checkout")
    roles = {"user": "userId", "item": "movieId", "time": "timestamp", "weight": "rating"}
    table, films = REAL / "ratings.csv", str(REAL / "movies.csv")
    mine = import_interactions("table", table, roles, films, text=["title", "genres"], positive=4)
    ours = import_movielens("films", REAL, positive=4)
    assert (mine.items, mine.users, mine.splits) == (ours.items, ours.users, ours.splits)
    assert Dataset.open("table").items()["title"].tolist() == Dataset.open("films").items()["title"].tolist()
    for user in ("1", "414", "610"):
        assert Dataset.open("table").user(user).history == Dataset.open("films").user(user).history
