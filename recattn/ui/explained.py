"""Answers about one recommendation, kept by ids: weights by each method, what hiding does, contrasts, smallest sets."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import streamlit as st
from jaxtyping import Float, Int

from recattn.explanation.agreement import Badge, badge
from recattn.explanation.contrast import Contrast, contrast
from recattn.explanation.grounds import Grounds, grounds
from recattn.explanation.interaction import interactions
from recattn.explanation.methods import METHODS
from recattn.explanation.removal_set import Margin, RemovalSet, smallest_removal_set
from recattn.explanation.removing import leave_one_out, shapley_estimate
from recattn.language import Later
from recattn.types import Array, Prediction, Recommendation, User
from recattn.ui import loads
from recattn.ui.details import kinds_of
from recattn.ui.item_picker import OFFERED
from recattn.ui.reading import titles
from recattn.ui.shell import Page

SECONDS = 2.0  # a search for a smallest set may take
Asked = tuple[str, loads.Key, str, str]  # run, dataset, user, item: what every answer here is kept by


class Weighed(NamedTuple):
    """One method's view: a weight for each click, what it leaves of the score (NaN: no sum), standard errors."""

    weights: Float[Array, " click"]
    rest: float
    error: Float[Array, " click"] | None


class Without(NamedTuple):
    """What becomes of score and rank without each click alone, hidden and deleted."""

    rank: int
    hidden_falls: Float[Array, " click"]
    hidden_ranks: Int[Array, " click"]
    deleted_falls: Float[Array, " click"]
    deleted_ranks: Int[Array, " click"]


@dataclass(frozen=True)
class Case:
    """One recommendation that is explained: to whom, what, by which model."""

    page: Page
    user: User
    item: str

    @cached_property
    def asked(self) -> Asked:
        """The ids under which answers are kept."""
        name = self.page.dataset_name
        return self.page.model_run.run, (name, loads.dataset(name).fingerprint), self.user.user_id, self.item

    @cached_property
    def prediction(self) -> Prediction:
        """What the model saw."""
        return _prediction(self.asked)

    @cached_property
    def titles(self) -> tuple[str, ...]:
        """Titles of the clicks that the model sees, oldest first."""
        return tuple(titles(self.page.dataset, self.prediction.items))

    @cached_property
    def categories(self) -> tuple[str, ...]:
        """All genres or the category of the same clicks."""
        return tuple(kinds_of(self.page.dataset, self.prediction.items))

    @cached_property
    def marks(self) -> tuple[str, ...]:
        """The clicks counted as people do: the most recent is 1."""
        return tuple(str(len(self.prediction.items) - place) for place in range(len(self.prediction.items)))

    @property
    def title(self) -> str:
        """The title of the recommended item."""
        return titles(self.page.dataset, [self.item])[0]

    @property
    def best(self) -> list[Recommendation]:
        """What the item competes with: the best of the catalogue for this person."""
        return loads.recommendations(self.page.model_run.run, self.page.dataset_name, self.user.history, OFFERED)

    @property
    def methods(self) -> list[str]:
        """The methods that apply to this model."""
        return [name for name, method in METHODS.items() if method.applies_to(self.prediction)]

    def place(self, click: int | None) -> int | None:
        """From a click counted as people do to its place in the history; None where there is none."""
        place = len(self.prediction.items) - (click or 0)
        return place if click and place >= 0 else None

    def weighed(self, method: str) -> Weighed:
        """One method's view."""
        return _weighed(self.asked, method)

    def badge(self, method: str) -> Badge:
        """How far one view agrees with leaving each article out."""
        return _badge(self.asked, method)

    def without(self) -> Without:
        """What becomes of score and rank without each click."""
        return _without(self.asked)

    def grounds(self) -> Grounds:
        """Whether what was read explains the recommendation at all."""
        return _grounds(self.asked, tuple(dict.fromkeys([self.item, *(one.item_id for one in self.best)])))

    def contrast(self, other: str) -> Contrast | None:
        """Why this item stands above another; None where the model has no exact parts."""
        return _contrast(self.asked, other)

    def removal(self, n: int, other: str, deleted: bool) -> RemovalSet:
        """The fewest clicks without which the item is not in the top n (or, with ``other``, not above that item)."""
        return _removal(self.asked, n, other, deleted)

    def interactions(self) -> Float[Array, "click other"]:
        """How every two clicks work together."""
        return _interactions(self.asked)

    def words(self, title_item: str) -> tuple[tuple[str, ...], Float[Array, " word"]]:
        """The words of one title, and by how much the score falls when one is hidden."""
        return _words(self.asked, title_item)


