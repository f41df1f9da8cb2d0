"""DuckDB in this process over the tables of one dataset: one connection, a cursor a question, so threads may ask."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from recattn.data.description import read_description
from recattn.data.schema import TABLES
from recattn.data.storage import Tables, tables_of
from recattn.errors import DataError


class Queries:
    """Answers SQL over the views ``items``, ``impressions``, ``users`` and ``readers``.

    Args:
        folder: of the dataset.
        inode: of the folder when its description was read; another one is another dataset, unless it holds the same.
        files: the checksums of its tables.
    """

    def __init__(self, folder: Path, inode: int, files: Mapping[str, str]) -> None:
        self._folder, self._inode, self._files = folder, inode, files

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """All rows of an answer, as Python values."""
        return self._ask(sql, values, lambda cursor: cursor.fetchall())

    def table(self, sql: str, *values: Any) -> pd.DataFrame:
        """The answer as a table."""
        return self._ask(sql, values, lambda cursor: cursor.df())

    def _ask(self, sql: str, values: tuple[Any, ...], fetch: Any) -> Any:
        try:
            with self._connection.cursor() as cursor:
                answer = fetch(cursor.execute(sql, list(values)))
        except (duckdb.IOException, duckdb.InvalidInputException, duckdb.SerializationException) as error:
            self.check_unchanged()
            reason = str(error).partition("\n")[0]  # the rest is our SQL
            raise DataError(
                f"The tables of {self._folder} can't be read ({reason}).",
                "",
                "Import the dataset again with --replace.",
            ) from error
        self.check_unchanged()
        return answer

    def check_unchanged(self) -> None:
        """Make sure that what was just read belongs to the dataset as it was opened.

        Raises:
            DataError: when the folder was replaced or deleted since.
        """
        try:
            same = self._folder.stat().st_ino == self._inode or self._holds_the_same()
        except (FileNotFoundError, DataError):
            same = False
        if not same:
            raise DataError(
                f"The dataset {self._folder.name!r} was replaced or deleted while it was in use.",
                remedy="Open it again.",
            )

    def _holds_the_same(self) -> bool:
        """Whether the same data was imported again, table by table: then everything known of it still holds."""
        info, inode = read_description(self._folder)
        if info.files != self._files:
            return False
        self._inode = inode
        return True

    @cached_property
    def tables(self) -> Tables:
        """Where they lie; a storage is asked once whether they are still the ones that were attached."""
        return tables_of(self._folder)

    @cached_property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect(":memory:")
        self.tables.connect(connection)
        connection.execute("SET parquet_metadata_cache = true")  # the files of an open dataset never change
        connection.execute("SET preserve_insertion_order = true")  # the first rows found are the first of the file
        for table in TABLES:
            quoted = self.tables.address(table).replace("'", "''")
            view = table.removesuffix(".parquet")
            connection.execute(f"CREATE VIEW {view} AS SELECT *, file_row_number FROM read_parquet('{quoted}')")
        return connection
