"""Datasets on disk: readers, the Parquet store, and the synthetic sample."""

from recattn.data.folders import delete_dataset, sweep
from recattn.data.importing import import_mind
from recattn.data.store import Dataset, damaged_datasets, dataset_infos

__all__ = ["Dataset", "damaged_datasets", "dataset_infos", "delete_dataset", "import_mind", "sweep"]
