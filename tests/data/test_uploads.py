import io
import os
import shutil
import threading
import time
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recattn.config import uploads_folder
from recattn.data import import_mind
from recattn.data.uploads import MOST_UPLOADS, discard, stage, sweep
from recattn.errors import DataError, RecAttnError, UnknownError
from tests.data.mind_files import small_split, zipped

DAY = 24 * 3600


class File(io.BytesIO):
    """A file as the browser sends it: a name that anybody may choose, an announced size, bytes."""

    def __init__(self, name: str, content: bytes = b"x", size: int | None = None) -> None:
        super().__init__(content)
        self.name, self.size = name, len(content) if size is None else size


def pair(*folders: str) -> list[File]:
    folder = folders[0] if folders else ""
    return [File(f"{folder}news.tsv", b"n"), File(f"{folder}behaviors.tsv", b"b")]


def everything(folder: Path) -> list[str]:
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.name != ".lock")


def test_zip_and_files_are_staged_under_names_of_ours_and_can_be_imported(tmp_path: Path) -> None:
    folder = small_split(tmp_path / "mine")
    packed = zipped(folder, tmp_path / "x.zip")
    files = [File(name, (folder / name).read_bytes()) for name in ("behaviors.tsv", "news.tsv")]
    paths = stage({"train": files, "dev": [File("MIND (1).ZIP", packed.read_bytes())], "test": []})
    assert list(paths) == ["train", "dev"] and paths["dev"].name == "dev.zip" and paths["train"].name == "train"
    assert paths["dev"].parent == paths["train"].parent and paths["train"].parent.parent == uploads_folder()
    info = import_mind("made", **paths)
    assert info.splits == {"train": 200, "dev": 200}
    discard(paths["train"])
    assert not everything(uploads_folder())


NAMES = st.one_of(
    st.sampled_from(["../news.tsv", "/etc/passwd", "a\0b.zip", "x" * 300, "..", ".zip", "C:\\x.zip", "news.tsv/.."]),
    st.text(max_size=40),
    st.builds("{}{}".format, st.sampled_from(["../" * 9, "/", "\\\\host\\", "\0", "a/" * 100]), st.just("t.zip")),
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(NAMES, max_size=4))
def test_no_name_leads_out_of_the_upload_s_own_folder(recattn_home: Path, tmp_path: Path, names: Sequence[str]) -> None:
    shutil.rmtree(recattn_home, ignore_errors=True)
    try:
        paths = stage({"train": [File(name) for name in names]})
    except RecAttnError as error:
        assert error.remedy and not everything(uploads_folder())
    else:
        (upload,) = [path for path in uploads_folder().iterdir() if path.name != ".lock"]
        assert everything(upload) in (["train.zip"], ["train", "train/behaviors.tsv", "train/news.tsv"])
        assert upload in paths["train"].parents
    outside = [path for path in tmp_path.rglob("*") if recattn_home not in (path, *path.parents)]
    assert not outside


@pytest.mark.parametrize(
    "files",
    [
        [File("news.tsv")],
        [File("news.tsv"), File("news.tsv")],
        [File("a.zip"), File("b.zip")],
        [*pair(), File("more.tsv")],
        [File("x.tar.gz")],
        [File("news.tsv.exe"), File("behaviors.tsv")],
    ],
)
def test_other_files_than_those_of_a_split_are_refused_by_name(files: list[File]) -> None:
    with pytest.raises(DataError, match=r"one \.zip, or the two files") as error:
        stage({"train": files})
    assert repr(files[0].name) in str(error.value)
    assert not everything(uploads_folder())


def test_without_training_files_nothing_is_staged() -> None:
    with pytest.raises(DataError, match="no files to learn from"):
        stage({"train": [], "dev": [File("dev.zip")]})
    with pytest.raises(UnknownError, match=r"no split '\.\./x'"):
        stage({"train": [File("a.zip")], "../x": [File("a.zip")]})
    assert not uploads_folder().exists()


def test_over_the_quota_is_refused_with_the_numbers_and_what_is_there_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECATTN_UPLOAD_QUOTA_GB", "0.002")
    first = stage({"train": [File("a.zip", bytes(1_500_000))]})
    before = everything(uploads_folder())
    with pytest.raises(DataError, match=r"0\.8 MB, and 1\.5 MB wait.*2\.0 MB together.*RECATTN_UPLOAD_QUOTA_GB"):
        stage({"train": [File("b.zip", bytes(800_000))]})
    assert everything(uploads_folder()) == before
    discard(first["train"])
    stage({"train": [File("b.zip", bytes(800_000))]})


