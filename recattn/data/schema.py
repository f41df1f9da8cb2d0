"""The files of a dataset and the columns in them. Plain Parquet: pandas, DuckDB and Spark read them as they are.

========================  ============================================================================================
``items.parquet``         one row an item; its row number is the item's number everywhere in memory
``impressions.parquet``   by split, then user, then place; ids as strings; ``place`` is the row's number in the order of
                          time within its split (the order of the file where times are unknown); ``labels`` is null
                          in an unlabelled split
``users.parquet``         the longest histories first, then by user id, so that a search may stop early; ``history`` is
                          everything read so far, see ``recattn.data.histories``
``readers.parquet``       an index made from the others: (item row, user row) of every click in a latest history
``dataset.json``          where it came from, counts, checksums, what was rejected and why
========================  ============================================================================================
"""

import pyarrow as pa

SCHEMA_VERSION = 1

ITEMS, IMPRESSIONS, USERS, READERS = "items.parquet", "impressions.parquet", "users.parquet", "readers.parquet"
TABLES = (ITEMS, IMPRESSIONS, USERS, READERS)
DESCRIPTION = "dataset.json"
REMOTE = "remote.json"  # the address of tables that lie elsewhere
SPLITS = ("train", "dev", "test")  # also the order in which they happened
DOMAINS = ("news", "films", "products", "music", "ads")  # what its items are, which says the words of the pages

_TEXTS = pa.list_(pa.string())
_TIME = pa.timestamp("ms")  # Parquet has no coarser unit; local time of the source, no zone

ITEM_SCHEMA = pa.schema(
    [
        ("item_id", pa.string()),
        ("title", pa.string()),
        ("abstract", pa.string()),
        ("category", pa.string()),
        ("subcategory", pa.string()),
        ("url", pa.string()),
        ("published", _TIME),
        ("entities", _TEXTS),
        ("image_url", pa.string()),
        ("attributes", pa.string()),  # a JSON object, "" where there is nothing to add
    ]
)
IMPRESSION_SCHEMA = pa.schema(
    [
        ("impression_id", pa.string()),
        ("split", pa.string()),
        ("user_id", pa.string()),
        ("time", _TIME),
        ("place", pa.int32()),
        ("history", _TEXTS),
        ("candidates", _TEXTS),
        ("labels", pa.list_(pa.int8())),
    ]
)
USER_SCHEMA = pa.schema(
    [
        ("user_id", pa.string()),
        ("history", _TEXTS),
        ("history_length", pa.int32()),
        ("n_clicks", pa.int32()),
        ("first_time", _TIME),
        ("last_time", _TIME),
    ]
)
READER_SCHEMA = pa.schema([("item_row", pa.int32()), ("user_row", pa.int32())])
