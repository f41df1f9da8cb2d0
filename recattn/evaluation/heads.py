"""What attention heads look at, how alike they are, and which of them say the same.

All maps are of one history; rows are averaged over the clicks that look, not over the null click's row.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from recattn.language import phrase
from recattn.types import Array

SAME = 0.1  # Jensen-Shannon distance up to which two heads count as one


class Kind(NamedTuple):
    """One kind of thing to look at."""

    title: str
    hint: str


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "null": Kind(
            phrase("Null click"), phrase("The learned unit that is always there: looking at it is looking at nothing.")
        ),
        "self": Kind(phrase("Itself"), phrase("The very {item} whose row it is.")),
        "latest": Kind(phrase("Latest"), phrase("The most recent {item}.")),
        "latest 2-5": Kind(phrase("2nd to 5th"), phrase("The second to fifth most recent {items}.")),
        "latest 6-20": Kind(phrase("6th to 20th"), phrase("The sixth to twentieth most recent {items}.")),
        "older": Kind(phrase("Older"), phrase("Everything further back than twenty {items}.")),
        "same category": Kind(phrase("Same {category}"), phrase("Other {items} of the same {category}.")),
        "same genre": Kind(
            phrase("Same {category}"), phrase("Other {items} that share a {category}, if only one of several.")
        ),
        "same decade": Kind(phrase("Same decade"), phrase("Other {items} that came out in the same decade.")),
        "same popularity": Kind(
            phrase("As popular"),
            phrase("Other {items} in the same third of all training clicks: the most clicked, the middle, the rest."),
        ),
        "same entity": Kind(
            phrase("Same entity"), phrase("Other {items} that name a same person, place or organisation.")
        ),
    }
)


def relations(
    clicks: int, labels: Mapping[str, Sequence[frozenset[str]]], null: int
) -> dict[str, Bool[Array, "query key"]]:
    """Which key is of which kind for each click that looks; keys are the leading null units, then the clicks.

    Args:
        clicks: how many there are, the oldest first.
        labels: for each kind of likeness, those of each click; two are alike that share one.
        null: how many leading units are no clicks.

    >>> labels = {"same category": [frozenset({"news"}), frozenset({"news"})]}
    >>> relations(2, labels, null=1)["same category"].astype(int).tolist()
    [[0, 0, 1], [0, 1, 0]]
    """
    back = np.arange(clicks, 0, -1)  # 1: the most recent click
    other = ~np.eye(clicks, dtype=bool)
    bands = {"latest": (1, 1), "latest 2-5": (2, 5), "latest 6-20": (6, 20), "older": (21, clicks)}
    among = {"self": ~other} | {kind: other & _shared(names) for kind, names in labels.items()}
    among |= {name: np.tile((back >= low) & (back <= high), (clicks, 1)) for name, (low, high) in bands.items()}
    nothing, everything = np.zeros((clicks, clicks), dtype=bool), np.ones((clicks, null), dtype=bool)
    found = {name: np.concatenate([~everything, mask], axis=1) for name, mask in among.items()}
    found["null"] = np.concatenate([everything, nothing], axis=1)
    return {name: found[name] for name in KINDS if name in found}


def _shared(names: Sequence[frozenset[str]]) -> Bool[Array, "query key"]:
    return np.array([[bool(a & b) for b in names] for a in names], dtype=bool).reshape(len(names), len(names))


def mass(rows: Float[Array, "head query key"], relation: Bool[Array, "query key"]) -> Float[Array, " head"]:
    """The share of each head's attention that goes to keys of one kind."""
    return (rows * relation).sum(axis=2).mean(axis=1)


def even_mass(relation: Bool[Array, "query key"]) -> float:
    """The share that attention without any preference would give to one kind."""
    return float(relation.mean())


def spread(rows: Float[Array, "head query key"]) -> Float[Array, " head"]:
    """The entropy of each head's rows over the largest possible: 0 looks at one thing, 1 at all alike.

    >>> spread(np.array([[[0.5, 0.5]], [[1.0, 0.0]]])).tolist()
    [1.0, 0.0]
    """
    return np.abs(_entropy(rows).mean(axis=1) / max(np.log2(rows.shape[2]), 1e-12))


def distances(rows: Float[Array, "head query key"]) -> Float[Array, "head head"]:
    """The mean Jensen-Shannon distance of each two heads' rows, from 0 (the same) to 1 (never the same key).

    Source: Lin 1991, https://doi.org/10.1109/18.61115; its root is a metric (Endres and Schindelin 2003).

    >>> distances(np.array([[[1.0, 0.0]], [[0.0, 1.0]]])).tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    heads, own = len(rows), _entropy(rows)
    found = np.zeros((heads, heads))
    for head in range(heads - 1):
        between = (rows[head] + rows[head + 1 :]) / 2
        divergence = _entropy(between) - (own[head] + own[head + 1 :]) / 2
        found[head, head + 1 :] = np.sqrt(np.maximum(divergence, 0)).mean(axis=1)
    return found + found.T


def groups(distance: Float[Array, "head head"], same: float = SAME) -> list[list[int]]:
    """Heads that look at the same: within a group every two are at most ``same`` apart; heads alone are left out.

    The closest groups are joined first (complete linkage).

    >>> groups(np.array([[0.0, 0.05, 0.9], [0.05, 0.0, 0.9], [0.9, 0.9, 0.0]]))
    [[0, 1]]
    """
    found = [[head] for head in range(len(distance))]
    while len(found) > 1:
        apart, first, second = min(
            (float(distance[np.ix_(one, other)].max()), i, j)
            for i, one in enumerate(found)
            for j, other in enumerate(found[:i])
        )
        if apart > same:
            break
        found[second] = sorted(found[second] + found.pop(first))
    return sorted(group for group in found if len(group) > 1)


def proudest(rows: Float[Array, "head query key"], null: int) -> Int[Array, "head 2"]:
    """For each head the cell, as places (query, key) in the history, where one click looks most at another.

    >>> proudest(np.array([[[0.2, 0.5, 0.3], [0.1, 0.8, 0.1]]]), null=1).tolist()
    [[1, 0]]
    """
    clicks = rows[:, :, null:].copy()
    n = clicks.shape[1]
    clicks[:, np.arange(n), np.arange(n)] = -1.0
    flat = clicks.reshape(len(rows), -1).argmax(axis=1)
    return np.stack([flat // n, flat % n], axis=1)


def _entropy(rows: Float[Array, "*head query key"]) -> Float[Array, "*head query"]:
    return -(rows * np.log2(np.maximum(rows, 1e-30))).sum(axis=-1)
