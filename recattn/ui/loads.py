"""What pages load and keep: keyed on ids alone, bounded, never on tensors or tables.

A dataset's key is its name and fingerprint, a model's its run id and its dataset's fingerprint: when content changes,
so does the key, and nothing has to be cleared by hand. The heavy imports wait until something is loaded.
"""

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from recattn.config import checked_name, runs_folder
from recattn.data.store import Dataset
from recattn.types import Prediction, Recommendation

if TYPE_CHECKING:
    from recattn.recommender import Recommender


def dataset(name: str) -> Dataset:
    """The dataset of that name as it is on disk now."""
    opened = Dataset.open(name)
    return _dataset(name, opened.fingerprint, opened)


@st.cache_resource(max_entries=4, show_spinner=False)
def _dataset(name: str, fingerprint: str, _opened: Dataset) -> Dataset:
    return _opened


def recommender(run: str, dataset_name: str) -> "Recommender":
    """The trained model of a run, ready to answer."""
    return _recommender(run, dataset_name, dataset(dataset_name).fingerprint)


@st.cache_resource(
    max_entries=3, show_spinner="Loading the model and the vectors of all items. The first time takes a few seconds."
)
def _recommender(run: str, dataset_name: str, fingerprint: str) -> "Recommender":
    from recattn.recommender import Recommender

    return Recommender.load(runs_folder() / checked_name(run, "run"), dataset(dataset_name))


def recommendations(
    run: str,
    dataset_name: str,
    user_id: str,
    n: int,
    category: str | None = None,
    candidates: tuple[str, ...] | None = None,
) -> list[Recommendation]:
    """The top-N of one user; popular items for a user without history."""
    fingerprint = dataset(dataset_name).fingerprint
    return _recommendations(run, dataset_name, fingerprint, user_id, n, category, candidates)


@st.cache_data(max_entries=256, show_spinner=False)
def _recommendations(
    run: str,
    dataset_name: str,
    fingerprint: str,
    user_id: str,
    n: int,
    category: str | None,
    candidates: tuple[str, ...] | None,
) -> list[Recommendation]:
    model = recommender(run, dataset_name)
    history = model.dataset.user(user_id).history
    if not history:
        return model.popular(n, candidates=candidates, category=category)
    return model.recommend(history, n, candidates=candidates, category=category)


def prediction(run: str, dataset_name: str, user_id: str, item_id: str) -> Prediction:
    """What the model saw for one user and one item. Not cached: it holds functions, and takes milliseconds."""
    model = recommender(run, dataset_name)
    return model.predict(model.dataset.user(user_id).history, item_id)


@st.cache_data(max_entries=8, show_spinner="Counting clicks for the charts.")
def _distributions(dataset_name: str, fingerprint: str) -> dict[str, pd.DataFrame]:
    return dataset(dataset_name).distributions()


def distributions(dataset_name: str) -> dict[str, pd.DataFrame]:
    """The small tables behind the charts of a dataset."""
    return _distributions(dataset_name, dataset(dataset_name).fingerprint)