def _history(asked: Asked) -> tuple[str, ...]:
    return loads.dataset(asked[1][0]).user(asked[2]).history


def _prediction(asked: Asked, item: str = "") -> Prediction:
    run, key, user, shown = asked
    return loads.prediction(run, key[0], user, item or shown)


@st.cache_data(max_entries=512, show_spinner=Later("Asking the model about each {item} …"))
def _weighed(asked: Asked, method: str) -> Weighed:
    entry, prediction = METHODS[method], _prediction(asked)
    rest = entry.rest(prediction) if entry.rest else float("nan")
    if method == "shapley":
        return Weighed(*_estimate(prediction, rest))
    return Weighed(np.asarray(entry.function(prediction), dtype=float), rest, None)


def _estimate(prediction: Prediction, rest: float) -> tuple[Array, float, Array]:
    found = shapley_estimate(prediction)
    return found.weights, rest, found.error


@st.cache_data(max_entries=512, show_spinner=False)
def _badge(asked: Asked, method: str) -> Badge:
    return badge(_prediction(asked), method)


@st.cache_data(max_entries=128, show_spinner=Later("Leaving out each {item} in turn …"))
def _without(asked: Asked) -> Without:
    run, key, _, item = asked
    model, history, prediction = loads.recommender(run, key[0]), _history(asked), _prediction(asked)
    each = ~np.eye(len(prediction.items), dtype=bool)
    deleted = prediction.deleted or prediction.score
    return Without(
        model.rank(history, item),
        leave_one_out(prediction),
        model.ranks(history, item, each),
        prediction.total - deleted(each),
        model.ranks(history, item, each, deleted=True),
    )


@st.cache_data(max_entries=128, show_spinner=False)
def _grounds(asked: Asked, shown: tuple[str, ...]) -> Grounds:
    run, key, _, _ = asked
    without = _without(asked)
    predictions = loads.recommender(run, key[0]).predict_all(_history(asked), shown)
    return grounds(predictions, without.rank, without.hidden_ranks)


@st.cache_data(max_entries=128, show_spinner=False)
def _contrast(asked: Asked, other: str) -> Contrast | None:
    return contrast(_prediction(asked), _prediction(asked, other))


@st.cache_data(max_entries=128, show_spinner=Later("Trying sets of {items}, the smallest first …"))
def _removal(asked: Asked, n: int, other: str, deleted: bool) -> RemovalSet:
    run, key, _, item = asked
    first = _prediction(asked)
    if other:
        margin = _ahead(first, _prediction(asked, other), deleted)
    else:
        margin = loads.recommender(run, key[0]).margin(_history(asked), item, n, deleted=deleted)
    return smallest_removal_set(margin, len(first.items), seconds=SECONDS)


def _ahead(first: Prediction, second: Prediction, deleted: bool) -> Margin:
    """From kept clicks to how far the first item is ahead of the second."""
    ask, against = (one.deleted if deleted and one.deleted else one.score for one in (first, second))
    return lambda keep: ask(keep) - against(keep)


@st.cache_data(max_entries=64, show_spinner=Later("Hiding every two {items} …"))
def _interactions(asked: Asked) -> Float[Array, "click other"]:
    return interactions(_prediction(asked))


@st.cache_data(max_entries=128, show_spinner=Later("Loading the text encoder, once for everybody."))
def _words(asked: Asked, title_item: str) -> tuple[tuple[str, ...], Float[Array, " word"]]:
    run, key, _, item = asked
    told = loads.recommender(run, key[0]).words(_history(asked), item, title_item)
    return told.items, np.asarray(leave_one_out(told), dtype=float)
