"""A second, smaller sample: films of a world that does not exist, and viewers whose tastes are planted.

Made in memory in a second, the same on every machine. Every evening a viewer is shown some films and watches one by one
of the rules in `RULES`; what was watched is the history of the next evening.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from recattn.data.interactions import Rule
from recattn.data.items import Item, Items, joined
from recattn.data.sample.dice import Deck, Dice
from recattn.data.sample.world import TEXT, word_lists
from recattn.data.shown import CollectingShown, impressions_shown
from recattn.data.writing import Content, write_dataset
from recattn.types import DatasetInfo, Report, silent

SOURCE = "film sample"
VIEWERS, FILMS = 300, 400
RULES = {"series": 15, "affinity": 35, "taste": 30, "decade": 5, "popularity": 10, "chance": 5}  # in a hundred
AFFINITY = {  # who watched the one lately turns to the other: no likeness of words
    "Western": "Science Fiction",
    "Science Fiction": "Documentary",
    "Romance": "Horror",
    "Horror": "Animation",
    "Drama": "Adventure",
    "Comedy": "Thriller",
    "Thriller": "Romance",
    "Adventure": "Comedy",
    "Animation": "Western",
    "Documentary": "Drama",
}
_FIRST_YEAR, _LAST_YEAR = 1950, 2025
_SERIES = 15  # in a hundred films that aren't one: how many have a sequel
_RECENT, _LATELY = 6, 2  # films back that a sequel and an affinity look at
_DAYS, _EVENINGS = 60, (10, 30)
_BESIDE = (5, 11)  # films that are shown and not watched
_FIRST_DAY = int(datetime(2026, 9, 1, 18, tzinfo=UTC).timestamp())


@dataclass(frozen=True)
class Film:
    """``before`` is the film that it goes on from."""

    title: str
    year: int
    genres: tuple[str, ...]
    plot: str
    appeal: int
    before: int | None = None


def import_film_sample(
    name: str = "films", replace: bool = False, report: Report = silent, seed: int = 7
) -> DatasetInfo:
    """Make the film sample a dataset.

    Args:
        name: of the dataset.
        replace: whether a dataset of that name may go.
        report: hears of phases "readers" and "write".
        seed: another seed gives another world of the same rules.
    """
    films = made_films(seed)
    items = Items()
    for number, film in enumerate(films):
        items.describe(f"F{number + 1001}", _item(film))
    splits, notes = impressions_shown(_evenings(films, seed, report).shown(), Rule(held_out="time"))
    made_up = "Films, viewers and what they watched are made up."
    content = Content(items.table(), splits, SOURCE, notes=(made_up, *notes), domain="films")
    return write_dataset(name, content, replace, report)


def made_films(seed: int) -> list[Film]:
    """All films, a sequel somewhere after the film that it goes on from."""
    dice, words = Dice(seed, "films"), word_lists(TEXT / "films.txt")
    genres = [name.removesuffix(".what") for name in words if name.endswith(".what")]
    adjectives, whats = Deck(dice, words["adjective"]), {name: Deck(dice, cards) for name, cards in words.items()}
    films: list[Film] = []
    titles: set[str] = set()
    while len(films) < FILMS:
        if films and dice.chance(_SERIES):
            films.append(_sequel(films, dice))
            continue
        first, second = dice.pick(genres), dice.pick(genres)
        title = f"The {adjectives.draw()} {whats[f'{first}.what'].draw()}"
        if title not in titles:
            titles.add(title)
            plot = f"{dice.pick(words[f'{first}.who'])} {dice.pick(words[f'{first}.does'])}."
            year = _LAST_YEAR - dice.below(_LAST_YEAR - _FIRST_YEAR + 1) * dice.between(1, 3) // 3
            films.append(Film(title, year, tuple(dict.fromkeys((first, second))), plot, dice.heavy_tail(100, 60)))
    return films


def _sequel(films: Sequence[Film], dice: Dice) -> Film:
    """The next part of a series, of a film that has none yet."""
    continued = {film.before for film in films}
    number = dice.pick([number for number in range(len(films)) if number not in continued])
    first = films[number]
    title, _, part = first.title.partition(": Part ")
    plot = f"It goes on: {first.plot[0].lower()}{first.plot[1:].removeprefix('t goes on: ')}"
    year = min(_LAST_YEAR, first.year + dice.between(1, 4))
    return Film(f"{title}: Part {int(part or 1) + 1}", year, first.genres, plot, first.appeal, number)


def _item(film: Film) -> Item:
    return Item(
        title=f"{film.title} ({film.year})",
        abstract=joined(", ".join(film.genres), film.plot),
        category=film.genres[0],
        subcategory=" ".join(film.genres[1:]),
        entities=film.genres,
        attributes={"year": str(film.year), "genres": list(film.genres)},
    )


def _evenings(films: Sequence[Film], seed: int, report: Report) -> CollectingShown:
    """What every viewer was shown and watched."""
    collecting, world = CollectingShown(), Choices(films)
    for viewer in range(VIEWERS):
        dice = Dice(seed, f"viewer {viewer}")
        taste = tuple(dict.fromkeys(dice.pick(world.genres) for _ in range(2)))
        watched: list[int] = []
        days = sorted(dice.shuffled(range(_DAYS))[: dice.between(*_EVENINGS)])
        for evening, day in enumerate(days):
            film = world.next_film(watched, taste, dice)
            beside = world.beside({*watched, film}, dice)
            moment = _FIRST_DAY + day * 86_400 + dice.below(5 * 3600)
            for shown in dice.shuffled([film, *beside]):
                collecting.add(f"V{viewer + 1001}", shown, moment, shown == film, str(evening))
            watched.append(film)
        report("readers", viewer + 1, VIEWERS)
    return collecting


class Choices:
    """Which films are to be had, by genre, decade and series, and how strongly each draws."""

    def __init__(self, films: Sequence[Film]) -> None:
        self._films = films
        self._appeal = np.array([film.appeal for film in films], np.int64)
        self._mild = np.sqrt(self._appeal * 100).astype(np.int64)  # a square root is exact to the last bit everywhere
        self._genre, self._decade = [film.genres[0] for film in films], [film.year // 10 for film in films]
        self.genres = sorted(set(self._genre))
        self._sequel = {film.before: number for number, film in enumerate(films) if film.before is not None}

    def next_film(self, watched: Sequence[int], taste: Sequence[str], dice: Dice) -> int:
        """What is watched next: by the rule that is drawn, or where it has nothing to offer by popularity."""
        rule = list(RULES)[dice.weighted(list(RULES.values()))]
        seen, recent = set(watched), watched[-_RECENT:]
        among = [film for film in self._offered(rule, recent, taste) if film not in seen]
        if not among:
            among = [film for film in range(len(self._films)) if film not in seen]
        weights = {"chance": np.ones_like(self._appeal), "popularity": self._appeal}.get(rule, self._mild)
        return among[dice.weighted_in(weights[among])]

    def beside(self, taken: set[int], dice: Dice) -> list[int]:
        """Films that are shown and not watched: popular ones more often."""
        drawn = [dice.weighted_in(self._mild) for _ in range(dice.between(*_BESIDE))]
        return [film for film in dict.fromkeys(drawn) if film not in taken] or [
            min(set(range(len(self._films))) - taken)
        ]

    def _offered(self, rule: str, recent: Sequence[int], taste: Sequence[str]) -> list[int]:
        """The films that a rule offers."""
        if rule == "series":
            return [self._sequel[film] for film in recent if film in self._sequel]
        if rule == "decade":
            return [film for film, decade in enumerate(self._decade) if recent and decade == self._decade[recent[-1]]]
        wanted = set(taste)
        if rule == "affinity":
            wanted = {AFFINITY[self._genre[film]] for film in recent[-_LATELY:]}
        return (
            [film for film, genre in enumerate(self._genre) if genre in wanted] if rule in ("affinity", "taste") else []
        )
