import zipfile
from pathlib import Path

import pytest

from recattn.data.formats import IMPORTERS
from recattn.data.offered import offered
from recattn.data.preview import preview_source
from recattn.data.recognised import MIND, SOURCES, layout_of
from recattn.errors import DataError
from tests.data.mind_files import small_split
from tests.data.test_amazon import of_2014
from tests.data.test_lastfm import hetrec, thousand
from tests.data.test_movielens import RATINGS, hundred_thousand, one_million, small


def test_every_layout_is_known_by_its_files_and_can_be_imported(tmp_path: Path) -> None:
    made = {
        "movielens": [small(tmp_path / "a"), one_million(tmp_path / "b"), hundred_thousand(tmp_path / "c")],
        "lastfm": [hetrec(tmp_path / "d"), thousand(tmp_path / "e")],
        "amazon": [of_2014(tmp_path / "f")],
        MIND: [small_split(tmp_path / "g")],
    }
    assert {layout_of(path) for paths in made.values() for path in paths} == set(made)
    for layout, paths in made.items():
        assert all(layout_of(path) == layout for path in paths) and layout in IMPORTERS
    assert set(SOURCES) | {MIND} == set(made)
    (tmp_path / "empty").mkdir()
    assert layout_of(tmp_path / "empty") is None and layout_of(tmp_path / "gone") is None


def test_a_folder_of_the_operator_is_offered_whatever_its_layout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "shared"
    root.mkdir()
    monkeypatch.setenv("RECATTN_IMPORT_FOLDERS", str(root))
    small(root / "films")
    of_2014(root / "products")
    hetrec(root / "music")
    outside = thousand(tmp_path / "outside")
    (root / "linked").mkdir()
    (root / "linked" / next(outside.iterdir()).name).symlink_to(next(outside.iterdir()))
    assert list(offered()) == ["shared / films", "shared / music", "shared / products"]


def test_a_look_at_films_tells_what_an_import_would_find(tmp_path: Path) -> None:
    folder = small(tmp_path / "ml")
    with (folder / "ratings.csv").open("a") as file:
        file.write("3,99,5,1\n")
    preview = preview_source("movielens", folder)
    assert (preview.format, preview.layout) == ("movielens", "Films in the layout of MovieLens")
    assert (preview.n_articles, preview.n_impressions, preview.whole) == (3, len(RATINGS) + 1, True)
    assert preview.articles[0].title == "Toy Story (1995)" and preview.impressions[0].clicked == ("Toy Story (1995)",)
    assert preview.rejected == {"ratings of unknown films": 1} and preview.problems[0]["line"] == 6
    assert preview.faults and "1 of 6 rows" in preview.faults[0], "that is more than 1 %, so the import would stop"


@pytest.mark.parametrize(("make", "layout"), [(of_2014, "amazon"), (hetrec, "lastfm"), (thousand, "lastfm")])
def test_products_and_music_can_be_looked_at(make, layout: str, tmp_path: Path) -> None:
    preview = preview_source(layout, make(tmp_path / "data"))
    assert preview.n_articles == 3 and preview.n_impressions >= 3 and not preview.faults


def test_of_large_files_only_the_beginning_is_read(tmp_path: Path) -> None:
    folder = small(tmp_path / "ml")
    rows = "".join(f"{row:05},10,5,{row:05}\n" for row in range(20_000))
    (folder / "ratings.csv").write_text("userId,movieId,rating,timestamp\n" + rows)
    preview = preview_source("movielens", folder, looked_at_bytes=20_000)
    films, ratings = preview.files
    assert films.whole and not ratings.whole and ratings.rows_seen < 1_500
    assert abs(ratings.rows - 20_000) < 4_000 and preview.n_articles == 3 and not preview.rejected
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        archive.writestr("../ratings.csv", rows)
        archive.writestr("movies.csv", "")
    with pytest.raises(DataError, match="points out of the zip"):
        preview_source("movielens", tmp_path / "bad.zip")
