from pathlib import Path

import pytest

from recattn.data import Dataset, import_mind
from recattn.errors import DataError
from recattn.types import DatasetInfo
from tests.data.mind_files import article, shown, small_split, write_split

BAD_BEHAVIORS = {
    "rows of fewer columns": "999\tU1\t\tN1",
    "rows of more columns": shown(999, "N1-1") + "\tmore",
    "impressions without an id or user": shown(999, "N1-1", user=""),
    "times not like 11/15/2019 8:55:22 AM": shown(999, "N1-1", time="2019-11-15 08:55:22"),
    "labels other than -0 and -1": shown(999, "N1-1 N2-2"),
    "impressions without candidates": shown(999, ""),
    "impressions of only unknown articles": shown(999, "X1-1 X2-0"),
    "impression ids used again": shown(1, "N5-1"),
}
BAD_NEWS = {
    "rows of fewer columns": "N99\tnews\tTitle",
    "rows of more columns": article("N99") + "\tmore",
    "articles without an id": article(""),
    "articles with a space in the id": article("N 99"),
    "articles repeated with other content": article("N3", "Another title"),
}


def many_articles(folder: Path, row: str) -> Path:
    """News enough that one bad row is within 1 %."""
    news = [article(f"N{number}", f"Title {number}") for number in range(100)] + [row]
    return write_split(folder, news, [shown(1, "N1-1 N2-0", "N3")])


@pytest.mark.parametrize("reason", BAD_BEHAVIORS)
def test_a_bad_impression_is_counted_and_listed_and_the_rest_kept(tmp_path: Path, reason: str) -> None:
    train = small_split(tmp_path / "train", behaviors=BAD_BEHAVIORS[reason])
    info = import_mind("made", train, small_split(tmp_path / "dev"))
    assert dict(info.rejected) == {reason: 1}
    assert [(row["file"], row["line"], row["reason"]) for row in info.rejected_rows] == [
        ("train/behaviors.tsv", 201, reason)
    ]
    assert info.splits == {"train": 200, "dev": 200} and info.rows_read["train/behaviors.tsv"] == 201


@pytest.mark.parametrize("reason", BAD_NEWS)
def test_a_bad_article_is_counted_and_listed_and_the_rest_kept(tmp_path: Path, reason: str) -> None:
    info = import_mind("made", many_articles(tmp_path / "train", BAD_NEWS[reason]))
    assert dict(info.rejected) == {reason: 1}
    assert (info.rejected_rows[0]["file"], info.rejected_rows[0]["line"]) == ("train/news.tsv", 101)
    assert info.items == 100
    assert Dataset.open("made").item("N3").title == "Title 3"


def test_rows_that_are_not_utf8_are_counted_and_shown_as_far_as_they_can_be(tmp_path: Path) -> None:
    folder = small_split(tmp_path / "train")
    with (folder / "behaviors.tsv").open("ab") as file:
        file.write(b"999\tU\xff\t\t\tN1-1\n")
    info = import_mind("made", folder)
    assert dict(info.rejected) == {"rows not in UTF-8": 1}
    assert str(info.rejected_rows[0]["text"]).startswith("999\tU\ufffd")


def test_what_is_said_twice_is_counted_but_makes_no_bad_file(tmp_path: Path) -> None:
    folder = small_split(tmp_path / "train")
    for name in ("news.tsv", "behaviors.tsv"):
        (folder / name).write_bytes(2 * (folder / name).read_bytes())
    twice = import_mind("twice", folder)
    assert dict(twice.rejected) == {"articles repeated": 10, "impressions repeated": 200}
    assert twice.files == import_mind("once", small_split(tmp_path / "once")).files
    assert len(twice.rejected_rows) == 10 + 20


def test_unknown_articles_are_dropped_from_histories_and_candidates_and_counted(tmp_path: Path) -> None:
    news = [article("N1"), article("N2")]
    rows = [shown(number, "X9-0 N1-1 X8-1 N2-0", "X1 N2 X2 X3") for number in range(10)]
    info = import_mind("made", write_split(tmp_path / "train", news, rows))
    assert dict(info.rejected) == {
        "clicks on unknown articles in histories": 30,
        "unknown articles among candidates": 20,
    }
    (impression, *_) = Dataset.open("made").user_impressions("U1")
    assert (impression.history, impression.candidates, impression.labels) == (("N2",), ("N1", "N2"), (1, 0))


