import tracemalloc
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recattn.data import import_mind
from recattn.data.preview import Preview, PreviewedArticle, PreviewedImpression, preview_mind
from recattn.errors import DataError
from tests.data.mind_files import article, shown, small_split, write_split, zipped

BING = Path(__file__).parents[3] / "shared" / "data" / "bing-news"


def by_name(preview: Preview) -> dict[str, int]:
    return {file.name: file.rows for file in preview.files}


def test_small_files_are_read_whole_and_shown_in_titles(tmp_path: Path) -> None:
    folder = write_split(
        tmp_path / "train",
        [article("N1", "Storm ahead", "weather", abstract="Soon."), article("N2", "Cup final", "sports")],
        [shown(7, "N1-0 N2-1", "N2 N1", "U9"), shown(8, "N1-0 N2-0", time="")],
    )
    preview = preview_mind({"train": folder})
    assert preview.whole and preview.held_out and not preview.problems and not preview.faults
    assert by_name(preview) == {"train/news.tsv": 2, "train/behaviors.tsv": 2}
    assert (preview.n_articles, preview.n_impressions) == (2, 2)
    assert preview.articles == (
        PreviewedArticle("Storm ahead", "weather", "Soon."),
        PreviewedArticle("Cup final", "sports", ""),
    )
    noon = datetime(2019, 11, 13, 12)
    assert preview.impressions == (
        PreviewedImpression("U9", noon, ("Storm ahead", "Cup final"), 2, ("Cup final",)),
        PreviewedImpression("U1", None, (), 2, ()),
    )


def test_splits_and_labels_are_recognised(tmp_path: Path) -> None:
    train, dev = small_split(tmp_path / "train"), small_split(tmp_path / "dev", first=900, rows=20)
    news = [article(f"N{number}", f"Title {number}") for number in range(12)]
    test = write_split(tmp_path / "test", news, [shown(1, "N1 N2")])
    preview = preview_mind({"train": zipped(train, tmp_path / "t.zip"), "dev": dev, "test": test})
    assert preview.labelled == {"train": True, "dev": True, "test": False}
    assert not preview.held_out and preview.n_articles == 12 and preview.n_impressions == 221
    assert [file.split for file in preview.files] == ["train", "train", "dev", "dev", "test", "test"]


def test_problems_are_those_of_the_import_with_their_lines(tmp_path: Path) -> None:
    folder = small_split(tmp_path / "train", news="N77\tcut short", behaviors=shown("x", "N1-1", "N404 N1"))
    write_split(folder, [*(folder / "news.tsv").read_text().splitlines(), *[article(f"M{n}") for n in range(90)]], [])
    small = small_split(tmp_path / "again", behaviors=shown("x", "N1-1", "N404 N1"))
    (folder / "behaviors.tsv").write_bytes((small / "behaviors.tsv").read_bytes())
    preview = preview_mind({"train": folder})
    info = import_mind("made", folder)
    assert preview.rejected == dict(info.rejected) and preview.problems == info.rejected_rows
    assert [(row["file"], row["line"]) for row in preview.problems] == [
        ("train/news.tsv", 11),
        ("train/behaviors.tsv", 201),
    ]
    assert not preview.faults


def test_what_would_stop_the_import_is_said_in_its_words(tmp_path: Path) -> None:
    news = [article(f"N{number}") for number in range(9)]
    folder = write_split(tmp_path / "train", news, [shown(n, "N1-1 N2-7") for n in range(9)])
    preview = preview_mind({"train": folder})
    with pytest.raises(DataError) as error:
        import_mind("made", folder)
    assert preview.faults == (str(error.value),) and "train/behaviors.tsv:1 labels other than" in preview.faults[0]
    assert len(preview.problems) == 5 and preview.impressions == ()


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\x00" * 5000, b"\xff\xfe" * 900, b"a,b,c\n1,2,3\n", b"PK\x03\x04"])
@pytest.mark.parametrize("name", ["news.tsv", "behaviors.tsv"])
def test_wrong_files_are_no_crash_but_a_fault(tmp_path: Path, name: str, content: bytes) -> None:
    folder = small_split(tmp_path / "train")
    (folder / name).write_bytes(content)
    preview = preview_mind({"train": folder})
    assert any(f"train/{name}" in fault for fault in preview.faults)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(news=st.binary(max_size=300), behaviors=st.binary(max_size=300), limit=st.integers(1, 500))
