import numpy as np
import pytest

from recattn.data.likeness import Likeness
from recattn.evaluation.metrics import impression_metrics
from recattn.recommender import Recommender
from recattn.trust.heads import HEADS, Heads, head_cards, read_heads
from recattn.trust.records import write_record

USERS = 6


@pytest.fixture
def found(recommender: Recommender) -> Heads:
    return head_cards(recommender, USERS)


def test_there_is_a_card_for_each_head_with_every_kind(recommender: Recommender, found: Heads) -> None:
    assert [(card.layer, card.head) for card in found.cards] == [(0, 0), (0, 1)]
    expected = {"null", "self", "latest", "latest 2-5", "latest 6-20", "older"}
    expected |= set(Likeness(recommender.dataset).kinds)
    for card in found.cards:
        assert set(card.mass) == set(found.even_mass) == expected
        shares = [card.mass[kind].value for kind in ("null", "latest", "latest 2-5", "latest 6-20", "older")]
        assert sum(shares) == pytest.approx(1.0, abs=1e-5)
        assert 0 <= card.spread.value <= 1
    assert np.array(found.distances).shape == (2, 2)


def test_the_cost_of_a_head_is_the_accuracy_without_it(recommender: Recommender, found: Heads) -> None:
    impressions = recommender.dataset.impressions("dev")
    assert impressions.labels is not None and found.impressions == len(impressions)

    def accuracy(working: list[bool]) -> float:
        scores = recommender.score_impressions(impressions, np.array([working]))
        return float(impression_metrics(scores, impressions.labels, impressions.candidate_offsets)["ndcg@10"].mean())

    assert found.accuracy is not None and found.cost_of_all is not None
    assert found.accuracy.value == pytest.approx(accuracy([True, True]))
    for head, working in enumerate([[False, True], [True, False]]):
        cost = found.cards[head].cost
        assert cost is not None and cost.value == pytest.approx(accuracy([True, True]) - accuracy(working))
    assert found.cost_of_all.value == pytest.approx(accuracy([True, True]) - accuracy([False, False]))


def test_all_heads_on_is_the_model_as_it_is(recommender: Recommender) -> None:
    impressions = recommender.dataset.impressions("dev")
    np.testing.assert_array_equal(
        recommender.score_impressions(impressions),
        recommender.score_impressions(impressions, np.ones((1, 2), dtype=bool)),
    )


def test_an_example_is_a_cell_of_that_head_in_a_real_history(recommender: Recommender, found: Heads) -> None:
    for card in found.cards:
        assert 1 <= len(card.examples) <= 3
        for example in card.examples:
            history = recommender.dataset.user(example.user).history
            item = recommender.recommend(history, 1)[0].item_id
            prediction = recommender.predict(history, item)
            query, key = (prediction.items.index(name) for name in (example.query, example.key))
            cell = prediction.attention[card.layer, card.head, prediction.null + query, prediction.null + key]
            assert cell == pytest.approx(example.weight, abs=1e-6)


def test_the_same_seed_gives_the_same_cards_and_they_are_read_back(recommender: Recommender, found: Heads) -> None:
    assert head_cards(recommender, USERS) == found
    assert read_heads(recommender.folder) is None
    write_record(recommender.folder / HEADS, found)
    assert read_heads(recommender.folder) == found
    (recommender.folder / HEADS).unlink()
