"""Item vectors as one Parquet file, as vector stores take them in."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from jaxtyping import Float

_SCHEMA = pa.schema([("item_id", pa.string()), ("vector", pa.list_(pa.float32()))])


def write_item_vectors(file: Path, item_ids: Sequence[str], vectors: Float[np.ndarray, "item dim"]) -> None:
    """A row an item, in the order given."""
    flat = pa.array(np.ascontiguousarray(vectors, np.float32).ravel())
    offsets = pa.array(np.arange(len(vectors) + 1, dtype=np.int32) * vectors.shape[1])
    columns = [pa.array(item_ids, pa.string()), pa.ListArray.from_arrays(offsets, flat)]
    pq.write_table(pa.table(columns, schema=_SCHEMA), file, compression="zstd", write_page_checksum=True)
