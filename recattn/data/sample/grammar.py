"""From shapes to sentences: a small template language, filled from the world.

``{club}``      the next of the world's list "club", the same wherever it stands in one article; ``{club2}`` another
``{club.city}`` an attribute, which may be an entity with attributes of its own: ``{club.coach.last}``;
                ``.last``, ``.short``, ``.adj`` and ``.bare`` (without "the") name the entity itself
``{dish}``      likewise from a word list of the file: ``@dish = soup | stew``
``{a=3-9}``     a number that ``{a}``, ``{a.word}``, ``{a.th}`` repeat; ``{a=200-900/50}`` in steps; ``{3-9}`` once only
``{weekday}``   the day of publication; also yesterday, tomorrow, soon, month
``[won|took]``  one of the alternatives, a different one each time the shape is used
``[1:up|down]`` likewise; all choices of one number in an article fall alike: ``[1:rise|fall]`` beside it

What depends on the neighbours (a or an, possessives after s, capitals, small numbers in words) is put right at the end.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from recattn.data.sample.dice import Deck, Dice
from recattn.data.sample.polish import polished, spelled
from recattn.data.sample.world import Entity, World

_SLOT = re.compile(r"\{([^{}]+)\}")
_CHOICE = re.compile(r"\[(?:(\d):)?([^\[\]]*\|[^\[\]]*)\]")
_NUMBER = re.compile(r"(?:([a-z])=)?([\d.]+)-([\d.]+)(?:/(\d+))?(?::(\w+))?")
_SURFACES = ("last", "short", "adj")  # attributes that name the entity itself
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_DAYS_AHEAD = {"yesterday": -1, "weekday": 0, "tomorrow": 1, "soon": 4}
_FIRST_WEEKDAY = 6  # day 0 of the sample is a Sunday


class Mention(NamedTuple):
    """An entity where it stands in a text: each offset with the words that are there."""

    entity: Entity
    offsets: tuple[int, ...]
    surfaces: tuple[str, ...]


class Writer:
    """Hands out names and words so that none repeats before the others of its list have been used."""

    def __init__(self, world: World, words: Mapping[str, Sequence[str]], dice: Dice) -> None:
        self.world, self.words, self.dice = world, words, dice
        self._decks: dict[str, Deck[Entity | str]] = {}
        self.well_known = [(entity, entity.label) for entity in world.entities.values()]
        self.well_known += [
            (entity, short)
            for entity in world.lists["happening"]
            if isinstance(short := entity.attributes.get("short"), str)
        ]

    def draw(self, kind: str, unlike: Sequence[object]) -> Entity | str:
        """The next entity or word of a list that is none of ``unlike``; those at the head of a list are the stars."""
        if kind not in self._decks:
            self._decks[kind] = Deck(self.dice, self._cards(kind))
        return self._decks[kind].draw(unlike)

    def choose(self, alternatives: str) -> str:
        """The next of the alternatives, by turns."""
        if alternatives not in self._decks:
            self._decks[alternatives] = Deck(self.dice, alternatives.split("|"))
        return str(self._decks[alternatives].draw())

    def _cards(self, kind: str) -> Sequence[Entity | str]:
        if kind in self.words:
            return self.words[kind]
        entities = self.world.lists[kind]
        stars = entities[: len(entities) // 4] if kind != "civilian" else []
        return [*entities, *stars]


class Scene:
    """One article in the making: who and what stands in which slot.

    Args:
        writer: where names come from.
        day: of publication, counted from day 0.
        lists: for some slot names the world's list, e.g. ``{"club": "soccerclub"}``.
        cast: slots that are taken from the start.
    """

    def __init__(
        self, writer: Writer, day: int, lists: Mapping[str, str], cast: Mapping[str, Entity | str] | None = None
    ) -> None:
        self.writer, self.day, self.lists = writer, day, lists
        self.bound: dict[str, Entity | str] = dict(cast or {})
        self.numbers: dict[str, int | float] = {}
        self._surfaces: dict[tuple[Entity, str], None] = {}
        self._fallen: dict[str, int] = {}

    def text(self, template: str) -> str:
        """The sentence that a template becomes here."""
        while _CHOICE.search(template):
            template = _CHOICE.sub(self._chosen, template)
        return polished(_SLOT.sub(lambda found: self._filled(found[1]), template))

    def mentions(self, text: str, anyone: bool = False) -> tuple[Mention, ...]:
        """The entities named in a finished text, in the order of their first mention.

        Args:
            text: title or abstract.
            anyone: also those of the world that stand there by their full name, outside any slot.
        """
        taken: dict[int, tuple[int, Entity, str]] = {}
        known = self.writer.well_known if anyone else []
        surfaces = self._surfaces | {pair: None for pair in known if pair[1] in text}
        for entity, surface in sorted(surfaces, key=lambda pair: (-len(pair[1]), pair[1])):
            for found in re.finditer(rf"\b{re.escape(surface)}\b", text):
                if not any(start < found.end() and found.start() < end for start, (end, *_) in taken.items()):
                    taken[found.start()] = (found.end(), entity, surface)
        of_entity: dict[Entity, list[int]] = {}
        for start in sorted(taken):
            of_entity.setdefault(taken[start][1], []).append(start)
        return tuple(
            Mention(entity, tuple(starts), tuple(taken[start][2] for start in starts))
            for entity, starts in of_entity.items()
        )

    def _chosen(self, found: re.Match[str]) -> str:
        """One of some alternatives; where the choice is numbered, the one that fell before under that number."""
        if not found[1]:
            return self.writer.choose(found[2])
        alternatives = found[2].split("|")
        if found[1] not in self._fallen:
            self._fallen[found[1]] = alternatives.index(self.writer.choose(found[2]))
        return alternatives[self._fallen[found[1]]]

    def _filled(self, slot: str) -> str:
        if number := _NUMBER.fullmatch(slot):
            return self._number(*number.groups())
        name, _, path = slot.partition(".")
        if name in _DAYS_AHEAD:
            return _WEEKDAYS[(self.day + _FIRST_WEEKDAY + _DAYS_AHEAD[name]) % 7]
        if name in self.numbers:
            return spelled(self.numbers[name], path or "plain")
        return self._named(self.entity(name), path)

    def entity(self, name: str) -> Entity | str:
        """Who or what stands in a slot, drawn when it is asked for the first time."""
        if name not in self.bound:
            kind = name.rstrip("23456789")
            others = [thing for slot, thing in self.bound.items() if slot.rstrip("23456789") == kind]
            self.bound[name] = self.writer.draw(self.lists.get(kind, kind), others)
        return self.bound[name]

    def _named(self, thing: Entity | str, path: str) -> str:
        """Follow the attributes of a path and give the name at its end."""
        for key in filter(None, path.split(".")):
            if isinstance(thing, str):
                raise ValueError(f"{thing!r} has no attribute {key!r}.")
            if key == "bare":
                break
            if key in _SURFACES and (surface := thing.attributes.get(key, thing.name)) and isinstance(surface, str):
                self._surfaces[thing, surface.removeprefix("the ")] = None
                return surface
            thing = thing.attributes[key]
        if isinstance(thing, Entity):
            self._surfaces[thing, thing.label] = None
            return thing.label if path.endswith("bare") else thing.name
        return thing

    def _number(self, name: str | None, low: str, high: str, step: str | None, how: str | None) -> str:
        dice = self.writer.dice
        value: int | float
        if "." in low:
            value = dice.between(int(float(low) * 10 + 0.5), int(float(high) * 10 + 0.5)) / 10
        else:
            size = int(step or 1)
            value = dice.between(int(low) // size, int(high) // size) * size
        if name:
            self.numbers[name] = value
        return spelled(value, how or ("" if step else "plain"))
