"""Parts of what is judged, by what training knew: its people, its items, its time.

An average over everything hides where a model stands on its own: with people and items that it never met, and after
the last moment that it learned from.
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Bool, Shaped

from recattn.types import Impressions

PARTS = ("all", "known", "new", "new_items", "later")


def parts(train: Impressions, judged: Impressions) -> Mapping[str, Bool[np.ndarray, " impression"]]:
    """Which impressions belong to each part; a part may have none.

    - "known", "new": their person is, or is not, among those of the train split.
    - "new_items": all they clicked is unknown to the train split: nobody had it in a history, was shown it or took it.
      The candidates stay: among what was shown, or among the whole catalogue for interactions.
    - "later": their time is after everything in the train split; none where times are unknown.

    Source: items without any training interaction as "cold" after Volkovs et al. 2017, "DropoutNet",
    https://papers.nips.cc/paper/7081-dropoutnet-addressing-cold-start-in-recommender-systems. We differ: they are
    ranked beside known ones and not among themselves, as a reader meets them; and being shown without a click counts
    as known too, because it is learned from. "later" after Ji et al. 2023, https://doi.org/10.1145/3569930: holding
    out each person's last lets a model learn from what others did afterwards.
    """
    known = is_among(judged.user_id, train.user_id)
    return {
        "all": np.ones(len(judged), dtype=bool),
        "known": known,
        "new": ~known,
        "new_items": _new_items(train, judged),
        "later": _later(train, judged),
    }


def is_among(people: Shaped[np.ndarray, " one"], others: Shaped[np.ndarray, " other"]) -> Bool[np.ndarray, " one"]:
    """Who is one of the others. numpy's ``isin`` compares objects each with each.

    >>> is_among(np.array(["U1", "U2"], object), np.array(["U2", "U3"], object))
    array([False,  True])
    """
    known = set(others.tolist())
    return np.fromiter((one in known for one in people.tolist()), bool, len(people))


def _new_items(train: Impressions, judged: Impressions) -> Bool[np.ndarray, " impression"]:
    clicked, owner = judged.clicked()
    seen = np.zeros(max(int(rows.max(initial=-1)) for rows in (clicked, train.candidates, train.history)) + 1, bool)
    seen[train.candidates] = seen[train.history] = True
    clicks = np.bincount(owner, minlength=len(judged))
    return (clicks > 0) & (np.bincount(owner, seen[clicked], minlength=len(judged)) == 0)


def _later(train: Impressions, judged: Impressions) -> Bool[np.ndarray, " impression"]:
    times = train.time[~np.isnat(train.time)]
    return judged.time > times.max() if len(times) else np.zeros(len(judged), dtype=bool)
