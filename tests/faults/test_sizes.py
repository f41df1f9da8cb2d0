"""Histories and candidates of every size, through the recommender as pages and shell use it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from recattn.data import Dataset, import_mind
from recattn.errors import UnknownError
from recattn.jobs.starting import queue_training
from recattn.jobs.worker import perform
from recattn.recommender import Recommender
from tests.jobs.tiny import ITEMS, tiny_config, write_tiny_mind
from tests.models.conftest import write_tiny_encoder

KNOWN = [f"N{number}" for number in range(ITEMS)]
HISTORIES = {
    "nothing": [],
    "one click": KNOWN[:1],
    "five thousand clicks": KNOWN[:20] * 250,
    "only unknown items": ["X1", "../../etc/passwd", "", "\0"],
}


def trained(folder: Path, train: Path) -> Recommender:
    import_mind("tiny", train)
    run = queue_training("tiny", tiny_config(write_tiny_encoder(folder / "encoder"), epochs=1), "default")
    return Recommender.load(perform(run).folder, Dataset.open("tiny"))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recommender]:
    folder = tmp_path_factory.mktemp("sizes")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RECATTN_HOME", str(folder / "home"))
        yield trained(folder, write_tiny_mind(folder / "news"))


@pytest.mark.parametrize("history", HISTORIES.values(), ids=HISTORIES)
def test_a_history_of_any_size_is_answered(history: list[str], model: Recommender) -> None:
    found = model.recommend(history, 5, candidates=KNOWN)
    scores = [one.score for one in found]
    assert len(found) == 5
    assert np.isfinite(scores).all() and scores == sorted(scores, reverse=True)
    assert np.isfinite(model.predict(history, KNOWN[-1]).total)
    assert 1 <= model.rank(history, KNOWN[-1]) <= ITEMS


def test_only_unknown_items_are_as_nothing_read(model: Recommender) -> None:
    found = model.recommend(HISTORIES["only unknown items"], 5)
    assert found == model.recommend([], 5)
    assert found and all(one.reason is None for one in found)


def test_of_five_thousand_clicks_the_latest_count(model: Recommender) -> None:
    many = HISTORIES["five thousand clicks"]
    seen = many[-model.model.config.max_history :]
    assert model.predict(many, "N23").total == model.predict(seen, "N23").total
    assert model.recommend(many, 4, candidates=KNOWN) == model.recommend(seen, 4, candidates=KNOWN)


@pytest.mark.parametrize("ask", [Recommender.recommend, Recommender.popular], ids=["recommended", "popular"])
def test_a_single_candidate_is_the_whole_list(ask: Callable[..., list[object]], model: Recommender) -> None:
    history = ([KNOWN[0]],) if ask is Recommender.recommend else ()
    assert len(ask(model, *history, n=10, candidates=["N5"])) == 1


def test_equal_scores_come_in_the_order_of_the_catalogue(tmp_path: Path) -> None:
    news = write_tiny_mind(tmp_path / "news") / "news.tsv"
    alike = [f"{name}\tsports\tall\tThe same words\t\t\t[]\t[]\n" for name in KNOWN]
    news.write_text("".join(alike))
    model = trained(tmp_path, news.parent)
    found = model.recommend(["N1"], ITEMS)
    assert len({one.score for one in found}) == 1
    assert [one.item_id for one in found] == [name for name in KNOWN if name != "N1"]
    assert model.rank(["N1"], "N0") == ITEMS - 1, "equal ones count as better"
    assert np.isfinite(model.predict(["N1"], "N0").total)


def test_no_candidate_and_an_unknown_one(model: Recommender) -> None:
    assert model.recommend(["N1"], 5, candidates=[]) == []
    with pytest.raises(UnknownError):
        model.predict(["N1"], "../../etc/passwd")
