import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from recattn.data import Dataset
from recattn.errors import UnknownError
from recattn.explanation.methods import METHODS
from recattn.explanation.removal_set import smallest_removal_set
from recattn.explanation.removing import leave_one_out
from recattn.recommender import Recommender
from recattn.training.config import configured
from recattn.training.training import train
from tests.jobs.tiny import ITEMS, import_tiny, tiny_settings
from tests.models.conftest import write_tiny_encoder

HISTORY = ["N1", "N3", "N8", "N5", "N10", "N7"]
SHAPES: dict[str, dict[str, Any]] = {
    "one layer": {"max_history": 5},
    "deeper": {"layers": 2, "feed_forward": True, "candidate_pooling": True, "null_click": False, "max_history": 5},
}


@pytest.fixture(scope="module", params=SHAPES)
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recommender]:
    """A really trained recommender of the tiny world; it sees the latest five clicks."""
    folder = tmp_path_factory.mktemp("recommender")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RECATTN_HOME", str(folder / "home"))
        patch.setenv("HF_HUB_OFFLINE", "1")
        import_tiny(folder / "mind")
        dataset = Dataset.open("tiny")
        settings = tiny_settings(write_tiny_encoder(folder / "encoder"), 3) | SHAPES[request.param]
        train(dataset, configured("default", {**settings, "learning_rate": 0.02}), folder / "run")
        yield Recommender.load(folder / "run", dataset)


def scores(model: Recommender, history: list[str], items: list[str]) -> dict[str, float]:
    return {one.item_id: one.score for one in model.recommend(history, ITEMS, candidates=items)}


def test_recommendations_leave_out_what_was_read_and_come_best_first(model: Recommender) -> None:
    found = model.recommend(HISTORY, 100)
    assert len(found) == ITEMS - len(HISTORY)
    assert not {one.item_id for one in found} & set(HISTORY)
    assert [one.rank for one in found] == list(range(1, len(found) + 1))
    assert all(first.score >= second.score for first, second in itertools.pairwise(found))
    titles = model.dataset.items().set_index("item_id")["title"]
    assert all(one.title == titles[one.item_id] for one in found)


def test_a_category_and_given_candidates_narrow_the_choice(model: Recommender) -> None:
    assert {one.category for one in model.recommend(HISTORY, 100, category="weather")} == {"weather"}
    chosen = model.recommend(HISTORY, 10, candidates=["N1", "N2", "nowhere"])
    assert {one.item_id for one in chosen} == {"N1", "N2"}, "what was read may be asked for; the unknown is passed over"
    assert model.recommend(HISTORY, 10, candidates=[]) == []


def test_the_reason_is_the_click_that_adds_most(model: Recommender) -> None:
    best = model.recommend(HISTORY, 1)[0]
    prediction = model.predict(HISTORY, best.item_id)
    adds = np.asarray(prediction.per_click)
    assert best.reason == prediction.items[adds.argmax()]
    assert best.reason_adds == pytest.approx(adds.max(), abs=1e-5)
    assert best.history_adds == pytest.approx(adds.sum(), abs=1e-4)


def test_somebody_who_read_nothing_gets_an_answer_without_reasons(model: Recommender) -> None:
    found = model.recommend([], 3)
    assert len(found) == 3
    assert all(one.reason is None and one.history_adds is None for one in found)
    assert all(np.isfinite(one.score) for one in found)
    assert model.predict([], "N1").items == ()
    assert model.rank([], "N1") >= 1


def test_popular_items_are_counted_in_the_latest_training_clicks(model: Recommender) -> None:
    items, times = model.dataset.clicks("train")
    latest = items[np.argsort(times, kind="stable")][-round(0.2 * len(items)) :]
    counts = np.bincount(latest, minlength=ITEMS)
    found = model.popular(5)
    assert [one.score for one in found] == sorted(counts.tolist(), reverse=True)[:5]
    assert {one.item_id for one in model.popular(9, candidates=["N1", "N2"])} == {"N1", "N2"}


def test_unknown_clicks_are_passed_over_and_only_the_latest_are_seen(model: Recommender) -> None:
    everything = [f"N{item}" for item in range(ITEMS)]
    assert scores(model, ["gone", *HISTORY[-5:], "lost"], everything) == scores(model, HISTORY, everything)
    assert model.predict(HISTORY, "N2").items == tuple(HISTORY[-5:])


def test_an_unknown_candidate_is_refused(model: Recommender) -> None:
    for ask in (model.predict, model.rank, model.words):
        with pytest.raises(UnknownError, match="no item 'nowhere' in tiny"):
            ask(HISTORY, "nowhere")


def test_the_prediction_is_of_the_score_that_was_recommended(model: Recommender) -> None:
    for one in model.recommend(HISTORY, 4):
        prediction = model.predict(HISTORY, one.item_id)
        assert prediction.total == pytest.approx(one.score, abs=1e-4)
        assert prediction.gap == pytest.approx(0, abs=1e-4)
        assert model.rank(HISTORY, one.item_id) == one.rank


