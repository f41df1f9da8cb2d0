import pytest
from hypothesis import given
from hypothesis import strategies as st

from recattn.data import Dataset
from recattn.errors import UnknownError
from recattn.ui.edits import Edited, added, edited, reading, steps, undone
from tests.jobs.tiny import import_tiny

HISTORY = ("a", "b", "c", "d")  # d is the most recent


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("edits")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RECATTN_HOME", str(folder / "home"))
        import_tiny(folder / "news")
        return Dataset.open("tiny")


@pytest.mark.parametrize(
    ("text", "history"),
    [
        ("", "abcd"),
        ("-1", "abc"),
        ("-4", "bcd"),
        ("-1,-1,-1,-1", ""),
        ("4>1", "bcda"),
        ("1>4", "dabc"),
        ("2>2", "abcd"),
        ("-2,3>1", "bda"),
    ],
)
def test_steps_are_taken_in_order_counting_back_from_the_most_recent(text: str, history: str, dataset: Dataset) -> None:
    assert "".join(edited(HISTORY, text, dataset, 1, 12).history) == history


def test_an_item_is_read_last(dataset: Dataset) -> None:
    item = str(dataset.items()["item_id"].iloc[0])
    assert edited(HISTORY, reading(item), dataset, 1, 12).history == (*HISTORY, item)


def test_a_head_is_hidden_and_shown_again(dataset: Dataset) -> None:
    assert edited((), "h1.3", dataset, 1, 12).hidden == {(1, 3)}
    assert edited((), "h1.3,h1.4,h1.3", dataset, 1, 12).hidden == {(1, 4)}
    works = Edited((), frozenset({(1, 3)})).heads(1, 4)
    assert works is not None
    assert works.tolist() == [[True, True, False, True]]
    assert Edited(()).heads(1, 4) is None


@pytest.mark.parametrize(
    "text",
    [
        "-5",
        "-0",
        "5>1",
        "1>5",
        "+nowhere",
        "+../etc/passwd",
        "h2.1",
        "h1.13",
        "hack",
        "-1;DROP",
        "+",
        "--1",
        "9" * 50,
        "-²",
    ],
)
def test_a_step_that_does_not_fit_is_named(text: str, dataset: Dataset) -> None:
    with pytest.raises(UnknownError):
        edited(HISTORY, text, dataset, 1, 12)


def test_a_link_holds_so_many_steps_at_most() -> None:
    with pytest.raises(UnknownError, match="Allowed are 60"):
        steps(",".join(["h1.1"] * 61))


@given(st.lists(st.text(min_size=1, max_size=30), max_size=10))
def test_any_ids_survive_the_link_and_undoing_takes_the_last_back(ids: list[str]) -> None:
    text = ""
    for item in ids:
        text = added(text, reading(item))
    assert len(steps(text)) == len(ids)
    for _ in ids:
        text = undone(text)
    assert text == ""
