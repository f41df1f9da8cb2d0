"""From files as published to a dataset: reads everything, holds out a dev split where none is given, then writes."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from recattn.config import checked_name
from recattn.data.catalogue import Catalogue
from recattn.data.folders import claimed
from recattn.data.mind import BEHAVIOR_COLUMNS, BEHAVIORS, NEWS, NEWS_COLUMNS, is_labelled, read_behaviors
from recattn.data.rows import Progress, Rejections, Rows
from recattn.data.sources import InputFile, input_files
from recattn.data.writing import Content, check_free, write_claimed
from recattn.types import DatasetInfo, Impressions, Report, silent

_HELD_OUT_SHARE = 0.1


def import_mind(
    name: str,
    train: str | Path,
    dev: str | Path | None = None,
    test: str | Path | None = None,
    replace: bool = False,
    report: Report = silent,
) -> DatasetInfo:
    """Make a dataset of news in MIND's layout.

    Args:
        name: of the dataset.
        train: folder or zip with ``news.tsv`` and ``behaviors.tsv``.
        dev: likewise; without it the last day of train (without times: the last 10 %) is held out.
        test: likewise; may be without labels.
        replace: whether a dataset of that name may go.
        report: hears of phases "read" (bytes) and "write" (impressions); may raise ``Cancelled``.

    Raises:
        DataError: when the input is not as expected, more than 1 % of a file's rows are bad, or nothing can be written.
    """
    checked_name(name, "dataset")
    check_free(name, replace)
    paths = {"train": train, "dev": dev, "test": test}
    files = {
        split: input_files(Path(path), split, (NEWS, BEHAVIORS)) for split, path in paths.items() if path is not None
    }
    with claimed(name):
        check_free(name, replace)
        return write_claimed(name, _read(files, report), report)


def _read(files: Mapping[str, list[InputFile]], report: Report) -> Content:
    rejections, catalogue = Rejections(), Catalogue()
    progress = Progress(report, sum(file.size for pair in files.values() for file in pair))
    news = {split: Rows(pair[0], NEWS_COLUMNS, rejections, progress) for split, pair in files.items()}
    behaviors = {split: Rows(pair[1], BEHAVIOR_COLUMNS, rejections, progress) for split, pair in files.items()}
    for rows in news.values():
        catalogue.read(rows)
    splits, notes = _splits(behaviors, catalogue)
    read = [*news.values(), *behaviors.values()]
    return Content(
        items=catalogue.table(),
        splits=splits,
        source="MIND",
        checksums={rows.file.name: rows.sha256 for rows in read},
        rows_read={rows.file.name: rows.read for rows in read},
        rejected=dict(rejections.counts),
        rejected_rows=tuple(rejections.rows),
        notes=notes,
    )


def _splits(behaviors: Mapping[str, Rows], catalogue: Catalogue) -> tuple[dict[str, Impressions], tuple[str, ...]]:
    """The impressions of each split in order of time, and what to say about them."""
    notes = []
    splits = {}
    for split, rows in behaviors.items():
        labelled = split == "train" or is_labelled(rows.file, catalogue.index)
        if not labelled:
            notes.append(f"The {split} split does not say what was clicked.")
        impressions = read_behaviors(rows, catalogue.index, labelled)
        splits[split] = impressions.rows(np.argsort(impressions.time, kind="stable"))  # unknown times come last
    if "dev" not in splits:
        last, note = held_out(splits["train"])
        train = splits.pop("train")
        splits = {"train": train.rows(np.flatnonzero(~last)), "dev": train.rows(np.flatnonzero(last)), **splits}
        notes.append(note)
    return {split: one for split, one in splits.items() if len(one)}, tuple(notes)


def held_out(impressions: Impressions) -> tuple[Bool[np.ndarray, " impression"], str]:
    """Which impressions become the dev split when none is given, and a sentence that says so.

    The last day; the last 10 % where times are unknown or all of one day. Never the whole.
    """
    days = impressions.time.astype("datetime64[D]")
    known = days[~np.isnat(days)]
    if len(np.unique(known)) > 1:
        last_day = known.max()
        return days == last_day, f"No dev split was given: the last day, {last_day}, was held out."
    count = min(max(1, round(_HELD_OUT_SHARE * len(days))), len(days) - 1)
    rows = np.arange(len(days)) >= len(days) - count
    if not count:
        return rows, "No dev split was given, and a single impression is too few to hold one out."
    return rows, f"No dev split was given: the last {count:,} of {len(days):,} impressions were held out."
