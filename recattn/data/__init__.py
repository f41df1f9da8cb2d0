"""Datasets on disk: readers, the Parquet store, and the synthetic sample."""

from recattn.data.folders import delete_dataset, sweep
from recattn.data.formats import IMPORTERS
from recattn.data.importing import import_mind
from recattn.data.store import Dataset, damaged_datasets, dataset_infos
from recattn.data.writing import check_free

__all__ = [
    "IMPORTERS",
    "Dataset",
    "check_free",
    "damaged_datasets",
    "dataset_infos",
    "delete_dataset",
    "import_mind",
    "sweep",
]
