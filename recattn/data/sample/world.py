"""The fictional world: who and what exists, read from the lists in ``text/``.

Everyone has one role and every organisation one home, so that what is said of them agrees across articles.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Union

from recattn.data.sample.dice import Deck, Dice

TEXT = Path(__file__).parent / "text"
_FILES = ("places.txt", "organisations.txt", "people.txt", "works.txt")  # each may refer to those before it
_FIRST_ID = 900_000_001  # far above any id that Wikidata has given out
_PRONOUNS = {
    "female": {"he": "she", "him": "her", "his": "her", "He": "She", "His": "Her", "man": "woman", "child": "daughter"},
    "male": {"he": "he", "him": "him", "his": "his", "He": "He", "His": "His", "man": "man", "child": "son"},
}


@dataclass(frozen=True, eq=False)
class Entity:
    """A person (P), place (G), organisation (O), work (W), event (E) or species (N) of the world."""

    name: str
    type: str
    wikidata_id: str
    attributes: dict[str, Union[str, "Entity"]] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The name without a leading article, as entity linkers write it."""
        return self.name.removeprefix("the ")


@dataclass(frozen=True)
class World:
    """All entities by list name (``city``, ``minister`` ...), and those without a list by name."""

    lists: Mapping[str, list[Entity]]
    entities: Mapping[str, Entity]


def text_lines(file: Path) -> Iterator[str]:
    """The lines of a text file of ours that say something: neither empty nor a remark."""
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("# "):
            yield line.strip()


def build_world(seed: int) -> World:
    """The world of a seed: the same places and firms, with people of that seed's names."""
    return _Builder(seed).built()


class _Builder:
    def __init__(self, seed: int) -> None:
        self.dice = Dice(seed, "world")
        self.names = {kind: Deck(self.dice, list(cards)) for kind, cards in word_lists(TEXT / "names.txt").items()}
        self.lists: dict[str, list[Entity]] = {}
        self.entities: dict[str, Entity] = {}
        self.decks: dict[str, Deck[Entity]] = {}

    def built(self) -> World:
        kind, given = "", {}
        for line in (line for file in _FILES for line in text_lines(TEXT / file)):
            if line.startswith("* "):
                kind, *pairs = line[2:].split()
                given = dict(pair.split("=", 1) for pair in pairs)
                self.lists[kind] = []
            else:
                self._entries(kind, given, line)
        return World(self.lists, self.entities)

    def _entries(self, kind: str, given: Mapping[str, str], line: str) -> None:
        """One line of the file: a named entry, a new person, or several of them."""
        name, *pairs = [part.strip() for part in line.split(";")]
        name, _, times = name.partition(" x") if name.startswith("+") else (name, "", "")
        own = dict(pair.split("=", 1) for pair in pairs)
        for _ in range(int(times or 1)):
            entity = self._person(given.get("gender")) if name == "+" else self._entity(name, given["type"])
            made = {key: self._given(how) for key, how in given.items() if key not in ("type", "gender", *own)}
            if alone := own.pop("as", ""):
                self.lists[alone] = [entity]
            known = {key: self.entities.get(value, value) for key, value in own.items()}
            entity.attributes.update(made | known)
            self.lists[kind].append(entity)

    def _given(self, how: str) -> Entity:
        if how in ("new", *_PRONOUNS):
            return self._person(None if how == "new" else how)
        if how not in self.decks:
            self.decks[how] = Deck(self.dice, self.lists[how])
        return self.decks[how].draw()

    def _person(self, gender: str | None = None) -> Entity:
        gender = gender or self.dice.pick(list(_PRONOUNS))
        first, last = self.names[gender].draw(), self.names["surname"].draw()
        person = self._entity(f"{first} {last}", "P")
        person.attributes.update({"last": last, "first": first} | _PRONOUNS[gender])
        return person

    def _entity(self, name: str, kind: str) -> Entity:
        """The entity of that name; one that stands in two lists (a capital, a destination) is one entity."""
        if name not in self.entities:
            self.entities[name] = Entity(name, kind, f"Q{_FIRST_ID + len(self.entities)}")
        return self.entities[name]


def word_lists(file: Path) -> dict[str, tuple[str, ...]]:
    """The lists of a text file: lines ``@name = word | word``.

    >>> len(set(word_lists(TEXT / "names.txt")["surname"])) == len(word_lists(TEXT / "names.txt")["surname"])
    True
    """
    found = {}
    for line in text_lines(file):
        if line.startswith("@"):
            name, _, words = line[1:].partition("=")
            found[name.strip()] = tuple(word.strip() for word in words.split("|"))
    return found