def test_many_predictions_are_those_asked_one_by_one(model: Recommender) -> None:
    together = model.predict_all(HISTORY, ["N2", "N4", "N6"])
    for prediction in together:
        alone = model.predict(HISTORY, prediction.candidate)
        assert prediction.total == pytest.approx(alone.total, abs=1e-5)
        np.testing.assert_allclose(np.asarray(prediction.per_click), np.asarray(alone.per_click), atol=1e-5)
        np.testing.assert_allclose(prediction.similarity, alone.similarity, atol=1e-6)
        np.testing.assert_allclose(leave_one_out(prediction), leave_one_out(alone), atol=1e-5)


def test_leaving_one_out_as_deleted_equals_deleting_it_by_hand(model: Recommender) -> None:
    seen = HISTORY[-5:]
    prediction = model.predict(seen, "N2")
    assert prediction.deleted is not None
    found = prediction.deleted(~np.eye(5, dtype=bool))
    for click in range(5):
        by_hand = scores(model, seen[:click] + seen[click + 1 :], ["N2"])["N2"]
        assert found[click] == pytest.approx(by_hand, abs=1e-5)
    # The oldest click has nobody before it, so that hiding and deleting it are the same.
    assert prediction.score(np.arange(5)[None] > 0)[0] == pytest.approx(found[0], abs=1e-5)


def test_every_method_applies_to_a_prediction_of_the_recommender(model: Recommender) -> None:
    prediction = model.predict(HISTORY, "N2")
    for name, method in METHODS.items():
        assert method.applies_to(prediction), name
        assert np.isfinite(method.function(prediction)).all(), name


@pytest.mark.parametrize("deleted", [False, True])
def test_ranks_and_margins_tell_the_same_place(model: Recommender, deleted: bool) -> None:
    seen, keep = HISTORY[-5:], np.random.default_rng(0).random((30, 5)) < 0.6
    for one in model.recommend(seen, 20)[::4]:
        ranks = model.ranks(seen, one.item_id, keep, deleted=deleted)
        for n in (1, 3, 10):
            margins = model.margin(seen, one.item_id, n, deleted=deleted)(keep)
            np.testing.assert_array_equal(margins > 0, ranks <= n)
        assert model.ranks(seen, one.item_id, np.ones((1, 5), dtype=bool))[0] == one.rank
        assert (model.margin(seen, one.item_id, ITEMS)(keep) == np.inf).all(), "everybody is in a list that long"


def test_the_smallest_removal_set_takes_the_item_out_of_the_list_by_hand(model: Recommender) -> None:
    seen = HISTORY[-5:]
    unread = [f"N{item}" for item in range(ITEMS) if f"N{item}" not in seen]
    moved = 0
    for one in model.recommend(seen, 3):
        found = smallest_removal_set(model.margin(seen, one.item_id, 3, deleted=True), 5, seconds=60)
        if found.clicks is None:
            continue
        moved += 1
        assert found.smallest
        left = [item for place, item in enumerate(seen) if place not in found.clicks]
        after = [other.item_id for other in model.recommend(left, 3, candidates=unread)]
        assert one.item_id not in after
    assert moved, "no item of three can be taken out: nothing was tested"


def test_words_of_the_candidate_and_of_a_click_lead_to_the_same_score(model: Recommender) -> None:
    prediction = model.predict(HISTORY, "N2")
    titles = model.dataset.items().set_index("item_id")["title"]
    for item in ("N2", "N7"):
        words = model.words(HISTORY, "N2", item)
        assert words.items == tuple(titles[item].split())
        assert words.total == pytest.approx(prediction.total, abs=1e-4)
        assert words.attention.shape == (2, 2, 7, 7)
        assert np.abs(leave_one_out(words)).max() > 1e-4
    assert model.words(HISTORY, "N2").items == model.words(HISTORY, "N2", "N2").items
    with pytest.raises(UnknownError, match="was not read"):
        model.words(HISTORY, "N2", "N1")  # read, but longer ago than the model sees


def test_hiding_all_words_of_a_click_is_not_hiding_the_click(model: Recommender) -> None:
    words = model.words(HISTORY, "N2", "N7")
    nothing = words.score(np.zeros((1, len(words.items)), dtype=bool))[0]
    without = model.predict(HISTORY, "N2").score(np.arange(5)[None] < 4)[0]
    assert np.isfinite(nothing)
    assert nothing != pytest.approx(without, abs=1e-4)


def test_two_threads_get_what_one_gets(model: Recommender) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def answer(candidate: str) -> tuple[float, list[float]]:
        prediction = model.predict(HISTORY, candidate)
        return prediction.total, METHODS["integrated_gradients"].function(prediction).tolist()

    asked = [f"N{item}" for item in range(ITEMS)] * 3
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(answer, asked))
    for candidate, (total, weights) in zip(asked, together, strict=True):
        alone = answer(candidate)
        assert total == pytest.approx(alone[0], abs=1e-5)
        np.testing.assert_allclose(weights, alone[1], atol=1e-4)
