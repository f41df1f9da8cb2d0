"""Datasets on disk: readers, the Parquet store, and the synthetic sample."""
