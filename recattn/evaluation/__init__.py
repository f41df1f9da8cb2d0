"""Ranking metrics, intervals and baselines. NumPy only."""
