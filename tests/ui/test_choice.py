import pytest

from recattn.errors import UnknownError
from recattn.ui.choice import LONGEST, Choice


def test_a_link_says_what_its_choice_says() -> None:
    choice = Choice("news", "20261125-042700-8b2a", "U7", "N1", 1, 12, (3, 4))
    assert Choice.from_params(choice.params()) == choice


def test_values_may_hold_anything_that_can_be_read() -> None:
    for text in ("a b", "ü", "日本", "<script>", "x" * LONGEST, "' OR 1=1 --", "😀", "a\0b", "a\nb"):
        assert Choice.from_params({"user": text}).user == text


@pytest.mark.parametrize(
    "params",
    [
        {"user": "x" * (LONGEST + 1)},
        {"method": "a\0b"},
        {"edit": "a\nb"},
        {"run": "../../etc"},
        {"run": "a/b"},
        {"dataset": ".."},
        {"layer": "0"},
        {"layer": "-1"},
        {"head": "1.5"},
        {"head": "٣"},  # a digit, but not ours
        {"cell": "1"},
        {"cell": "1.2.3"},
    ],
    ids=lambda params: f"{next(iter(params))}={next(iter(params.values()))[:12]!r}",
)
def test_values_that_cannot_be_are_refused(params: dict[str, str]) -> None:
    with pytest.raises(UnknownError):
        Choice.from_params(params)


def test_a_link_cannot_be_asked_for_what_it_does_not_know() -> None:
    with pytest.raises(TypeError, match="colour"):
        Choice().params(colour="red")
