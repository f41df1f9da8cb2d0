"""The articles: shapes and storylines of ``text/``, filled in and spread over the days of the sample."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from recattn.data.sample.dice import Deck, Dice
from recattn.data.sample.grammar import Mention, Scene, Writer
from recattn.data.sample.polish import prose
from recattn.data.sample.world import TEXT, Entity, World, text_lines, word_lists

DAYS = 15  # 1 to 15 November 2026; people's clicks are recorded from day 8 on
MINUTES = 24 * 60
_SHAPE_FILES = ("politics.txt", "business.txt", "science.txt", "sports.txt", "culture.txt", "life.txt")
_STORY_FILES = ("stories_public.txt", "stories_leisure.txt")
_FIRST_HOUR, _LAST_HOUR = 5, 23  # nothing is published at night
_BREAKING = 900  # the appeal of a storyline's opening, on the scale of `Article.appeal`


@dataclass(frozen=True)
class Article:
    """One article, and what only the world knows of it."""

    title: str
    abstract: str
    category: str
    subcategory: str
    published: int  # minutes since the start of day 0
    life: int  # hours after which it draws half as many readers
    appeal: int  # how many it draws when new, 1 to 1000
    title_mentions: tuple[Mention, ...]
    abstract_mentions: tuple[Mention, ...]
    storyline: str = ""
    template: str = ""

    @property
    def topic(self) -> str:
        """Category and subcategory in one word: ``sports/soccer``."""
        return f"{self.category}/{self.subcategory}"


@dataclass(frozen=True)
class Section:
    """A subcategory: how many articles it has, how long they are read, and its shapes."""

    topic: str
    articles: int
    life: int
    lists: Mapping[str, str]
    shapes: list[str]
    until: int = DAYS  # nothing of it is published from this day on


def write_articles(world: World, seed: int) -> list[Article]:
    """All articles of the sample in order of publication; no two headlines are alike."""
    sections = {section.topic: section for file in _SHAPE_FILES for section in read_sections(TEXT / file)}
    words = {name: cards for file in _SHAPE_FILES for name, cards in word_lists(TEXT / file).items()}
    written: list[Article] = []
    for topic, section in sections.items():
        written += _from_shapes(section, Writer(world, words, Dice(seed, f"text {topic}")))
    lives = {topic: section.life for topic, section in sections.items()}
    writer = Writer(world, words, Dice(seed, "storylines"))
    for file in _STORY_FILES:
        written += _storylines(TEXT / file, writer, lives)
    unique = {article.title: article for article in written}
    return sorted(unique.values(), key=lambda article: (article.published, article.title))


def read_sections(file: Path) -> Iterator[Section]:
    """The sections of a file of shapes."""
    section: Section | None = None
    for line in text_lines(file):
        if line.startswith("## "):
            topic, *pairs = line[3:].split()
            given = dict(pair.split("=", 1) for pair in pairs)
            until = int(given.pop("until", DAYS))
            section = Section(topic, int(given.pop("n")), int(given.pop("life")), given, [], until)
            yield section
        elif section is not None and "||" in line:
            section.shapes.append(line)


def _from_shapes(section: Section, writer: Writer) -> Iterator[Article]:
    """The articles of a section: each shape once before any comes again, evenly over the days."""
    deck = Deck(writer.dice, section.shapes)
    for turn in range(section.articles):
        minute = (turn * 1000 + writer.dice.below(1000)) * section.until * MINUTES // (section.articles * 1000)
        published = _daytime(minute, writer.dice)
        scene = Scene(writer, published // MINUTES, section.lists)
        yield _article(deck.draw(), scene, section.topic, published, section.life, writer.dice.heavy_tail(600, 60))


def _daytime(minute: int, dice: Dice) -> int:
    """The same day at an hour at which editors are awake."""
    day, hour = minute // MINUTES, minute % MINUTES // 60
    if _FIRST_HOUR <= hour < _LAST_HOUR:
        return minute
    return day * MINUTES + dice.between(_FIRST_HOUR * 60, _LAST_HOUR * 60 - 1)


def _article(
    template: str, scene: Scene, topic: str, published: int, life: int, appeal: int, storyline: str = ""
) -> Article:
    headline, _, rest = template.partition("||")
    title, abstract = scene.text(headline.strip()), prose(scene.text(rest.strip()))
    category, _, subcategory = topic.partition("/")
    return Article(
        title,
        abstract,
        category,
        subcategory,
        published,
        life,
        appeal,
        scene.mentions(title, bool(storyline)),
        scene.mentions(abstract, bool(storyline)),
        storyline,
        template,
    )


_STORY = re.compile(r"=== (\S+) (\S+) day (\d+)")
_BEAT = re.compile(r"(\d+) (\d\d):(\d\d) (?:\((\S+)\) )?(.+)")


def _storylines(file: Path, writer: Writer, lives: Mapping[str, int]) -> Iterator[Article]:
    """Stories told over several days by the same cast: ``=== name topic day N``, the cast, the beats."""
    name, topic, start, beat = "", "", 0, 0
    cast: dict[str, Entity | str] = {}
    for line in text_lines(file):
        if story := _STORY.fullmatch(line):
            name, topic, start, beat = story[1], story[2], int(story[3]), 0
        elif line.startswith("cast: "):
            cast = _cast(line.removeprefix("cast: "), writer)
        elif found := _BEAT.fullmatch(line):
            day = start + int(found[1])
            published = day * MINUTES + int(found[2]) * 60 + int(found[3])
            appeal = max(_BREAKING * (3 if beat == 0 else 2) // 3 - writer.dice.below(450), 60)
            chosen = found[4] or topic
            scene = Scene(writer, day, {}, cast)
            if day < DAYS:
                yield _article(found[5], scene, chosen, published, lives.get(chosen, 30), appeal, name)
            beat += 1


def _cast(line: str, writer: Writer) -> dict[str, Entity | str]:
    """Who plays: ``club=soccerclub, star=club.striker, shop=retailer:Fairmarket``."""
    scene = Scene(writer, 0, {})
    for pair in line.split(", "):
        slot, _, path = pair.partition("=")
        first, _, attribute = path.partition(".")
        kind, _, name = path.partition(":")
        if name:
            scene.bound[slot] = next(entity for entity in writer.world.lists[kind] if entity.name == name)
        elif attribute:
            owner = scene.entity(first)
            if isinstance(owner, Entity):
                scene.bound[slot] = owner.attributes[attribute]
        else:
            scene.bound[slot] = writer.draw(first, list(scene.bound.values()))
    return scene.bound
