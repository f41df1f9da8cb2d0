"""Where the tables of a dataset lie: in its own folder, or in an object storage that speaks S3.

A dataset in a storage is a folder here with two small files: ``dataset.json``, a copy of the one in the storage, and
``remote.json`` with the address. What pages ask at every turn is answered here; rows are read there, the parts that a
question needs. Arrow speaks S3 and DuckDB reads through it, so nothing has to be installed. Keys are never part of an
address: they come from the environment (``AWS_ACCESS_KEY_ID``, ...), a profile, or the machine's role.
"""

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import duckdb
import pyarrow as pa
import pyarrow.fs as pafs

from recattn.data.description import read_description
from recattn.data.folders import claimed, publish, staging
from recattn.data.schema import DESCRIPTION, REMOTE, TABLES
from recattn.data.writing import check_free
from recattn.errors import DataError, RecAttnError
from recattn.types import DatasetInfo

_OPTIONS = ("endpoint", "region")
_CONNECT_SECONDS, _REQUEST_SECONDS, _TRIES = 5, 30, 3
_BYTES = 10**6  # of the two small files, rather too much


@dataclass(frozen=True)
class Tables:
    """Opens the tables of one dataset, wherever they are.

    Args:
        root: the folder, or bucket and prefix.
        filesystem: Arrow's, of the storage; None for this machine's.
    """

    root: str
    filesystem: Any = None

    def path(self, table: str) -> str:
        """As Arrow finds it in the filesystem."""
        return f"{self.root}/{table}"

    def address(self, table: str) -> str:
        """As DuckDB finds it once it is connected."""
        return self.path(table) if self.filesystem is None else f"s3://{self.path(table)}"

    def connect(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Let DuckDB read from where these tables are."""
        if self.filesystem is not None:
            from fsspec.implementations.arrow import ArrowFSWrapper

            connection.register_filesystem(ArrowFSWrapper(self.filesystem, skip_instance_cache=True))

    def sha256(self, table: str) -> str:
        """The checksum of all bytes, as hexadecimal digits."""
        source = self.filesystem or pafs.LocalFileSystem()
        digest = hashlib.sha256()
        with source.open_input_stream(self.path(table)) as file:
            while part := file.read(1 << 20):
                digest.update(part)
        return digest.hexdigest()


def tables_of(folder: Path) -> Tables:
    """Where the tables of a dataset folder are.

    Raises:
        DataError: when they are in a storage that can't be reached, or are no longer those that were attached.
    """
    if not (folder / REMOTE).is_file():
        return Tables(str(folder))
    address = _address(folder)
    tables = _connected(address)
    if _read(tables, address) != (folder / DESCRIPTION).read_bytes():
        raise DataError(
            f"{address} holds another dataset than the one that was attached as {folder.name!r}.",
            "Objects of an attached dataset never change; a new version has an address of its own.",
            "Attach it again with --replace.",
        )
    return tables


def attach(name: str, address: str, replace: bool = False) -> DatasetInfo:
    """Make what lies in a storage a dataset here, without copying its tables.

    Args:
        name: of the dataset.
        address: ``s3://bucket/prefix``, where a dataset folder was copied to as it is; after a ``?`` the ``endpoint``
            of a storage that is not Amazon's, and the ``region``.
        replace: whether a dataset of that name may go.

    Raises:
        DataError: when the name is taken, or there is no whole dataset at that address.
    """
    check_free(name, replace)
    tables = _connected(address)
    description = _read(tables, address)
    with claimed(name):
        check_free(name, replace)
        with staging(name, _BYTES) as folder:
            (folder / DESCRIPTION).write_bytes(description)
            (folder / REMOTE).write_text(json.dumps({"address": address}) + "\n", encoding="utf-8")
            info, _ = read_description(folder)
            _check_sizes(tables, address, info)
            publish(folder, name)
    return dataclasses.replace(info, name=name)


def _address(folder: Path) -> str:
    try:
        address = json.loads((folder / REMOTE).read_text(encoding="utf-8"))["address"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{folder / REMOTE} can't be read ({error!r}).", "", "Attach it again with --replace."
        ) from error
    return str(address)


def _connected(address: str) -> Tables:
    """The place at an address; nothing is asked of it yet."""
    parts, options = urlsplit(address), dict(parse_qsl(urlsplit(address).query))
    endpoint = urlsplit(options.get("endpoint", "https://"))
    if (
        parts.scheme != "s3"
        or not parts.netloc
        or "@" in address
        or not options.keys() <= set(_OPTIONS)
        or endpoint.scheme not in ("http", "https")
    ):
        raise DataError(
            f"{address.rpartition('@')[2][:200]!r} is no address of a dataset in a storage.",
            "Allowed is s3://BUCKET/PREFIX, and after it ?endpoint=https://HOST:PORT or &region=NAME; never keys.",
            "Keys come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile.",
        )
    filesystem = pafs.S3FileSystem(
        endpoint_override=endpoint.netloc or None,
        scheme=endpoint.scheme,
        region=options.get("region"),
        connect_timeout=_CONNECT_SECONDS,
        request_timeout=_REQUEST_SECONDS,
        retry_strategy=pafs.AwsStandardS3RetryStrategy(max_attempts=_TRIES),
    )
    return Tables(f"{parts.netloc}{parts.path}".rstrip("/"), filesystem)


def _read(tables: Tables, address: str) -> bytes:
    try:
        with tables.filesystem.open_input_stream(tables.path(DESCRIPTION)) as file:
            return bytes(file.read())
    except (pa.ArrowException, OSError) as error:
        raise unreachable(address, error) from error


def _check_sizes(tables: Tables, address: str, info: DatasetInfo) -> None:
    found = {one.base_name: one.size for one in tables.filesystem.get_file_info([tables.path(one) for one in TABLES])}
    if wrong := [table for table in TABLES if found[table] != info.sizes.get(table)]:
        raise DataError(
            f"{address} is no whole dataset: {', '.join(wrong)} is missing or of another size.",
            f"Its {DESCRIPTION} tells {', '.join(f'{info.sizes.get(table):,} bytes' for table in wrong)}.",
            "Copy the whole folder of the dataset there.",
        )


def unreachable(address: str, error: Exception) -> RecAttnError:
    """The error of a storage that does not answer, or not with what was asked for."""
    reason = str(error).partition("\n")[0][:300]
    return DataError(
        f"{address} can't be read ({reason}).",
        "Needed is a dataset folder in a storage that speaks S3, and keys that may read it.",
        "Look at the address, the network and AWS_ACCESS_KEY_ID, then try again.",
    )
