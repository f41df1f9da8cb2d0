from pathlib import Path

import numpy as np
import pytest

from recattn.config import datasets_folder
from recattn.data import Dataset, dataset_infos, import_mind
from recattn.errors import Cancelled, DataError, UnknownError
from recattn.types import Report
from tests.data.mind_files import article, shown, small_split, write_split


def names() -> list[str]:
    return sorted(path.name for path in datasets_folder().glob("*"))


def stop_at(phase: str, after: int = 0) -> Report:
    def report(now: str, done: int, total: int, **_: float) -> None:
        if now == phase and done >= after:
            raise Cancelled

    return report


def test_without_dev_the_last_day_is_held_out(tmp_path: Path) -> None:
    days = [11, 12, 13, 13, 12]
    rows = [
        shown(number, "N1-1", user=f"U{number}", time=f"11/{day}/2019 8:00:00 AM") for number, day in enumerate(days)
    ]
    rows.append(shown(9, "N1-1", time=""))
    info = import_mind("made", write_split(tmp_path / "a", [article("N1")], rows))
    assert info.splits == {"train": 4, "dev": 2}
    assert sorted(Dataset.open("made").impressions("dev").impression_id) == ["2", "3"]
    assert info.notes == ("No dev split was given: the last day, 2019-11-13, was held out.",)


@pytest.mark.parametrize("time", ["", "11/13/2019 8:00:00 AM"])
def test_without_dev_and_days_the_last_tenth_is_held_out(tmp_path: Path, time: str) -> None:
    rows = [shown(number, "N1-1", time=time) for number in range(30)]
    info = import_mind("made", write_split(tmp_path / "a", [article("N1")], rows))
    assert info.splits == {"train": 27, "dev": 3}
    assert Dataset.open("made").impressions("dev").impression_id.tolist() == ["27", "28", "29"]


def test_a_single_impression_stays_in_train(tmp_path: Path) -> None:
    info = import_mind("made", write_split(tmp_path / "a", [article("N1")], [shown(1, "N1-1")]))
    assert info.splits == {"train": 1} and "too few" in info.notes[0]
    with pytest.raises(UnknownError, match=r"no split 'dev'\. Allowed are train"):
        Dataset.open("made").impressions("dev")


def test_the_same_bytes_make_the_same_files(tmp_path: Path) -> None:
    train, dev = small_split(tmp_path / "a", rows=5000), small_split(tmp_path / "b", 9000)
    first, second = import_mind("first", train, dev), import_mind("second", train, dev)
    assert (first.files, first.checksums) == (second.files, second.checksums)
    for file in first.files:
        assert (datasets_folder() / "first" / file).read_bytes() == (datasets_folder() / "second" / file).read_bytes()
    assert Dataset.open("first").fingerprint == Dataset.open("second").fingerprint
    assert import_mind("third", dev).files != first.files


def test_a_name_that_is_taken_is_refused_without_replace(tmp_path: Path) -> None:
    first = import_mind("made", small_split(tmp_path / "a"))
    with pytest.raises(DataError, match=r"There is a dataset 'made' already\. .* --replace"):
        import_mind("made", small_split(tmp_path / "b", rows=300))
    assert Dataset.open("made").info == first
    assert import_mind("made", small_split(tmp_path / "b", rows=300), replace=True).impressions == 300
    assert Dataset.open("made").info.impressions == 300 and names() == ["made"]


@pytest.mark.parametrize("name", ["", "../x", ".hidden", "a/b", "x" * 65, "a b", "é", "a\n"])
def test_a_name_that_is_no_folder_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnknownError, match="can't be a dataset name"):
        import_mind(name, small_split(tmp_path / "a"))


def test_progress_goes_from_nothing_to_all_bytes_and_then_all_rows(tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    folder = small_split(tmp_path / "a", rows=3000)
    import_mind("made", folder, report=lambda phase, done, total, **_: seen.append((phase, done, total)))
    size = sum(file.stat().st_size for file in folder.iterdir())
    read = [row for row in seen if row[0] == "read"]
    write = [row for row in seen if row[0] == "write"]
    assert seen == read + write and read[-1] == ("read", size, size) and write[-1] == ("write", 3000, 3000)
    assert write[0] == ("write", 0, 3000) and np.all(np.diff([done for _, done, _ in read]) > 0)


@pytest.mark.parametrize(("phase", "after"), [("read", 0), ("write", 0), ("write", 200)])
def test_an_import_that_is_cancelled_leaves_nothing(tmp_path: Path, phase: str, after: int) -> None:
    folder = small_split(tmp_path / "a")
    with pytest.raises(Cancelled):
        import_mind("made", folder, report=stop_at(phase, after))
    assert names() == [] and dataset_infos() == []
    kept = import_mind("made", folder)
    with pytest.raises(Cancelled):
        import_mind("made", small_split(tmp_path / "b", 500), replace=True, report=stop_at(phase, after))
    assert Dataset.open("made").info == kept and names() == ["made"]
    Dataset.open("made").verify()
