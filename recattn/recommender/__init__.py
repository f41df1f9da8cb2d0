"""A dataset and a trained model: the top-N for a history, and the Prediction of one (history, candidate)."""

from recattn.recommender.recommender import Recommender

__all__ = ["Recommender"]
