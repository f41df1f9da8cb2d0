import pytest

from recattn.data.sample.polish import polished, prose


@pytest.mark.parametrize(
    ("given", "printed"),
    [
        ("a 8-year-old", "An 8-year-old"),
        ("it is a 18th", "It is an 18th"),
        ("an unique MP, a MP", "A unique MP, an MP"),
        ("a hour in an hotel", "An hour in a hotel"),
        ("the the Lumen Valley", "The Lumen Valley"),
        ("a the University", "A University"),
        ("in the North Coast", "On the North Coast"),
        ("one days, 11 days", "One day, 11 days"),
        ("$1.4 and $1.4 million", "$1.40 and $1.4 million"),
        ("first. second? third", "First. Second? Third"),
    ],
)
def test_neighbours_decide(given: str, printed: str) -> None:
    text = polished(given)
    assert text[0].upper() + text[1:] == printed


@pytest.mark.parametrize(
    ("given", "printed"),
    [
        ("It took 3 hours and $4 million.", "It took three hours and $4 million."),
        ("Heron 4 lands. 2 cheer.", "Heron 4 lands. Two cheer."),
        ("Season 2 has 9 parts, 5% of 8,000.", "Season 2 has nine parts, 5% of 8,000."),
    ],
)
def test_small_numbers_are_words_in_prose(given: str, printed: str) -> None:
    assert prose(given) == printed
