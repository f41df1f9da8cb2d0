"""Many histories at once are what `Recommender.recommend` says of each alone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recattn.config import runs_folder
from recattn.data import Dataset
from recattn.errors import RunError, UnknownError
from recattn.explanation.methods import METHODS
from recattn.models import many
from recattn.recommender import Recommender
from recattn.training.config import configured
from recattn.training.training import train
from recattn.types import Recommendation
from tests.jobs.tiny import ITEMS, USERS, import_tiny, tiny_settings
from tests.models.conftest import write_tiny_encoder

SHAPES: dict[str, dict[str, Any]] = {
    "one layer": {"max_history": 3},
    "no null click, the pooling knows the candidate": {"null_click": False, "candidate_pooling": True},
    "deeper": {"layers": 2, "feed_forward": True},
    "popularity counts": {"popularity": "gate"},
}


@pytest.fixture(scope="module", params=SHAPES)
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home with the tiny dataset and one really trained run, which is called "shape"."""
    folder = tmp_path_factory.mktemp("many")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RECATTN_HOME", str(folder / "home"))
        patch.setenv("HF_HUB_OFFLINE", "1")
        import_tiny(folder / "mind")
        settings = tiny_settings(write_tiny_encoder(folder / "encoder"), 3) | SHAPES[request.param]
        config = configured("default", {**settings, "learning_rate": 0.02})
        train(Dataset.open("tiny"), config, runs_folder() / "shape")
    yield folder / "home"


@pytest.fixture
def model(world: Path, monkeypatch: pytest.MonkeyPatch) -> Recommender:
    monkeypatch.setenv("RECATTN_HOME", str(world))
    return Recommender.load("runs/shape")


def histories(model: Recommender) -> list[tuple[str, ...]]:
    """Everybody's, and some that are odd: nothing, nothing known, everything, a click twice."""
    everything = tuple(f"N{item}" for item in range(ITEMS))
    odd = [(), ("gone",), everything, everything[2:], ("N3", "lost", "N4", "N3"), ("N5",)]
    return [user.history for user in model.dataset.find_users("", USERS)] + odd


@pytest.mark.parametrize("at_once", [256, 5])
def test_everybody_gets_the_list_that_they_get_alone(
    model: Recommender, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many, "_HISTORIES", at_once)
    asked, ids = histories(model), model.dataset.items()["item_id"].tolist()
    found = model.recommend_all(asked, 5)
    assert len(found.items) == len(asked) > at_once or at_once == 256
    for row, history in enumerate(asked):
        alone = model.recommend(history, 5)
        listed = found.items[row][found.items[row] >= 0]
        assert len(listed) == len(alone)
        np.testing.assert_allclose(found.scores[row, : len(alone)], [one.score for one in alone], atol=1e-5)
        assert np.isnan(found.scores[row, len(alone) :]).all() and (found.reasons[row, len(alone) :] == -1).all()
        same_order(alone, [ids[item] for item in listed])
        for place, one in enumerate(alone):
            reason = found.reasons[row, place, 0]
            assert (ids[reason] if reason >= 0 else None) == one.reason
            expected = np.nan if one.history_adds is None else one.history_adds
            np.testing.assert_allclose(found.history_adds[row, place], expected, atol=1e-4)


def same_order(alone: list[Recommendation], listed: list[str]) -> None:
    """The same items; two whose scores are alike to rounding may have changed places."""
    scores = {one.item_id: one.score for one in alone}
    assert scores.keys() == set(listed)
    np.testing.assert_allclose([scores[item] for item in listed], [one.score for one in alone], atol=1e-5)


def test_reasons_are_the_clicks_with_the_largest_contributions(model: Recommender) -> None:
    asked, ids = histories(model)[:4], model.dataset.items()["item_id"].tolist()
    found = model.recommend_all(asked, 3)
    for row, history in enumerate(asked):
        for place, item in enumerate(found.items[row]):
            weights = sorted(model.explain(history, ids[item]), key=lambda click: -click.weight)[:3]
            amounts = found.adds[row, place][: len(weights)]
            np.testing.assert_allclose(amounts, [click.weight for click in weights], atol=1e-4)
            assert [ids[reason] for reason in found.reasons[row, place]][:1] == [weights[0].item_id]


def test_nobody_and_no_places(model: Recommender) -> None:
    assert model.recommend_all([], 5).items.shape == (0, 5)
    assert model.recommend_all([("N1",)], ITEMS + 9).items.shape == (1, ITEMS)


def test_a_user_vector_times_an_item_is_the_score(model: Recommender) -> None:
    vector = model.user_vector(["N1", "N4"])
    assert (vector is None) == model.model.config.candidate_pooling
    for one in model.recommend(["N1", "N4"], 5) if vector is not None else ():
        item = model.item_vectors[model.dataset.index([one.item_id])[0]]
        assert vector @ item == pytest.approx(one.score, abs=1e-5)


def test_an_explanation_has_ids_titles_and_weights_by_any_method(model: Recommender) -> None:
    history = ["N1", "gone", "N4"]
    prediction = model.predict(history, "N2")
    for name in ("contribution", "leave_one_out", "attention"):
        found = model.explain(history, "N2", name)
        assert [click.item_id for click in found] == ["N1", "N4"]
        assert found[0].title == model.dataset.item("N1").title
        np.testing.assert_allclose([click.weight for click in found], METHODS[name].function(prediction), atol=1e-6)
    with pytest.raises(UnknownError, match=r"'guess' is not there\. Allowed for this model are attention"):
        model.explain(history, "N2", "guess")


def test_a_run_is_found_by_its_path_inside_the_home_and_by_its_id(model: Recommender, world: Path) -> None:
    for given in ("shape", "runs/shape", world / "runs" / "shape", str(world / "runs" / "shape")):
        assert Recommender.load(given).dataset.name == "tiny"
    with pytest.raises(UnknownError, match="no run 'runs/none'"):
        Recommender.load("runs/none")


def test_a_run_that_does_not_tell_its_dataset_needs_to_be_told(model: Recommender, tmp_path: Path) -> None:
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).write_bytes((model.folder / name).read_bytes())
    with pytest.raises(RunError, match="which dataset"):
        Recommender.load(tmp_path)
