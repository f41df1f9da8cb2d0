from pathlib import Path

import numpy as np
import pytest

from recattn.data import Dataset, import_mind
from tests.data.mind_files import article, shown, small_split, write_split, zipped

ENTITIES = '[{"Label": "Apollo 11", "Type": "N", "WikidataId": "Q43653", "SurfaceForms": ["Apollo"]}]'


def imported(train: Path, dev: Path | None = None, test: Path | None = None) -> Dataset:
    import_mind("made", train, dev, test)
    return Dataset.open("made")


def lists(flat: np.ndarray, offsets: np.ndarray) -> list[list[int]]:
    return [part.tolist() for part in np.split(flat, offsets[1:-1])]


def test_a_row_of_news_becomes_an_item(tmp_path: Path) -> None:
    row = article(
        "N7",
        'She said "go"',
        "science",
        subcategory="space",
        abstract="'quoted, not quoting",
        url="https://news.example/7",
        in_title=ENTITIES,
        in_abstract=ENTITIES.replace("Apollo 11", "Moon"),
    )
    item = imported(write_split(tmp_path / "a", [row], [shown(1, "N7-1")])).item("N7")
    assert (item.title, item.abstract) == ('She said "go"', "'quoted, not quoting")
    assert (item.category, item.subcategory, item.url) == ("science", "space", "https://news.example/7")
    assert item.entities == ("Apollo 11", "Moon")
    assert item.published is None


def test_a_row_of_behaviors_becomes_an_impression(tmp_path: Path) -> None:
    news = [article(f"N{number}") for number in range(4)]
    rows = [
        shown(1, "N2-0 N3-1", "N0 N1 N0", "U1", "11/13/2019 12:00:59 AM"),
        shown(2, "N0-1", "", "U2", "11/13/2019 1:02:03 PM"),
        shown(3, "N1-0", "N2", "U1", ""),
    ]
    dataset = imported(write_split(tmp_path / "train", news, rows), small_split(tmp_path / "dev"))
    train = dataset.impressions("train")
    assert train.impression_id.tolist() == ["1", "2", "3"] and train.user_id.tolist() == ["U1", "U2", "U1"]
    assert train.time.astype(str).tolist() == ["2019-11-13T00:00:59", "2019-11-13T13:02:03", "NaT"]
    assert lists(train.history, train.history_offsets) == [[0, 1, 0], [], [2]]
    assert lists(train.candidates, train.candidate_offsets) == [[2, 3], [0], [1]]
    assert train.labels is not None and train.labels.tolist() == [0, 1, 1, 0]


def test_rows_come_back_in_order_of_time_and_those_without_a_time_last(tmp_path: Path) -> None:
    clock = ["11/13/2019 9:00:00 PM", "", "11/13/2019 9:00:00 AM", "11/13/2019 9:00:00 AM"]
    rows = [shown(number, "N0-1", user=f"U{9 - number}", time=time) for number, time in enumerate(clock)]
    dataset = imported(write_split(tmp_path / "train", [article("N0")], rows), small_split(tmp_path / "dev"))
    assert dataset.impressions("train").impression_id.tolist() == ["2", "3", "0", "1"]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_a_byte_order_mark_change_nothing(tmp_path: Path, end: str, mark: bytes) -> None:
    rows = ([article("N0", in_abstract=ENTITIES), article("N1")], [shown(1, "N0-1 N1-0", "N1"), shown(2, "N1-0")])
    odd, plain = write_split(tmp_path / "odd", *rows, end), write_split(tmp_path / "plain", *rows)
    for file in odd.iterdir():
        file.write_bytes(mark + file.read_bytes())
    assert import_mind("odd", odd).files == import_mind("plain", plain).files
    assert Dataset.open("odd").info.rejected == {}


def test_the_last_row_may_lack_its_line_end(tmp_path: Path) -> None:
    folder = small_split(tmp_path / "train")
    for file in folder.iterdir():
        file.write_bytes(file.read_bytes().rstrip(b"\n"))
    assert imported(folder).info.rows_read == {"train/news.tsv": 10, "train/behaviors.tsv": 200}


def test_a_zip_gives_the_same_dataset_as_its_folder(tmp_path: Path) -> None:
    folder = small_split(tmp_path / "train")
    for place, inside in enumerate(("", "MINDsmall_train/")):
        info = import_mind(f"zip{place}", zipped(folder, tmp_path / f"{place}.zip", inside))
        assert (info.files, info.checksums) == (import_mind("folder", folder, replace=True).files, info.checksums)
    assert Dataset.open("zip0").info.checksums == Dataset.open("folder").info.checksums


def test_a_test_split_without_labels_is_kept_without_labels(tmp_path: Path) -> None:
    news = [article("N0"), article("N1-1"), article("N1")]
    test = write_split(tmp_path / "test", news, [shown(1, "N1-1 N0 N1", "N0"), shown(2, "N1-1", user="U9")])
    dataset = imported(small_split(tmp_path / "train"), small_split(tmp_path / "dev", 1000), test)
    impressions = dataset.impressions("test")
    ids = dataset.items()["item_id"]
    assert impressions.labels is None
    assert ids.iloc[impressions.candidates].tolist() == ["N1-1", "N0", "N1", "N1-1"]
    assert [array.tolist() for array in dataset.clicks("test")] == [[], []]
    assert dataset.user_impressions("U9")[0].labels is None
    assert dataset.user("U9").history == () and dataset.user("U9").n_clicks == 0
    assert "The test split does not say what was clicked." in dataset.info.notes


def test_a_dev_split_with_labels_on_ids_that_look_like_labels_is_labelled(tmp_path: Path) -> None:
    news = [article("a-1"), article("b-0")]
    rows = [shown(1, "a-1-0 b-0-1", "a-1")]
    dataset = imported(write_split(tmp_path / "train", news, rows), write_split(tmp_path / "dev", news, rows))
    dev = dataset.impressions("dev")
    assert dev.labels is not None and (dev.candidates.tolist(), dev.labels.tolist()) == ([0, 1], [0, 1])


def test_articles_of_later_splits_are_added_behind_those_of_train(tmp_path: Path) -> None:
    train = write_split(tmp_path / "train", [article("N1"), article("N0")], [shown(1, "N1-1")])
    dev = write_split(tmp_path / "dev", [article("N2"), article("N1")], [shown(1, "N2-1", "N0")])
    dataset = imported(train, dev)
    assert dataset.items()["item_id"].tolist() == ["N1", "N0", "N2"]
    assert dataset.info.rejected == {}


@pytest.mark.parametrize("length", [0, 1, 5000])
def test_a_history_may_have_any_length(tmp_path: Path, length: int) -> None:
    clicks = [f"N{row % 10}" for row in range(length)]
    folder = small_split(tmp_path / "train", behaviors=shown(999, "N3-1", " ".join(clicks), "Umany"))
    dataset = imported(folder, small_split(tmp_path / "dev"))
    (impression,) = dataset.user_impressions("Umany")
    assert impression.history == tuple(clicks)
    assert set(dataset.user("Umany").history) == {*clicks, "N3"}


def test_an_impression_may_have_one_candidate_or_a_hundred_thousand(tmp_path: Path) -> None:
    many = " ".join(f"N{row % 10}-{int(row == 77)}" for row in range(100_000))
    dataset = imported(small_split(tmp_path / "train", behaviors=shown(999, many, user="Umany")))
    (impression,) = dataset.user_impressions("Umany")
    assert len(impression.candidates) == 100_000
    assert impression.labels is not None and impression.labels.index(1) == 77 and sum(impression.labels) == 1