def test_a_user_of_only_unknown_articles_has_an_empty_history(tmp_path: Path) -> None:
    folder = small_split(tmp_path / "train", behaviors=shown(999, "N1-0", "X1 X2", "Ucold"))
    import_mind("made", folder)
    user = Dataset.open("made").user("Ucold")
    assert user.history == () and user.n_clicks == 0


def test_other_text_under_the_same_id_in_dev_is_counted_and_the_first_kept(tmp_path: Path) -> None:
    train = write_split(tmp_path / "train", [article("N1", "First")], [shown(1, "N1-1")])
    dev = write_split(tmp_path / "dev", [article("N1", "Second")], [shown(1, "N1-1")])
    info = import_mind("made", train, dev)
    assert dict(info.rejected) == {"articles with other content in another split": 1}
    assert Dataset.open("made").item("N1").title == "First"


@pytest.mark.parametrize("entities", ["[", "{}", '["x"]', "[" * 100_000])
def test_an_article_with_broken_entities_stays_without_them(tmp_path: Path, entities: str) -> None:
    folder = write_split(tmp_path / "train", [article("N1", in_title=entities)], [shown(1, "N1-1")])
    assert dict(import_mind("made", folder).rejected) == {"entities that are not a JSON list": 1}
    assert Dataset.open("made").item("N1").entities == ()


def test_more_than_one_percent_of_bad_rows_stops_the_import_and_the_first_five_are_named(tmp_path: Path) -> None:
    bad = [f"{number}\tcut" for number in range(900, 907)]
    good = [shown(number, "N1-1") for number in range(100)]
    folder = write_split(tmp_path / "train", [article("N1")], [*good[:50], *bad, *good[50:]])
    with pytest.raises(DataError, match=r"7 of 107 rows can't be used") as error:
        import_mind("made", folder)
    assert [f"train/behaviors.tsv:{line} " in str(error.value) for line in range(50, 58)] == [False] + 5 * [
        True
    ] + 2 * [False]
    assert "Up to 1 % bad rows are left out" in str(error.value)
    assert not (tmp_path / "home" / "datasets" / "made").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        ("N1\tnews\ttitle\n".encode("utf-16"), "rows not in UTF-8"),
        (b"user,item,rating\n1,2,3\n", "rows of fewer columns"),
        (b"\x89PNG\r\n\x1a\n" + bytes(1000), "rows"),
    ],
)
def test_another_kind_of_file_is_refused_and_says_what_is_expected(
    tmp_path: Path, content: bytes, message: str
) -> None:
    folder = small_split(tmp_path / "train")
    (folder / "news.tsv").write_bytes(content)
    with pytest.raises(DataError, match=message) as error:
        import_mind("made", folder)
    assert "train/news.tsv" in str(error.value) and "8 tab-separated columns" in str(error.value)


def test_a_large_file_of_another_kind_is_given_up_soon(tmp_path: Path) -> None:
    folder = small_split(tmp_path / "train")
    (folder / "behaviors.tsv").write_bytes(b"no tabs here\n" * 1_000_000)
    with pytest.raises(DataError, match=r"10,000 of 10,001 rows"):
        import_mind("made", folder)


def test_a_train_split_without_labels_is_refused(tmp_path: Path) -> None:
    folder = write_split(tmp_path / "train", [article("N1")], [shown(1, "N1")])
    with pytest.raises(DataError, match="labels other than -0 and -1"):
        import_mind("made", folder)


def test_the_account_survives_on_disk(tmp_path: Path) -> None:
    folder = small_split(tmp_path / "train", behaviors=BAD_BEHAVIORS["labels other than -0 and -1"])
    info: DatasetInfo = import_mind("made", folder)
    assert Dataset.open("made").info == info
