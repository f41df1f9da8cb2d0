import json
from collections import Counter

import numpy as np
import pytest

from recattn.cli import main
from recattn.data import Dataset
from recattn.data.sample.films import AFFINITY, FILMS, RULES, VIEWERS, Film, import_film_sample, made_films


@pytest.fixture(scope="module")
def films() -> list[Film]:
    return made_films(7)


def test_a_seed_makes_the_same_world_each_time() -> None:
    one, again, other = import_film_sample("one"), import_film_sample("again"), import_film_sample("other", seed=8)
    assert dict(one.files) == dict(again.files) and dict(one.files) != dict(other.files)
    assert (one.items, one.users, one.domain) == (FILMS, VIEWERS, "films")


def test_titles_are_unlike_and_sequels_come_after_what_they_go_on_from(films: list[Film]) -> None:
    assert len({film.title for film in films}) == FILMS
    sequels = [film for film in films if film.before is not None]
    assert len(sequels) > 30
    for film in sequels:
        before = films[film.before or 0]
        assert before.year <= film.year <= 2025 and before.genres == film.genres
    assert sum(RULES.values()) == 100 and {film.genres[0] for film in films} == set(AFFINITY)


def test_films_have_their_year_and_genres_where_every_reader_has_them() -> None:
    import_film_sample()
    first = Dataset.open("films").items().iloc[0]
    known = json.loads(first["attributes"])
    assert first["title"].endswith(f"({known['year']})") and str(first["published"]).startswith(known["year"])
    assert first["category"] == known["genres"][0] and first["abstract"].startswith(", ".join(known["genres"]))


def test_viewers_watch_one_of_several_films_and_none_twice() -> None:
    import_film_sample()
    for split in ("train", "dev"):
        shown = Dataset.open("films").impressions(split)
        sizes = np.diff(shown.candidate_offsets)
        assert sizes.min() >= 2 and sizes.max() <= 12
        assert np.asarray(shown.labels).sum() == len(shown)
        for row in range(len(shown)):
            history = shown.history[slice(*shown.history_offsets[row : row + 2])]
            assert not set(history) & set(shown.candidates[slice(*shown.candidate_offsets[row : row + 2])])


def test_affinities_are_planted() -> None:
    import_film_sample()
    dataset = Dataset.open("films")
    genre, train = dataset.items()["category"].tolist(), dataset.impressions("train")
    followed: Counter[bool] = Counter()
    for row in range(len(train)):
        history = train.history[slice(*train.history_offsets[row : row + 2])]
        for place in range(*train.candidate_offsets[row : row + 2]):
            if len(history) and AFFINITY[genre[history[-1]]] == genre[train.candidates[place]]:
                followed[bool(np.asarray(train.labels)[place])] += 1
    assert followed[True] / followed.total() > 0.2, "one of about nine candidates is watched, of these more than twice"


def test_a_shell_makes_it_once(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        assert main(["sample", "--domain", "films", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["dataset"] == "films"
    made = Dataset.open("films").info.created
    assert main(["sample", "--domain", "films", "--name", "films"]) == 0
    assert Dataset.open("films").info.created == made
