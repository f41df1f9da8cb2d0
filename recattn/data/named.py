"""Tables whose columns have names: .csv and .tsv with a header, .jsonl with an object a line, .parquet."""

import csv
import json
from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from recattn.data.gzipped import SUFFIX, gzipped
from recattn.data.parquet_rows import ParquetRows, parquet_names
from recattn.data.rows import Layout, Progress, Rejections, Rows
from recattn.data.sources import InputFile, file_names, input_files
from recattn.errors import DataError

_COMMAS, _TABS, _OBJECTS, _COLUMNS = ".csv", ".tsv", ".jsonl", ".parquet"
_LOOKED_AT = 100  # first objects of a .jsonl that say which names there are
_LONGEST_HEADER = 1 << 20

Picking = Callable[[Sequence[str]], list[str]]


def table_files(path: Path) -> list[InputFile]:
    """The table at a path: a file, or the parts of one in a folder, in the order of their names.

    Raises:
        DataError: when it isn't there or is no such table.
    """
    if not path.is_dir():
        return [_table_file(path)]
    names = sorted(name for name in file_names(path) if _is_table(name) and not name.startswith((".", "_")))
    kinds = {_suffix(name) for name in names}
    if len(kinds) != 1:
        given = f"{path} holds {'tables of several kinds' if kinds else 'no table'}."
        raise DataError(given, "Allowed is a folder with the parts of one table.", "Name the file itself.")
    return [_table_file(path / name) for name in names]


def _table_file(path: Path) -> InputFile:
    if not _is_table(path.name):
        allowed = "Allowed are .csv, .tsv and .jsonl, also packed as .gz, .parquet, and folders of parts."
        raise DataError(f"{path} is no table that is read.", allowed, "Unpack or convert it.")
    file = input_files(path.parent, path.parent.name or "table", [path.name])[0]
    return gzipped(file, path) if path.suffix.lower() == SUFFIX else file


def _is_table(name: str) -> bool:
    return _suffix(name) in (_COMMAS, _TABS, _OBJECTS) or name.lower().endswith(_COLUMNS)


def _suffix(name: str) -> str:
    return Path(name.lower().removesuffix(SUFFIX)).suffix


def named_rows(
    file: InputFile, names: Sequence[str], rejections: Rejections, progress: Progress
) -> tuple[Rows, Picking]:
    """The rows of a table, and what picks the named cells of one.

    Raises:
        DataError: when a name isn't there, or stands twice.
    """
    suffix = _suffix(file.name)
    if suffix == _COLUMNS and file.path:
        _check_names(file, names, parquet_names(file.path))
        return ParquetRows(file, file.path, names, rejections, progress), list
    if suffix == _OBJECTS:
        _check_names(file, names, _names_of_objects(file))
        layout = Layout("values of one JSON object a line", partial(_values, names))
        return Rows(file, len(names), rejections, progress, layout), list
    delimiter = "," if suffix == _COMMAS else "\t"
    header = _header(file, delimiter)
    _check_names(file, names, header)
    places = [header.index(name) for name in names]
    described = f"{'comma' if suffix == _COMMAS else 'tab'}-separated columns, with a header"
    layout = Layout(described, partial(_separated, delimiter), header=True)
    return Rows(file, len(header), rejections, progress, layout), lambda cells: [cells[place] for place in places]


def _check_names(file: InputFile, wanted: Sequence[str], there: Sequence[str]) -> None:
    if missing := [name for name in wanted if name not in there]:
        raise DataError(
            f"{file.name} has no column {', '.join(missing)}.", f"It has {', '.join(there)}.", "Name columns it has."
        )
    if twice := [name for name in wanted if there.count(name) > 1]:
        raise DataError(f"{file.name} has {', '.join(twice)} twice.", "A column's name stands once.", "Rename one.")


def _header(file: InputFile, delimiter: str) -> list[str]:
    with file.open() as stream:
        raw = stream.readline(_LONGEST_HEADER)
    try:
        return _separated(delimiter, raw.decode("utf-8-sig").rstrip("\r\n"))
    except ValueError as error:
        raise DataError(
            f"The header of {file.name} can't be read ({error}).", "", "Save the table as UTF-8."
        ) from error


def _names_of_objects(file: InputFile) -> list[str]:
    names: dict[str, None] = {}
    with file.open() as stream:
        for raw in islice(iter(lambda: stream.readline(_LONGEST_HEADER), b""), _LOOKED_AT):
            try:
                names |= dict.fromkeys(_object(raw.decode("utf-8-sig")))
            except ValueError:  # a bad row; it is counted when all are read
                continue
    return list(names)


def _separated(delimiter: str, line: str) -> list[str]:
    if '"' not in line:
        return line.split(delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise ValueError(str(error)) from error


def _object(line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if not isinstance(found, dict):
        raise ValueError("no JSON object")
    return found


def _values(names: Sequence[str], line: str) -> list[str]:
    found = _object(line)
    cells = [_text(found.get(name)) for name in names]
    "".join(cells).encode()  # half a surrogate pair can be written in JSON and nowhere else
    return cells


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