def test_the_quota_holds_when_many_upload_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECATTN_UPLOAD_QUOTA_GB", "0.002")
    outcomes: list[bool] = []

    def upload() -> None:
        try:
            stage({"train": [File("a.zip", bytes(600_000))]})
        except DataError:
            outcomes.append(False)
        else:
            outcomes.append(True)

    threads = [threading.Thread(target=upload) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count(True) == 3 and len(outcomes) == 12
    assert sum(file.stat().st_size for file in uploads_folder().rglob("*") if file.is_file()) == 3 * 600_000


@pytest.mark.parametrize("given", ["-1", "0", "many", "nan", "inf", "1e9", "٤"])
def test_a_quota_that_is_no_number_is_said(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("RECATTN_UPLOAD_QUOTA_GB", given)
    with pytest.raises(UnknownError, match="RECATTN_UPLOAD_QUOTA_GB"):
        stage({"train": [File("a.zip")]})


def test_of_a_thousand_uploads_only_so_many_are_kept() -> None:
    refused = 0
    for _ in range(1000):
        try:
            stage({"train": [File("a.zip")]})
        except DataError as error:
            refused += 1
            assert f"Allowed are {MOST_UPLOADS}" in str(error)
    assert refused == 1000 - MOST_UPLOADS
    assert len([path for path in uploads_folder().iterdir() if path.is_dir()]) == MOST_UPLOADS


@pytest.mark.parametrize("announced", [0, 3, 9])
def test_more_or_less_bytes_than_announced_leave_nothing_behind(announced: int) -> None:
    with pytest.raises(DataError, match="not the size"):
        stage({"train": [File("a.zip", b"12345", size=announced)]})
    assert not everything(uploads_folder())


def test_a_disk_without_room_is_said_before_anything_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECATTN_UPLOAD_QUOTA_GB", "900000")
    with pytest.raises(DataError, match="the disk has no room"):
        stage({"train": [File("a.zip", b"x", size=800 * 10**12)]})
    assert not everything(uploads_folder())


def test_a_folder_that_cannot_be_written_is_said(recattn_home: Path) -> None:
    recattn_home.write_text("a file where the home should be")
    with pytest.raises(DataError, match="can't be written"):
        stage({"train": [File("a.zip")]})


def test_the_sweep_takes_old_uploads_and_keeps_what_a_job_needs() -> None:
    needed, old, young = (stage({"train": pair(), "dev": [File("a.zip")]}) for _ in range(3))
    half = uploads_folder() / f".new-{'0' * 32}"
    other = uploads_folder() / "not-ours"
    for folder in (half, other):
        folder.mkdir()
    for path in (needed["train"].parent, old["train"].parent, half, other):
        os.utime(path, (time.time() - DAY - 60,) * 2)
    swept = sweep([needed["dev"]])
    assert sorted(swept) == sorted([old["train"].parent.name, half.name])
    assert needed["train"].is_dir() and young["dev"].is_file() and other.is_dir()
    assert not old["train"].exists() and not half.exists()


@pytest.mark.parametrize("path", ["", ".", "..", "../datasets", "/", "x", "../uploads/../datasets/a", "a" * 32 + "x"])
def test_discarding_removes_an_upload_and_nothing_else(recattn_home: Path, path: str) -> None:
    stage({"train": pair()})
    (recattn_home / "datasets").mkdir()
    before = everything(recattn_home)
    discard(uploads_folder() / path)
    discard(Path(path))
    assert everything(recattn_home) == before


def test_a_link_in_the_uploads_folder_is_neither_followed_nor_removed(tmp_path: Path) -> None:
    stage({"train": pair()})
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    link = uploads_folder() / ("f" * 32)
    link.symlink_to(elsewhere)
    os.utime(link, (0, 0), follow_symlinks=False)
    assert sweep([]) == [] and link.is_symlink() and elsewhere.is_dir()


def test_a_bomb_is_staged_as_it_is_and_never_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("news.tsv", bytes(30_000_000))
    content = (tmp_path / "bomb.zip").read_bytes()
    path = stage({"train": [File("bomb.zip", content)]})["train"]
    assert path.read_bytes() == content and len(everything(uploads_folder())) == 2


def test_uploads_that_go_while_the_sweep_or_another_upload_looks_are_no_fault() -> None:
    """Two threads stage and discard, two sweep: whoever comes second finds nothing, and says nothing."""
    faults: list[BaseException] = []
    end = time.monotonic() + 2

    def again(work: Callable[[], object]) -> None:
        while time.monotonic() < end and not faults:
            try:
                work()
            except BaseException as fault:
                faults.append(fault)

    def come_and_go() -> None:
        path = stage({"train": pair()})["train"]
        with suppress(FileNotFoundError):
            os.utime(path.parent, (0, 0))
        discard(path)

    works = [come_and_go, lambda: sweep([])] * 2
    threads = [threading.Thread(target=again, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
