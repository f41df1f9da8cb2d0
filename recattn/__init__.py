"""RecAttn shows why an attention-based recommender recommended something, and how far to believe it."""

__version__ = "0.1.0"
