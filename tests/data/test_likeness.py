from pathlib import Path

import numpy as np

from recattn.data import Dataset, import_mind
from recattn.data.likeness import Likeness, popularity_bands
from recattn.data.movielens import import_movielens
from tests.jobs.tiny import write_tiny_mind

FILMS = (
    "movieId,title,genres\n1,Toy Story (1995),Animation|Comedy\n2,Heat (1995),Action|Crime\n"
    "3,Clueless (1996),Comedy\n4,Casablanca (1942),Drama\n5,Nameless,(no genres listed)\n"
)
RATED = {1: 6, 2: 4, 3: 3, 4: 1, 5: 1}  # film -> people who rated it


def films(folder: Path) -> Dataset:
    folder.mkdir()
    (folder / "movies.csv").write_text(FILMS)
    rows = [f"{user},{film},4.0,{user * 10 + film}" for film, people in RATED.items() for user in range(people)]
    (folder / "ratings.csv").write_text("userId,movieId,rating,timestamp\n" + "\n".join(rows) + "\n")
    import_movielens("films", folder)
    return Dataset.open("films")


def test_films_are_alike_by_any_genre_they_share_by_decade_and_by_popularity(tmp_path: Path) -> None:
    dataset = films(tmp_path / "ml")
    likeness = Likeness(dataset)
    assert likeness.kinds == ("same genre", "same decade", "same popularity")
    toy, heat, clueless, casablanca, nameless = (int(row) for row in dataset.index(["1", "2", "3", "4", "5"]))
    labels = likeness.labels(np.array([nameless, casablanca, clueless, heat, toy]))
    assert [sorted(names) for names in labels["same genre"]] == [
        [],
        ["Drama"],
        ["Comedy"],
        ["Action", "Crime"],
        ["Animation", "Comedy"],
    ]
    assert [sorted(names) for names in labels["same decade"]] == [[], ["194"], ["199"], ["199"], ["199"]]


def test_news_are_alike_by_category_and_where_nobody_is_named_by_popularity(tmp_path: Path) -> None:
    import_mind("plain", write_tiny_mind(tmp_path / "plain"))
    assert Likeness(Dataset.open("plain")).kinds == ("same category", "same popularity")
    folder = write_tiny_mind(tmp_path / "named")
    named = (folder / "news.tsv").read_text().replace("[]\t[]", '[{"Label": "Rivermouth"}]\t[]', 1)
    (folder / "news.tsv").write_text(named)
    import_mind("named", folder)
    assert Likeness(Dataset.open("named")).kinds == ("same category", "same entity")


def test_each_band_of_popularity_holds_about_a_third_of_all_clicks() -> None:
    clicks = np.random.default_rng(0).zipf(1.6, 2000).clip(max=200)
    bands = popularity_bands(clicks)
    shares = np.bincount(bands, weights=clicks) / clicks.sum()
    np.testing.assert_allclose(shares, 1 / 3, atol=200 / clicks.sum())
    assert clicks[bands == 0].min() >= clicks[bands == 1].max() >= clicks[bands == 1].min() >= clicks[bands == 2].max()


def test_without_clicks_all_items_are_alike() -> None:
    assert popularity_bands(np.zeros(3, dtype=np.int64)).tolist() == [0, 0, 0]
