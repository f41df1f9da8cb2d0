from collections.abc import Callable

import pytest

from recattn.data.sample.dice import Dice
from recattn.data.sample.grammar import Scene, Writer
from recattn.data.sample.world import World


@pytest.fixture
def scene(world: World) -> Callable[[], Scene]:
    writer = Writer(world, {"dish": ("soup", "stew")}, Dice(3, "test"))
    return lambda: Scene(writer, 8, {"club": "soccerclub"})


def test_a_slot_stands_for_the_same_wherever_it_is_used(scene: Callable[[], Scene]) -> None:
    first, second, other = scene().text("{club} and {club} and {club2}").split(" and ")
    assert first == second != other


def test_an_attribute_is_followed_to_its_end(scene: Callable[[], Scene], world: World) -> None:
    name, last, city = scene().text("{club.coach}|{club.coach.last}|{club.city}").split("|")
    assert name.endswith(last)
    assert city in {entity.name for entity in world.lists["city"]}


def test_a_number_is_repeated_in_figures_and_words(scene: Callable[[], Scene]) -> None:
    made = scene()
    assert made.text("{a=3-3} cups, {a.word} cups, the {a.th} cup") == "3 cups, three cups, the third cup"
    assert made.text("{a}") == "3"
    assert made.text("{b=2000-2000/100}, {1990-1990}, {c=1.5-1.5}") == "2,000, 1990, 1.5"


def test_days_are_those_of_the_calendar(scene: Callable[[], Scene]) -> None:
    """Day 8 of the sample is Monday 9 November 2026."""
    assert scene().text("{yesterday} {weekday} {tomorrow} {soon}") == "Sunday Monday Tuesday Friday"


def test_alternatives_take_turns(scene: Callable[[], Scene]) -> None:
    assert {scene().text("[up|down|level]") for _ in range(3)} == {"Up", "Down", "Level"}


def test_numbered_alternatives_fall_alike(scene: Callable[[], Scene]) -> None:
    assert {scene().text("[1:up|down] is [1:good|bad]") for _ in range(4)} == {"Up is good", "Down is bad"}


def test_words_of_a_list_are_different_in_one_article(scene: Callable[[], Scene]) -> None:
    assert sorted(scene().text("{dish} {dish2}").casefold().split()) == ["soup", "stew"]


def test_mentions_are_the_entities_with_their_places(scene: Callable[[], Scene]) -> None:
    made = scene()
    text = made.text("{club.coach} of {club}: {club.coach.last}")
    coach, club = made.mentions(text)
    assert coach.entity.type == "P" and club.entity.type == "O"
    assert coach.offsets[0] == 0 and len(coach.offsets) == 2
    for mention in (coach, club):
        assert all(text[at:].startswith(surface) for at, surface in zip(mention.offsets, mention.surfaces, strict=True))


def test_a_name_outside_any_slot_is_found_when_asked_for(scene: Callable[[], Scene]) -> None:
    made = scene()
    text = made.text("Ottilie nears Kestrel Bay")
    assert made.mentions(text) == ()
    assert [mention.entity.label for mention in made.mentions(text, anyone=True)] == ["Storm Ottilie", "Kestrel Bay"]


def test_an_attribute_of_a_word_is_an_error(scene: Callable[[], Scene]) -> None:
    with pytest.raises(ValueError, match="no attribute 'colour'"):
        scene().text("{dish.colour}")
