"""How a model scores and ranks the impressions of its dataset."""

from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float

from recattn.evaluation.full_ranking import Taken, full_ranking_metrics
from recattn.evaluation.metrics import impression_metrics
from recattn.models.scoring import score_catalogue, score_impressions
from recattn.recommender.catalogue import Catalogue
from recattn.types import Impressions


class Judged(Catalogue):
    """Answers how well."""

    def score_impressions(
        self, impressions: Impressions, heads: Bool[np.ndarray, "layer head"] | None = None
    ) -> Float[np.ndarray, " candidate"]:
        """The score of each candidate of each impression, flat.

        Args:
            impressions: of this dataset.
            heads: where False, that head adds nothing; default: all heads work.
        """
        return score_impressions(self.model, self._items, impressions, heads=heads, facts=self._facts)

    def catalogue_scores(
        self, impressions: Impressions, heads: Bool[np.ndarray, "layer head"] | None = None
    ) -> Float[np.ndarray, "impression item"]:
        """The score of every item of the catalogue for each history; for not too many at once."""
        return score_catalogue(self.model, self._items, impressions, heads, self._facts)

    @cached_property
    def taken(self) -> Taken:
        """What people took in the training data: not ranked again where the whole catalogue is."""
        return Taken.of(self.dataset.impressions("train"), len(self._ids))

    def ranking_metrics(
        self, impressions: Impressions, heads: Bool[np.ndarray, "layer head"] | None = None
    ) -> dict[str, Float[np.ndarray, " impression"]]:
        """Metrics of each labelled impression: over what was shown or, where all of it was clicked, over all items.

        Args:
            impressions: of this dataset.
            heads: where False, that head adds nothing; default: all heads work.
        """
        if impressions.positives_only:
            return full_ranking_metrics(lambda some: self.catalogue_scores(some, heads), impressions, self.taken)
        scores = self.score_impressions(impressions, heads)
        return impression_metrics(scores, np.asarray(impressions.labels), impressions.candidate_offsets)
