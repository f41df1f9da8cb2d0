"""The texts as an editor would check them: on the committed files where possible."""

import collections
import json
import re

import pandas as pd

from recattn.data.sample.stories import Article
from recattn.data.sample.world import World

SCREEN = 40  # headlines that somebody may see at once


def _repeats(keys: list[str]) -> int:
    """How often the commonest key occurs on the worst screen."""
    screens = (keys[start : start + SCREEN] for start in range(len(keys) - SCREEN + 1))
    return max(max(collections.Counter(screen).values()) for screen in screens)


def test_no_two_headlines_are_alike(news: pd.DataFrame) -> None:
    titles = news.drop_duplicates("item_id")["title"].str.casefold()
    assert titles.is_unique


def test_no_shape_comes_twice_within_a_screen(articles: list[Article]) -> None:
    assert _repeats([article.template for article in articles]) == 1


def test_few_headlines_of_a_screen_begin_alike(articles: list[Article]) -> None:
    beginnings = [" ".join(article.title.split()[:3]).casefold() for article in articles]
    assert _repeats(beginnings) <= 2


def test_within_a_category_a_shape_comes_again_after_ten_headlines_at_the_earliest(articles: list[Article]) -> None:
    for category in {article.category for article in articles}:
        last_seen: dict[str, int] = {}
        for place, article in enumerate(article for article in articles if article.category == category):
            assert place - last_seen.get(article.template, -10) >= 10, article.title
            last_seen[article.template] = place


def test_shapes_are_many(articles: list[Article]) -> None:
    uses = collections.Counter(article.template for article in articles)
    assert len(uses) > 1000
    assert max(uses.values()) <= 3


FLAWS = {
    "a slot or choice left open": r"[{}\[\]|<>]",
    "two spaces": r"  ",
    "a word twice": r"\b([A-Za-z]+) \1\b",
    "an article too many": r"\b([Tt]he|[Aa]n?) (the|an?)\b",
    "a before a vowel": r"\b[Aa] (?!one|once|uni|use|usu|euro)[aeio]\w",
    "an before a consonant": r"\b[Aa]n (?!h(our|onest|eir)|[MFSX-]|R&B|LED|8|11|18)[^aeiouAEIOU\"']",
    "a space before a stop": r" [,.;:?!]",
    "two stops": r"[.,?!]{2}",
    "one of many": r"\b[Oo]ne (days|weeks|months|years|hours|minutes)\b",
    "a price cut short": r"\$\d+\.\d\b(?! [mb]illion)",
}


def test_texts_have_no_traces_of_their_making(news: pd.DataFrame) -> None:
    found = [
        (flaw, text)
        for text in pd.concat([news["title"], news["abstract"]]).unique()
        for flaw, pattern in FLAWS.items()
        if re.search(pattern, text)
    ]
    assert found == []


def test_headlines_and_abstracts_begin_and_end_as_they_should(news: pd.DataFrame) -> None:
    for row in news.itertuples():
        assert row.title[0].upper() == row.title[0] and row.abstract[0].upper() == row.abstract[0]
        assert not row.title.endswith(".") and 15 <= len(row.title) <= 120, row.title
        assert row.abstract.endswith((".", "!", "?", '."', '".', '?"')) and 25 <= len(row.abstract) <= 330, row.abstract


def test_entities_stand_where_their_offsets_say(news: pd.DataFrame) -> None:
    named = 0
    for row in news.itertuples():
        for text, entities in ((row.title, row.title_entities), (row.abstract, row.abstract_entities)):
            for entity in json.loads(entities):
                assert list(entity) == [
                    "Label",
                    "Type",
                    "WikidataId",
                    "Confidence",
                    "OccurrenceOffsets",
                    "SurfaceForms",
                ]
                assert re.fullmatch(r"Q9\d{8}", entity["WikidataId"])
                for offset, surface in zip(entity["OccurrenceOffsets"], entity["SurfaceForms"], strict=True):
                    assert text[offset:].startswith(surface)
            named += entities != "[]"
    assert named > len(news)


def test_an_entity_has_one_label_one_type_and_one_id(news: pd.DataFrame) -> None:
    seen = {
        (entity["WikidataId"], entity["Label"], entity["Type"])
        for column in ("title_entities", "abstract_entities")
        for entities in news[column]
        for entity in json.loads(entities)
    }
    assert len({wikidata_id for wikidata_id, *_ in seen}) == len({label for _, label, _ in seen}) == len(seen)


def test_a_surname_belongs_to_one_person_and_a_person_plays_in_one_story(world: World, articles: list[Article]) -> None:
    people = [entity for entity in world.entities.values() if entity.type == "P"]
    assert len({person.attributes["last"] for person in people}) == len(people)
    ordinary = {entity.label for kind in ("civilian", "woman") for entity in world.lists[kind]}
    stories = collections.defaultdict(set)
    for article in articles:
        for mention in (*article.title_mentions, *article.abstract_mentions):
            if mention.entity.label in ordinary:
                stories[mention.entity.label].add(article.storyline)
    assert stories and all(len(names) == 1 for names in stories.values())


def test_storylines_go_on_for_days_within_the_sample(articles: list[Article]) -> None:
    beats = collections.defaultdict(list)
    for article in articles:
        if article.storyline:
            beats[article.storyline].append(article.published)
    assert len(beats) >= 30
    assert all(len(minutes) >= 5 and minutes[-1] - minutes[0] >= 4 * 24 * 60 for minutes in beats.values())
