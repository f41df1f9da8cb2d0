"""What each head is for: where it looks, what ranking loses without it, which heads are alike, its best examples."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from jaxtyping import Float

from recattn.data.likeness import Likeness
from recattn.evaluation.bootstrap import bootstrap_difference, bootstrap_mean
from recattn.evaluation.heads import distances, even_mass, groups, mass, proudest, relations, spread
from recattn.trust.faithfulness import sampled_users
from recattn.trust.records import read_json
from recattn.types import Array, Impressions, Interval, Report, User, silent

if TYPE_CHECKING:
    from recattn.recommender import Recommender

HEADS = "heads.json"
METRIC = "ndcg@10"
_EXAMPLES = 3
_IMPRESSIONS = 3000  # ranked once for each head


@dataclass(frozen=True)
class Example:
    """One click that looks hard at another."""

    user: str
    query: str  # item ids
    key: str
    weight: float


@dataclass(frozen=True)
class HeadCard:
    """One head of one layer."""

    layer: int
    head: int
    mass: Mapping[str, Interval]  # kind -> share of its attention
    spread: Interval  # 0 looks at one thing, 1 at all alike
    cost: Interval | None  # what nDCG@10 loses without it; None where no impression is labelled
    examples: tuple[Example, ...]


@dataclass(frozen=True)
class Heads:
    """All heads of a run, layer by layer."""

    run: str
    dataset: str
    dataset_fingerprint: str
    seed: int
    users: int
    impressions: int  # over which costs were measured
    even_mass: Mapping[str, float]  # kind -> share of attention without any preference
    cards: tuple[HeadCard, ...]
    accuracy: Interval | None  # nDCG@10 with all heads
    cost_of_all: Interval | None  # what it loses when all heads are off at once
    distances: tuple[tuple[float, ...], ...]  # mean Jensen-Shannon distance, 0 to 1, of each two cards
    groups: tuple[tuple[int, ...], ...]  # places of cards that look at the same


class _Looks(NamedTuple):
    """What the heads do in one history."""

    mass: Mapping[str, Float[Array, " head"]]  # kind -> each head's share
    even: Mapping[str, float]
    spread: Float[Array, " head"]
    distances: Float[Array, "head head"]
    examples: tuple[Example, ...]


def head_cards(recommender: "Recommender", users: int = 100, seed: int = 0, report: Report = silent) -> Heads:
    """Cards of all heads; the same seed gives the same cards.

    Args:
        recommender: whose heads they are.
        users: whose maps are looked at, drawn by chance.
        seed: of the draw.
        report: hears of phases "look" and "ablate"; may raise Cancelled.
    """
    sample, likeness = sampled_users(recommender, users, seed), Likeness(recommender.dataset)
    looks = []
    for done, user in enumerate(sample, 1):
        looks.append(_looks(recommender, likeness, user))
        report("look", done, len(sample))
    impressions = labelled(recommender, seed)
    accuracy, costs, cost_of_all = _costs(recommender, impressions, report)
    people = np.arange(len(looks))
    distance = np.mean([look.distances for look in looks], axis=0)
    return Heads(
        recommender.folder.name,
        recommender.dataset.name,
        recommender.dataset.fingerprint,
        seed,
        len(sample),
        0 if impressions is None else len(impressions),
        {kind: float(np.mean([look.even[kind] for look in looks])) for kind in looks[0].even},
        tuple(_card(at, recommender.heads, looks, people, costs[at]) for at in range(len(distance))),
        accuracy,
        cost_of_all,
        tuple(tuple(row) for row in distance.round(4).tolist()),
        tuple(tuple(group) for group in groups(distance)),
    )


def _looks(recommender: "Recommender", likeness: Likeness, user: User) -> _Looks:
    """The maps of all layers, heads of one layer after those of the one before."""
    prediction = recommender.predict(user.history, recommender.recommend(user.history, 1)[0].item_id)
    rows = prediction.attention.reshape(-1, *prediction.attention.shape[2:])[:, prediction.null :].astype(float)
    labels = likeness.labels(recommender.dataset.index(prediction.items))
    kinds = relations(len(prediction.items), labels, prediction.null)
    cells = zip(rows, proudest(rows, prediction.null).tolist(), strict=True)
    return _Looks(
        {kind: mass(rows, relation) for kind, relation in kinds.items()},
        {kind: even_mass(relation) for kind, relation in kinds.items()},
        spread(rows),
        distances(rows),
        tuple(
            Example(
                user.user_id, prediction.items[query], prediction.items[key], float(row[query, prediction.null + key])
            )
            for row, (query, key) in cells
        ),
    )


def _card(at: int, heads: int, looks: list[_Looks], people: Array, cost: Interval | None) -> HeadCard:
    examples = sorted((look.examples[at] for look in looks), key=lambda example: -example.weight)
    return HeadCard(
        at // heads,
        at % heads,
        {kind: bootstrap_mean(np.array([look.mass[kind][at] for look in looks]), people) for kind in looks[0].mass},
        bootstrap_mean(np.array([look.spread[at] for look in looks]), people),
        cost,
        tuple(examples[:_EXAMPLES]),
    )


def cost_without(recommender: "Recommender", off: Sequence[tuple[int, int]], seed: int = 0) -> Interval | None:
    """What nDCG@10 loses when several heads, as (layer, head) from 0, are off together; None without labels.

    Heads may stand in for each other, so the costs of each alone don't add up to this. The seed is the cards'.
    """
    impressions = labelled(recommender, seed)
    if impressions is None:
        return None
    working = np.ones((recommender.layers, recommender.heads), dtype=bool)
    whole = _accuracy(recommender, impressions, working)
    for layer, head in off:
        working[layer, head] = False
    return bootstrap_difference(whole, _accuracy(recommender, impressions, working), impressions.user_id)


def labelled(recommender: "Recommender", seed: int, most: int = _IMPRESSIONS) -> Impressions | None:
    """Labelled dev impressions by chance, not more than are needed; None where there are none."""
    if "dev" not in recommender.dataset.info.splits:
        return None
    impressions = recommender.dataset.impressions("dev")
    if impressions.labels is None:
        return None
    rows = np.random.default_rng(seed).permutation(len(impressions))[:most]
    return impressions.rows(np.sort(rows))


def _costs(
    recommender: "Recommender", impressions: Impressions | None, report: Report
) -> tuple[Interval | None, list[Interval | None], Interval | None]:
    """Accuracy with all heads; what it loses without each; and without all of them."""
    layers, heads = recommender.layers, recommender.heads
    if impressions is None:
        return None, [None] * (layers * heads), None
    whole = _accuracy(recommender, impressions, np.ones((layers, heads), dtype=bool))
    costs: list[Interval | None] = []
    for at in range(layers * heads):
        working = np.ones((layers, heads), dtype=bool)
        working[at // heads, at % heads] = False
        without = _accuracy(recommender, impressions, working)
        costs.append(bootstrap_difference(whole, without, impressions.user_id))
        report("ablate", at + 1, layers * heads)
    without = _accuracy(recommender, impressions, np.zeros((layers, heads), dtype=bool))
    all_off = bootstrap_difference(whole, without, impressions.user_id)
    return bootstrap_mean(whole, impressions.user_id), costs, all_off


def _accuracy(recommender: "Recommender", impressions: Impressions, working: Array) -> Float[np.ndarray, " impression"]:
    return recommender.ranking_metrics(impressions, working)[METRIC]


def read_heads(folder: Path) -> Heads | None:
    """The cards of a run; None when they were never made, or by a version that knew other things."""
    found = read_json(folder / HEADS)
    try:
        if found is None:
            return None
        cards = tuple(
            HeadCard(
                card["layer"],
                card["head"],
                {kind: _interval(ends) for kind, ends in card["mass"].items()},
                _interval(card["spread"]),
                card["cost"] and _interval(card["cost"]),
                tuple(Example(**example) for example in card["examples"]),
            )
            for card in found["cards"]
        )
        whole = {name: found[name] and _interval(found[name]) for name in ("accuracy", "cost_of_all")}
        lists = {name: tuple(map(tuple, found[name])) for name in ("distances", "groups")}
        return Heads(**{**found, "cards": cards, **whole, **lists})
    except (TypeError, KeyError, AttributeError, ValueError):
        return None


def _interval(ends: list[float | None]) -> Interval:
    return Interval(*(math.nan if end is None else end for end in ends))
