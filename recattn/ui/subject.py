"""What the heads look at: the articles of a history, or the words of one title. Both are drawn the same way."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from recattn.data.store import Dataset
from recattn.figures.grids import SumCheck, cell_contributions, reach, spread, sum_check
from recattn.language import phrase, say
from recattn.types import Array, Prediction
from recattn.ui.reading import categories, titles
from recattn.ui.wording import counted

NULL_NAME = phrase("Nothing {read} (always there)")
START, END = phrase("⟨start⟩"), phrase("⟨end⟩")
BY_TIME, BY_WEIGHT, AS_WRITTEN = phrase("time"), phrase("weight"), phrase("as written")
BY_CATEGORY = phrase("{category}")


@dataclass(frozen=True)
class Subject:
    """Units that look at each other, and everything the heads make of them.

    ``marks`` tell units apart in a few characters; ``groups`` are categories, empty where there are none.
    ``pooling``, ``cells``, ``effects`` and ``prediction`` exist for a history only, ``cells`` only where
    the score is an exact sum, ``effects`` only where nothing else follows from a look.
    """

    labels: tuple[str, ...]
    marks: tuple[str, ...]
    groups: tuple[str, ...]
    attention: Float[Array, "layer head query key"]
    orders: tuple[str, ...]
    pooling: Float[Array, " query"] | None = None
    cells: Float[Array, "head query key"] | None = None
    prediction: Prediction | None = None
    effects: Float[Array, "head query key"] | None = None

    @property
    def unit(self) -> str:
        """What a unit is called."""
        return phrase("word") if self.prediction is None else phrase("{item}")

    @property
    def layers(self) -> int:
        """Layers that attend."""
        return int(self.attention.shape[0])

    @property
    def heads(self) -> int:
        """Heads of each layer."""
        return int(self.attention.shape[1])

    @property
    def spreads(self) -> Float[Array, "layer head"]:
        """How widely each head looks, 0 to 1."""
        return spread(self.attention)

    @property
    def adds(self) -> Float[Array, " head"] | None:
        """What each head adds to the score (of the one layer that has an exact sum)."""
        return None if self.cells is None else self.cells.sum(axis=(1, 2))

    def check(self, head: int) -> SumCheck | None:
        """The score put together again from one head's cells and the rest."""
        return None if self.prediction is None else sum_check(self.prediction, head)


def history_subject(
    dataset: Dataset, prediction: Prediction, effects: Float[Array, "head query key"] | None = None
) -> Subject:
    """The articles a model saw for one prediction, oldest first, after the null click where there is one."""
    items, null = prediction.items, prediction.null
    return Subject(
        labels=(say(NULL_NAME),) * null + tuple(titles(dataset, items)),
        marks=("∅",) * null + tuple(str(len(items) - place) for place in range(len(items))),
        groups=("",) * null + tuple(categories(dataset, items)),
        attention=prediction.attention,
        orders=(BY_TIME, BY_CATEGORY, BY_WEIGHT),
        pooling=prediction.pooling,
        cells=cell_contributions(prediction),
        prediction=prediction,
        effects=effects,
    )


def words_subject(words: Sequence[str], attention: Float[Array, "layer head query key"]) -> Subject:
    """The words of one title as the text encoder reads them, in order as written.

    Args:
        words: without the encoder's marks of start and end.
        attention: of all units, the marks first.
    """
    marks = attention.shape[-1] - len(words)
    written = np.r_[: min(marks, 1), marks : attention.shape[-1], min(marks, 1) : marks]  # start, words, ends
    labels = (say(START),) * min(marks, 1) + tuple(map(_word, words)) + (say(END),) * (marks - 1)
    return Subject(
        labels=labels,
        marks=tuple(str(place + 1) for place in range(len(labels))),
        groups=("",) * len(labels),
        attention=attention[:, :, written][..., written],
        orders=(AS_WRITTEN, BY_WEIGHT),
    )


def _word(token: str) -> str:
    """A piece of a word (``##s``) begins with an ellipsis."""
    return "…" + token[2:] if token.startswith("##") else token


def unit_order(subject: Subject, how: str, layer: int, head: int) -> Int[Array, " unit"]:
    """Which unit comes first: the newest article, the largest group's, or the one looked at most; the null last."""
    units = np.arange(len(subject.labels))
    if how == AS_WRITTEN:
        return units
    newest_first = units[::-1]
    if how == BY_WEIGHT:
        weight = _reach(subject, layer, head)
        return newest_first[np.argsort(-weight[newest_first], kind="stable")]
    if how == BY_CATEGORY:
        sizes = Counter(group for group in subject.groups if group)
        return np.array(sorted(newest_first.tolist(), key=lambda unit: _place(subject.groups[unit], sizes)))
    return newest_first


def _place(group: str, sizes: Counter[str]) -> tuple[bool, int, str]:
    """Larger groups first, each together; what has no group last."""
    return not group, -sizes[group], group


def _reach(subject: Subject, layer: int, head: int) -> Float[Array, " key"]:
    """How much each unit is looked at by one head, over all rows, as they count in the score."""
    cells = subject.attention[layer, head]
    pooling = np.full(len(cells), 1 / len(cells)) if subject.pooling is None else subject.pooling
    return reach(cells, pooling)


def described(subject: Subject) -> str:
    """What is shown, in numbers."""
    units = len(subject.labels) - (subject.prediction.null if subject.prediction is not None else 0)
    layers = say(" in each of {layers} layers", layers=subject.layers) if subject.layers > 1 else ""
    noun = "word" if subject.prediction is None else "article"
    return f"{counted(units, noun)}, {counted(subject.heads, 'head')}{layers}"
