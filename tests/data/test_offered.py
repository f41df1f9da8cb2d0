import os
from pathlib import Path

import pytest

from recattn.data.offered import MOST_OFFERED, offered, offered_path
from recattn.errors import UnknownError
from tests.data.mind_files import small_split, zipped


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "shared"
    folder.mkdir()
    monkeypatch.setenv("RECATTN_IMPORT_FOLDERS", str(folder))
    return folder


def test_nothing_is_offered_unless_the_operator_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RECATTN_IMPORT_FOLDERS", raising=False)
    assert offered() == {}
    monkeypatch.setenv("RECATTN_IMPORT_FOLDERS", os.pathsep)
    assert offered() == {}


def test_folders_with_both_files_and_zips_are_offered_by_name(root: Path, tmp_path: Path) -> None:
    small_split(root / "mind" / "train")
    zipped(root / "mind" / "train", root / "Packed.ZIP")
    (small_split(root / "half") / "news.tsv").unlink()
    (root / "notes.txt").write_text("no data")
    small_split(root / ".hidden")
    assert offered() == {
        "shared / mind / train": root / "mind" / "train",
        "shared / Packed.ZIP": root / "Packed.ZIP",
    }
    assert offered_path("shared / mind / train") == root / "mind" / "train"


def test_a_root_may_itself_be_what_is_imported_and_there_may_be_several(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = small_split(tmp_path / "other")
    small_split(root / "a")
    monkeypatch.setenv("RECATTN_IMPORT_FOLDERS", os.pathsep.join([str(root), str(other), str(tmp_path / "gone")]))
    assert list(offered()) == ["other", "shared / a"]


def test_links_out_of_the_root_are_not_offered(root: Path, tmp_path: Path) -> None:
    outside = small_split(tmp_path / "outside")
    packed = zipped(outside, tmp_path / "secret.zip")
    (root / "folder").symlink_to(outside)
    (root / "above").symlink_to(tmp_path)
    (root / "x.zip").symlink_to(packed)
    mixed = small_split(root / "mixed")
    (mixed / "behaviors.tsv").unlink()
    (mixed / "behaviors.tsv").symlink_to(outside / "behaviors.tsv")
    (root / "loop").symlink_to(root)
    (root / "dangling.zip").symlink_to(root / "nothing.zip")
    assert offered() == {}


def test_a_link_within_the_root_is_fine(root: Path) -> None:
    small_split(root / "v1")
    (root / "latest").symlink_to(root / "v1")
    assert list(offered()) == ["shared / latest", "shared / v1"]


@pytest.mark.parametrize("name", ["../outside", "/etc", "shared / ..", "", "\0", "x" * 5000, "shared / v1 / .."])
def test_a_name_that_is_not_in_the_list_is_refused(root: Path, name: str) -> None:
    small_split(root / "v1")
    with pytest.raises(UnknownError, match="not offered"):
        offered_path(name)


def test_huge_roots_are_looked_into_only_so_far(root: Path) -> None:
    split = small_split(root / "a", rows=1)
    packed = zipped(split, root / "0.zip")
    for number in range(1, MOST_OFFERED + 50):
        (root / f"{number}.zip").hardlink_to(packed)
    assert len(offered()) == MOST_OFFERED


def test_what_is_deep_down_or_cannot_be_listed_is_passed_over(root: Path) -> None:
    small_split(root / "a" / "b" / "c")
    small_split(root / "1" / "2" / "3" / "4")
    (root / "closed").mkdir(mode=0)
    assert list(offered()) == ["shared / a / b / c"]