def test_whatever_the_bytes_a_preview_comes_out(tmp_path: Path, news: bytes, behaviors: bytes, limit: int) -> None:
    folder = tmp_path / "train"
    folder.mkdir(exist_ok=True)
    (folder / "news.tsv").write_bytes(news)
    (folder / "behaviors.tsv").write_bytes(behaviors)
    preview = preview_mind({"train": folder}, limit)
    assert all(file.rows >= file.rows_seen for file in preview.files)


def test_zips_that_cannot_be_trusted_are_refused_before_anything_is_read(tmp_path: Path) -> None:
    small_split(tmp_path / "train")
    for name, content, message in (
        ("../evil", b"x", "points out"),
        ("/etc/passwd", b"x", "absolute"),
        ("bomb", bytes(20_000_000), "100 times"),
    ):
        path = zipped(tmp_path / "train", tmp_path / "x.zip")
        with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, content)
        with pytest.raises(DataError, match=message):
            preview_mind({"train": path})


def test_missing_files_and_damaged_zips_are_said(tmp_path: Path) -> None:
    path = zipped(small_split(tmp_path / "train", rows=2000), tmp_path / "x.zip")
    (tmp_path / "train" / "behaviors.tsv").unlink()
    with pytest.raises(DataError, match=r"no file behaviors\.tsv"):
        preview_mind({"train": tmp_path / "train"})
    content = bytearray(path.read_bytes())
    content[200:1000] = bytes(800)
    path.write_bytes(content)
    with pytest.raises(DataError, match="can't be"):
        preview_mind({"train": path})


def test_of_large_files_only_the_beginning_is_read_and_totals_are_reckoned(tmp_path: Path) -> None:
    folder = tmp_path / "train"
    n = 40_000
    news = [article(f"N{row}", f"Title {row}", abstract="word " * 60) for row in range(n)]
    behaviors = [shown(row, f"N{row}-1 N{n - 1 - row}-0", f"N{(row * 7) % n} N{(row * 11) % n}") for row in range(n)]
    write_split(folder, news, behaviors)
    preview = preview_mind({"train": folder})
    first, second = preview.files
    assert not first.whole and first.rows_seen < 12_000 and abs(first.rows - n) < 0.05 * n
    assert second.whole == (second.size <= 2_500_000) and abs(second.rows - n) < 0.05 * n
    assert preview.rejected == {}  # articles that were not reached are not taken for missing ones
    assert preview.impressions[0].clicked == ("Title 0",) and preview.impressions[1].read == ("Title 11", "Title 7")


def test_a_file_without_line_ends_is_read_no_further_than_allowed(tmp_path: Path) -> None:
    folder = small_split(tmp_path / "train")
    with (folder / "news.tsv").open("wb") as file:
        file.truncate(3_000_000_000)  # sparse: takes no room, and could not be read in a second
    tracemalloc.start()
    preview = preview_mind({"train": folder})
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 100_000_000
    assert preview.files[0].rows_seen == 1 and "fewer columns" in preview.faults[0]


def test_a_file_is_whole_exactly_when_its_last_byte_was_read(tmp_path: Path) -> None:
    folder = small_split(tmp_path / "train", rows=20)
    size = (folder / "behaviors.tsv").stat().st_size
    for limit, whole in ((2 * size, True), (2 * size - 2, False)):
        (behaviors,) = [file for file in preview_mind({"train": folder}, limit).files if "behaviors" in file.name]
        assert behaviors.whole == whole and behaviors.rows_seen == 19 + whole
    (folder / "behaviors.tsv").write_bytes((folder / "behaviors.tsv").read_bytes().removesuffix(b"\n"))
    assert preview_mind({"train": folder}, 2 * size - 2).files[1].whole


def test_real_news_are_recognised() -> None:
    if not BING.is_dir():
        pytest.skip(f"real data is not part of the project; looked for it in {BING}")
    preview = preview_mind({"train": BING / "train", "dev": BING / "dev"})
    assert preview.whole and not preview.problems and not preview.faults
    assert (preview.n_articles, preview.n_impressions) == (8582, 4825 + 193)
    assert all(len(one.clicked or ()) >= 1 for one in preview.impressions)
