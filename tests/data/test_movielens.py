import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from recattn.data import Dataset
from recattn.data.movielens import import_movielens
from recattn.errors import DataError

REAL = Path(__file__).parents[3] / "shared" / "data" / "ml-latest-small"
RATINGS = [("1", "10", "4", "100"), ("1", "20", "3", "200"), ("1", "30", "5", "300"), ("2", "10", "1", "400")]
FILMS = [("10", "Toy Story (1995)", "Animation|Comedy"), ("20", 'Cité, "La" (2000)', ""), ("30", "Heat", "Crime")]


def small(folder: Path) -> Path:
    folder.mkdir()
    quoted = [(film, '"' + title.replace('"', '""') + '"', genres) for film, title, genres in FILMS]
    (folder / "movies.csv").write_text("movieId,title,genres\n" + "".join(",".join(row) + "\n" for row in quoted))
    rows = "".join(",".join(row) + "\r\n" for row in RATINGS)
    (folder / "ratings.csv").write_text("userId,movieId,rating,timestamp\r\n" + rows)
    return folder


def one_million(folder: Path) -> Path:
    folder.mkdir()
    (folder / "movies.dat").write_text("".join("::".join(row) + "\n" for row in FILMS), encoding="latin-1")
    (folder / "ratings.dat").write_text("".join("::".join(row) + "\n" for row in RATINGS))
    return folder


def hundred_thousand(folder: Path) -> Path:
    folder.mkdir()
    columns = {"Animation": 3, "Comedy": 5, "Crime": 6}
    lines = []
    for film, title, genres in FILMS:
        flags = ["0"] * 19
        for genre in filter(None, genres.split("|")):
            flags[columns[genre]] = "1"
        lines.append("|".join([film, title, "01-Jan-1995", "", "http://example.org", *flags]))
    (folder / "u.item").write_text("\n".join(lines) + "\n", encoding="latin-1")
    (folder / "u.data").write_text("".join("\t".join(row) + "\n" for row in RATINGS))
    return folder


@pytest.mark.parametrize("layout", [small, one_million, hundred_thousand])
def test_every_layout_gives_the_same_films_and_ratings(layout: Callable[[Path], Path], tmp_path: Path) -> None:
    info = import_movielens("ml", layout(tmp_path / "ml"))
    assert (info.items, info.users, info.impressions, dict(info.splits)) == (3, 2, 4, {"train": 3, "dev": 1})
    items = Dataset.open("ml").items()
    assert items["title"].tolist() == [title for _, title, _ in FILMS]
    assert items["abstract"].tolist() == ["Animation, Comedy", "", "Crime"]
    assert items["category"].tolist() == ["Animation", "", "Crime"]
    assert json.loads(items["attributes"][0])["year"] == "1995"
    assert Dataset.open("ml").user("1").history == ("10", "20", "30")


def test_a_zip_as_published_is_read_in_place(tmp_path: Path) -> None:
    folder = small(tmp_path / "ml-x")
    with zipfile.ZipFile(tmp_path / "ml.zip", "w") as archive:
        for file in folder.iterdir():
            archive.write(file, f"ml-x/{file.name}")
    assert import_movielens("ml", tmp_path / "ml.zip").impressions == 4


def test_bad_ratings_are_counted_with_their_lines(tmp_path: Path) -> None:
    folder = small(tmp_path / "ml")
    good = "".join(f"{user},10,5,{user}\n" for user in range(3, 1000))
    bad = "7,10,9.5,1\n7,99,5,1\n7,10,x,1\n7,10,5\n,10,5,1\n"
    (folder / "ratings.csv").write_text("userId,movieId,rating,timestamp\n" + good + bad)
    info = import_movielens("ml", folder)
    assert sum(info.rejected.values()) == 5
    assert {row["line"] for row in info.rejected_rows} == {999, 1000, 1001, 1002, 1003}
    assert "ratings outside 0.5 to 5" in info.rejected


def test_another_folder_says_what_is_expected(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"ratings\.csv and movies\.csv; ratings\.dat"):
        import_movielens("ml", tmp_path)
    (small(tmp_path / "ml") / "ratings.csv").write_text("userId,movieId,rating,timestamp\n1,10,0.1,1\n")
    with pytest.raises(DataError, match="1 of 2 rows can't be used"):
        import_movielens("ml", tmp_path / "ml")
    (tmp_path / "ml" / "ratings.csv").write_text("userId,movieId,rating,timestamp\n1,10,1,1\n")
    with pytest.raises(DataError, match="Lower the threshold"):
        import_movielens("ml", tmp_path / "ml", positive=4.0)


def test_the_real_one_is_read_to_the_last_rating() -> None:
    if not REAL.is_dir():
        pytest.skip("ml-latest-small does not lie beside this checkout")
    info = import_movielens("ml", REAL)
    assert (info.items, info.users, info.impressions) == (9742, 610, 100836)
    assert info.rejected == {} and info.splits["dev"] == 610
