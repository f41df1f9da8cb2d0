import stat
import zipfile
from pathlib import Path

import pytest

from recattn.data import import_mind
from recattn.errors import DataError, UnknownError
from tests.data.mind_files import small_split, zipped


@pytest.fixture
def split(tmp_path: Path) -> Path:
    return small_split(tmp_path / "train")


def refused(path: Path, message: str, home: Path) -> str:
    """The import says why, and nothing was written."""
    with pytest.raises(DataError, match=message) as error:
        import_mind("made", path)
    assert not [file for file in home.rglob("*") if file.is_file()]
    return str(error.value)


def with_entry(
    split: Path, path: Path, name: str, content: bytes = b"x", mode: int = 0, method: int = zipfile.ZIP_DEFLATED
) -> Path:
    """A good zip with one entry more."""
    entry = zipfile.ZipInfo(name)
    entry.external_attr = mode << 16
    entry.compress_type = method
    with zipfile.ZipFile(zipped(split, path), "a") as archive:
        archive.writestr(entry, content)
    return path


@pytest.mark.parametrize("name", ["../news.tsv", "a/../../b", "..\\b", "a/.."])
def test_a_zip_that_points_out_of_itself_is_refused_by_name(
    split: Path, tmp_path: Path, recattn_home: Path, name: str
) -> None:
    text = refused(with_entry(split, tmp_path / "x.zip", name), "points out of the zip", recattn_home)
    assert repr(name) in text and "x.zip" in text
    assert not (tmp_path.parent / "b").exists()


@pytest.mark.parametrize("name", ["/etc/passwd", "\\\\server\\share", "C:\\news.tsv", "c:news.tsv"])
def test_a_zip_with_an_absolute_name_is_refused_by_name(
    split: Path, tmp_path: Path, recattn_home: Path, name: str
) -> None:
    assert repr(name) in refused(with_entry(split, tmp_path / "x.zip", name), "absolute name", recattn_home)


@pytest.mark.parametrize(("kind", "fault"), [(stat.S_IFLNK, "is a link"), (stat.S_IFIFO, "is no plain file")])
def test_a_zip_with_a_link_or_device_is_refused(
    split: Path, tmp_path: Path, recattn_home: Path, kind: int, fault: str
) -> None:
    path = with_entry(split, tmp_path / "x.zip", "behaviors", b"/etc/passwd", kind | 0o777)
    assert "'behaviors'" in refused(path, fault, recattn_home)


def test_a_zip_bomb_is_refused_without_unpacking_it(split: Path, tmp_path: Path, recattn_home: Path) -> None:
    path = with_entry(split, tmp_path / "x.zip", "zeros.bin", bytes(20_000_000))
    assert "'zeros.bin'" in refused(path, "more than 100 times", recattn_home)


@pytest.mark.parametrize("given", ["plenty", "-1", "0", "nan", "inf", "1e9"])
def test_a_limit_that_is_no_number_is_said(
    split: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv("RECATTN_MAX_UNPACKED_GB", given)
    with pytest.raises(UnknownError, match=f"RECATTN_MAX_UNPACKED_GB is '{given}'.*Set it to 16"):
        import_mind("made", zipped(split, tmp_path / "x.zip"))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_bomb_that_claims_to_be_small_is_refused_without_unpacking_it(
    split: Path, tmp_path: Path, recattn_home: Path, method: int
) -> None:
    """These are unpacked 4 kB at a time, whatever comes of it: of bzip2 that may be gigabytes."""
    path = with_entry(split, tmp_path / "x.zip", "zeros.bin", bytes(20_000_000), method=method)
    path.write_bytes(path.read_bytes().replace((20_000_000).to_bytes(4, "little"), (5000).to_bytes(4, "little")))
    assert "'zeros.bin'" in refused(path, "packed in an unusual way", recattn_home)


def test_a_zip_larger_than_configured_is_refused(
    split: Path, tmp_path: Path, recattn_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECATTN_MAX_UNPACKED_GB", "0.000001")
    assert "RECATTN_MAX_UNPACKED_GB" in refused(zipped(split, tmp_path / "x.zip"), "would unpack to", recattn_home)


def test_an_encrypted_zip_is_refused(split: Path, tmp_path: Path, recattn_home: Path) -> None:
    path = zipped(split, tmp_path / "x.zip")
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1  # the flag of the first entry in the directory
    path.write_bytes(content)
    refused(path, "is encrypted", recattn_home)


def test_a_zip_that_lies_about_a_size_gives_no_byte_more(split: Path, tmp_path: Path, recattn_home: Path) -> None:
    path = zipped(split, tmp_path / "x.zip")
    content = bytearray(path.read_bytes())
    directory = content.index(b"PK\x01\x02")
    content[directory + 24 : directory + 28] = (100).to_bytes(4, "little")
    path.write_bytes(content)
    refused(path, "can't be unpacked", recattn_home)


@pytest.mark.parametrize("cut", [30, 300, -30])
def test_a_zip_cut_short_is_refused(split: Path, tmp_path: Path, recattn_home: Path, cut: int) -> None:
    path = zipped(split, tmp_path / "x.zip")
    path.write_bytes(path.read_bytes()[:cut])
    refused(path, "is no folder and no zip|can't be read as a zip", recattn_home)


def test_a_flipped_bit_in_a_zip_is_noticed(split: Path, tmp_path: Path, recattn_home: Path) -> None:
    path = zipped(split, tmp_path / "x.zip")
    content = bytearray(path.read_bytes())
    content[200] ^= 4
    path.write_bytes(content)
    refused(path, "can't be unpacked", recattn_home)


def test_a_zip_of_two_splits_is_refused(split: Path, tmp_path: Path, recattn_home: Path) -> None:
    path = zipped(split, tmp_path / "x.zip", "train/")
    with zipfile.ZipFile(path, "a") as archive:
        archive.write(split / "news.tsv", "dev/news.tsv")
    refused(path, "2 files called news.tsv", recattn_home)


def test_what_a_mac_adds_to_a_zip_is_passed_over(split: Path, tmp_path: Path) -> None:
    path = with_entry(split, tmp_path / "x.zip", "__MACOSX/news.tsv")
    assert import_mind("made", path).items == 10


def test_a_folder_without_the_files_says_which_one_is_missing(split: Path, recattn_home: Path) -> None:
    (split / "behaviors.tsv").unlink()
    assert "Expected is a folder or a .zip with behaviors.tsv" in refused(split, "no file behaviors", recattn_home)


def test_a_file_or_nothing_in_place_of_a_folder_is_refused(split: Path, recattn_home: Path) -> None:
    refused(split / "news.tsv", "no folder and no zip", recattn_home)
    refused(split / "nowhere", "does not exist", recattn_home)
    refused(Path("x" * 5000), "can't be read", recattn_home)
    refused(Path("a\0b"), "does not exist", recattn_home)


def test_the_files_next_to_those_two_are_passed_over(split: Path) -> None:
    (split / "entity_embedding.vec").write_text("Q1\t0.1")
    assert sorted(import_mind("made", split).checksums) == ["train/behaviors.tsv", "train/news.tsv"]
