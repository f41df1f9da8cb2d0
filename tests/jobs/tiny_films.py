"""Who saw which film, so small that a training on it takes a second: everybody sees films of one kind."""

import random
from pathlib import Path

from recattn.data.movielens import import_movielens
from tests.models.conftest import WORDS

FILMS, USERS, SEEN = 40, 30, 9


def write_tiny_films(folder: Path) -> Path:
    """A folder in MovieLens' layout."""
    dice = random.Random(1)
    folder.mkdir(parents=True)
    films = [
        f"{film},{' '.join(random.Random(film).sample(WORDS, 4))} (19{60 + film}),{'Crime' if film % 2 else 'Comedy'}"
        for film in range(FILMS)
    ]
    (folder / "movies.csv").write_text("\n".join(["movieId,title,genres", *films]) + "\n")
    ratings = [
        f"{user},{film},{dice.choice([3, 4, 5])},{1_000_000 + user * 5000 + place * 1000}"
        for user in range(USERS)
        for place, film in enumerate(dice.sample(range(user % 2, FILMS, 2), SEEN))
    ]
    (folder / "ratings.csv").write_text("\n".join(["userId,movieId,rating,timestamp", *ratings]) + "\n")
    return folder


def import_tiny_films(folder: Path, name: str = "films", held_out: str = "leave-one-out") -> None:
    import_movielens(name, write_tiny_films(folder), held_out=held_out)
