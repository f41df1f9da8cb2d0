"""Changes to a reading history as a link carries them: a list of steps, each a few characters, in the order made.

-3        take away the article that is 3 back
5>1       move the article 5 back to be the most recent
+N123     read N123 last (the id percent-encoded)
h1.4      hide head 4 of layer 1, or show it again
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote

import numpy as np
from jaxtyping import Bool

from recattn.data.store import Dataset
from recattn.errors import UnknownError
from recattn.types import Array

MOST = 60  # steps of one link
_PLACE = "[1-9][0-9]{0,3}"
_STEP = re.compile(
    rf"-(?P<gone>{_PLACE})|(?P<old>{_PLACE})>(?P<new>{_PLACE})|\+(?P<read>[^,]+)"
    rf"|h(?P<layer>{_PLACE})\.(?P<head>{_PLACE})"
)


@dataclass(frozen=True)
class Edited:
    """A history after some steps, and the heads that work (None: all)."""

    history: tuple[str, ...]
    hidden: frozenset[tuple[int, int]] = frozenset()  # layer and head, from 1

    def heads(self, layers: int, heads: int) -> Bool[Array, "layer head"] | None:
        """Which heads work, as a model wants to be told."""
        if not self.hidden:
            return None
        works = np.ones((layers, heads), dtype=bool)
        for layer, head in self.hidden:
            works[layer - 1, head - 1] = False
        return works


def steps(text: str) -> list[str]:
    """The steps a link holds.

    Raises:
        UnknownError: when there are too many.

    >>> steps("-3,5>1,h1.4")
    ['-3', '5>1', 'h1.4']
    """
    found = [step for step in text.split(",") if step]
    if len(found) > MOST:
        raise UnknownError(
            f"The link changes the history {len(found)} times.", f"Allowed are {MOST} changes.", "Undo some of them."
        )
    return found


def added(text: str, step: str) -> str:
    """The link's text with one more step.

    >>> added(added("", "-3"), "h1.4")
    '-3,h1.4'
    """
    return f"{text},{step}" if text else step


def undone(text: str) -> str:
    """The link's text without its last step.

    >>> undone("-3,h1.4"), undone("-3")
    ('-3', '')
    """
    return ",".join(steps(text)[:-1])


def reading(item_id: str) -> str:
    """The step that reads an item last.

    >>> reading("N1,2>3")
    '+N1%2C2%3E3'
    """
    return "+" + quote(item_id, safe="")


def edited(history: Sequence[str], text: str, dataset: Dataset, layers: int, heads: int) -> Edited:
    """The history after all steps of a link, each checked before it is taken.

    Raises:
        UnknownError: when a step is none, or does not fit the history, the dataset or the model.
    """
    clicks, hidden = list(history), set[tuple[int, int]]()
    for step in steps(text):
        found = _STEP.fullmatch(step)
        if found is None:
            raise _misfit(step, "Allowed are steps like -3, 5>1, +N123 and h1.4.")
        if found["layer"]:
            hidden ^= {_head(step, int(found["layer"]), int(found["head"]), layers, heads)}
        elif found["read"]:
            clicks.append(dataset.item(unquote(found["read"])).item_id)
        else:
            _take(clicks, step, int(found["gone"] or found["old"]), int(found["new"] or 0))
    return Edited(tuple(clicks), frozenset(hidden))


def _take(clicks: list[str], step: str, old: int, new: int) -> None:
    """Take the click that is ``old`` back out, and put it ``new`` back, or nowhere when that is 0."""
    if max(old, new) > len(clicks):
        raise _misfit(step, f"There are {len(clicks)} articles at that point.")
    click = clicks.pop(len(clicks) - old)
    if new:
        clicks.insert(len(clicks) - new + 1, click)


def _head(step: str, layer: int, head: int, layers: int, heads: int) -> tuple[int, int]:
    if layer > layers or head > heads:
        raise _misfit(step, f"The model has {layers} x {heads} heads.")
    return layer, head


def _misfit(step: str, allowed: str) -> UnknownError:
    return UnknownError(
        f"The change {step[:40]!r} in the link does not fit.", allowed, "Open the page without it and change anew."
    )
