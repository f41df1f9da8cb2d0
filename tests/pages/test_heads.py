import dataclasses
import json
from pathlib import Path

import pytest

from recattn.data import Dataset
from recattn.jobs.registry import Registry
from recattn.recommender import Recommender
from recattn.trust.heads import HEADS, Heads, cost_without, head_cards
from recattn.trust.records import write_record
from recattn.types import Interval
from recattn.ui.choice import Choice
from recattn.ui.heads_view import (
    BY_COST,
    alike_finding,
    cards_frame,
    cheapest,
    example_link,
    ordered,
    removal_finding,
    sentences,
)
from recattn.ui.shell import Page

from .conftest import Open, words

PAGE = "pages/heads.py"


@pytest.fixture(scope="session")
def cards(made_home: Path) -> Heads:
    """Really measured on the tiny model, once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RECATTN_HOME", str(made_home))
        run = Registry().active()
        assert run is not None
        return head_cards(Recommender.load(run.folder, Dataset.open("tiny")), users=5)


@pytest.fixture
def folder(run_id: str, cards: Heads) -> Path:
    """Of a run that was measured."""
    folder = Registry().run(run_id).folder
    write_record(folder / HEADS, cards)
    return folder


def test_what_was_not_measured_is_offered_with_its_command(trained_home: Path, open_page: Open) -> None:
    app = open_page(PAGE)
    assert "Not measured yet" in words(app)
    assert "python -m recattn heads" in words(app)


def test_a_row_of_the_map_is_a_head(folder: Path, cards: Heads, open_page: Open) -> None:
    app = open_page(PAGE)
    assert not app.exception
    cells = json.loads(app.get("plotly_chart")[0].proto.spec)["data"][0]
    assert cells["y"] == ["Head 1", "Head 2"]
    shares = [[share.value for share in card.mass.values()] for card in cards.cards]
    assert cells["z"] == [pytest.approx(row, abs=1e-5) for row in shares]


def test_a_link_opens_the_card_of_its_head(folder: Path, open_page: Open) -> None:
    app = open_page(PAGE, head="2")
    assert "Head 2" in [heading.value for heading in app.header]
    assert "Without it nDCG@10 changes by" in words(app)


@pytest.mark.parametrize("link", [{"head": "99"}, {"layer": "7", "head": "1"}, {"head": "-1"}])
def test_a_head_that_is_none_is_answered_kindly(link: dict[str, str], folder: Path, open_page: Open) -> None:
    app = open_page(PAGE, **link)
    assert not app.exception
    assert app.error


def test_heads_that_are_switched_off_together_cost_what_ranking_without_them_does(
    folder: Path, open_page: Open
) -> None:
    app = open_page(PAGE)
    app.button_group(key="off").set_value(["Head 1", "Head 2"]).run()
    assert "Without heads 1, 2 nDCG@10 changes by" in words(app)


def test_heads_within_noise_are_told_with_the_worst_that_may_be_lost() -> None:
    assert removal_finding(["Head 3"], Interval(0.001, -0.01, 0.02)).endswith("up to 0.020 may be lost.")
    assert removal_finding(["Head 3", "Head 7"], Interval(0.02, 0.01, 0.03)).endswith("Ranking needs them.")


def test_all_heads_together_cost_what_the_cards_say(folder: Path, cards: Heads) -> None:
    recommender = Recommender.load(folder, Dataset.open("tiny"))
    assert cost_without(recommender, [(0, 0), (0, 1)], cards.seed) == pytest.approx(cards.cost_of_all)
    assert cost_without(recommender, [], cards.seed) == (0.0, 0.0, 0.0)
    assert cost_without(recommender, [(0, 1)], cards.seed) == pytest.approx(cards.cards[1].cost)


def test_an_example_links_to_its_very_cell(folder: Path, cards: Heads, run_id: str) -> None:
    card = cards.cards[0]
    example = card.examples[0]
    page = Page("heads", Choice(), Registry().run(run_id), "tiny")
    link = example_link(page, card, example)
    query, key = map(int, link["cell"].split("."))
    recommender = Recommender.load(folder, Dataset.open("tiny"))
    history = Dataset.open("tiny").user(example.user).history
    prediction = recommender.predict(history, recommender.recommend(history, 1)[0].item_id)
    assert prediction.attention[0, 0, query, key] == pytest.approx(example.weight)
    assert (link["user"], link["head"]) == (example.user, "1")


def test_an_example_of_a_user_who_is_gone_links_without_a_cell(folder: Path, cards: Heads, run_id: str) -> None:
    page = Page("heads", Choice(), Registry().run(run_id), "tiny")
    gone = dataclasses.replace(cards.cards[0].examples[0], user="nobody")
    assert "cell" not in example_link(page, cards.cards[0], gone)


def costing(cards: Heads, *costs: Interval) -> Heads:
    pairs = zip(cards.cards, costs, strict=True)
    return dataclasses.replace(cards, cards=tuple(dataclasses.replace(card, cost=cost) for card, cost in pairs))


def test_a_needed_head_stands_first_and_is_not_among_the_spare(cards: Heads) -> None:
    told = costing(cards, Interval(0.0, -0.1, 0.1), Interval(0.2, 0.1, 0.3))
    assert [card.head for card in ordered(told, BY_COST)] == [1, 0]
    assert [card.head for card in cheapest(told)] == [0]
    assert any("beyond noise" in sentence for sentence in sentences(told, told.cards[1]))


def test_heads_that_look_at_the_same_are_named_together(cards: Heads) -> None:
    assert alike_finding(dataclasses.replace(cards, groups=((0, 1),))) == "Looking at the same: head 1, head 2."
    apart = dataclasses.replace(cards, groups=(), distances=((0.0, 0.4), (0.4, 0.0)))
    assert alike_finding(apart) == "No two heads look at the same. The closest, head 1 and head 2, are 0.40 apart."


def test_the_file_holds_every_figure_with_its_ends(cards: Heads) -> None:
    frame = cards_frame(cards)
    assert frame["self"].tolist() == [card.mass["self"].value for card in cards.cards]
    assert (frame["spread, low"] <= frame["spread"]).all()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"cards": [1]}', '{"cards": []}', "\0"])
def test_a_damaged_record_is_as_none(text: str, folder: Path, open_page: Open) -> None:
    (folder / HEADS).write_text(text)
    app = open_page(PAGE)
    assert not app.exception
    assert "Not measured yet" in words(app)
