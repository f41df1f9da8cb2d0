"""Commands about datasets: sample, the imports, datasets."""

from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recattn.cli.command import Answer, Command, argument
from recattn.cli.output import Bar, note, table
from recattn.cli.performing import performed
from recattn.types import DatasetInfo, Report

_SPLITS = ("train", "dev")


def load_sample(given: Namespace) -> Answer:
    """A made-up world as a dataset; when it is one already, nothing is done."""
    from recattn.data import dataset_infos
    from recattn.data.sample import write_sample

    if given.regenerate:
        with Bar() as bar:
            write_sample(Path(given.regenerate), report=bar)
        return Answer({"folder": given.regenerate}, f"The sample's files were written to {given.regenerate}.")
    made = _sample_of_films if given.domain == "films" else _sample_of_news
    name = given.name or ("films" if given.domain == "films" else "sample")
    there = next((info for info in dataset_infos() if info.name == name), None)
    with Bar() as bar:
        return _imported(made(name, there, given.replace, bar), with_rejected=False)


def _sample_of_news(name: str, there: DatasetInfo | None, replace: bool, report: Report) -> DatasetInfo:
    from recattn.data import import_mind
    from recattn.data.sample import sample_folder

    folder = sample_folder()
    if there and dict(there.checksums) == _checksums(folder):
        return there
    return import_mind(name, folder / "train", folder / "dev", replace=replace, report=report)


def _sample_of_films(name: str, there: DatasetInfo | None, replace: bool, report: Report) -> DatasetInfo:
    from recattn.data.sample.films import SOURCE, import_film_sample

    if there and there.source == SOURCE:
        return there
    return import_film_sample(name, replace, report)


def _checksums(folder: Path) -> dict[str, str]:
    from recattn.data.description import file_sha256

    names = [f"{split}/{name}" for split in _SPLITS for name in ("news.tsv", "behaviors.tsv")]
    return {name: file_sha256(folder / name) for name in names}


def import_news(given: Namespace) -> Answer:
    """News in MIND's layout as a dataset."""
    paths = {"train": given.train, "dev": given.dev, "test": given.test}
    return _import("mind", given, {split: path and _absolute(path) for split, path in paths.items()})


def import_films(given: Namespace) -> Answer:
    """MovieLens ratings as a dataset."""
    return _import("movielens", given, {"path": _absolute(given.path), **_rule(given)})


def import_products(given: Namespace) -> Answer:
    """Amazon reviews as a dataset."""
    meta = given.meta and _absolute(given.meta)
    return _import("amazon", given, {"path": _absolute(given.path), "meta": meta, **_rule(given)})


def import_music(given: Namespace) -> Answer:
    """What people listened to on Last.fm as a dataset."""
    return _import("lastfm", given, {"path": _absolute(given.path), "item": given.item, **_rule(given)})


def _rule(given: Namespace) -> dict[str, Any]:
    return {"positive": given.positive, "held_out": given.held_out, "core": given.core}


def import_table(given: Namespace) -> Answer:
    """A table of interactions as a dataset."""
    columns = _columns(given.columns) | ({"label": given.label} if given.label else {})
    settings = {"path": _absolute(given.path), "columns": columns, "domain": given.domain}
    settings |= {"items": given.items and _absolute(given.items), "item_id": given.item_id}
    settings |= {"text": _names(given.text), "category": given.category, "context": _names(given.context)}
    return _import("interactions", given, settings | {"attributes": _columns(given.attributes)} | _rule(given))


def _names(given: str) -> list[str]:
    return [name.strip() for name in given.split(",") if name.strip()]


def _columns(given: str) -> dict[str, str]:
    """``user=userId,item=itemId`` as a mapping; what has no ``=`` is a role without a column."""
    pairs = (part.partition("=") for part in given.split(",") if part)
    return {role.strip(): column.strip() for role, _, column in pairs}


def _absolute(path: str) -> str:
    return str(Path(path).absolute())


def _import(layout: str, given: Namespace, settings: Mapping[str, Any]) -> Answer:
    """Import in the foreground, as a job like one from the page."""
    from recattn.data import Dataset
    from recattn.jobs.starting import queue

    done = performed(queue("import", given.name, {"format": layout, **settings, "replace": given.replace}))
    if done.state != "finished":
        return Answer({"dataset": None, "state": done.state}, done.message, exit_code=1)
    info = Dataset.open(given.name).info
    for row in info.rejected_rows[:5]:
        note(f"{row['file']}, line {row['line']}: {row['reason']}: {row['text']}")
    for line in info.notes:
        note(line)
    return _imported(info, with_rejected=True)


def _imported(info: DatasetInfo, with_rejected: bool) -> Answer:
    document: dict[str, str | int | Mapping[str, int]] = {"dataset": info.name, "items": info.items}
    document |= {"users": info.users, "impressions": info.impressions}
    text = f"{info.name}: {info.items:,} items, {info.users:,} users, {info.impressions:,} impressions."
    if with_rejected:
        document["rejected"] = dict(info.rejected)
        text += "".join(f"\n  rejected: {count:,} {reason}" for reason, count in info.rejected.items())
    return Answer(document, text)


def list_datasets(_: Namespace) -> Answer:
    """All datasets, newest first; damaged ones are named on stderr."""
    from recattn.data import damaged_datasets, dataset_infos

    infos = dataset_infos()
    for reason in damaged_datasets().values():
        note(reason)
    sizes = [{"items": info.items, "users": info.users, "impressions": info.impressions} for info in infos]
    rows = [{"name": info.name, **size, "splits": dict(info.splits)} for info, size in zip(infos, sizes, strict=True)]
    splits = [", ".join(f"{name} {count:,}" for name, count in info.splits.items()) for info in infos]
    shown = [row | {"splits": text} for row, text in zip(rows, splits, strict=True)]
    return Answer(rows, table(shown, "No datasets yet. Make one: python -m recattn sample"))


_NAMED = (
    argument("--name", required=True, help="of the dataset"),
    argument("--replace", action="store_true", help="put it in the place of a dataset of that name"),
)
_RULE = (
    argument("--positive", type=float, metavar="WEIGHT", help="only interactions of this weight or more count"),
    argument(
        "--held-out",
        choices=("leave-one-out", "time"),
        default="leave-one-out",
        help="for judging: each user's last item, or the latest tenth of all time (default: leave-one-out)",
    ),
    argument("--core", type=int, default=0, metavar="N", help="leave out users and items with fewer than N that count"),
)

COMMANDS = (
    Command(
        "sample",
        "Make the sample, a small world of made-up news or films, a dataset.",
        load_sample,
        (
            argument("--domain", choices=("news", "films"), default="news", help="of what (default: news)"),
            argument("--name", help="of the dataset (default: sample, or films)"),
            argument("--replace", action="store_true", help="put it in the place of a dataset of that name"),
            argument("--regenerate", metavar="FOLDER", help="instead, write the sample's files afresh into a folder"),
        ),
        changes=True,
    ),
    Command(
        "import mind",
        "Import news in the layout of MIND: folders or zips with news.tsv and behaviors.tsv.",
        import_news,
        (
            *_NAMED,
            argument("--train", required=True, metavar="PATH", help="folder or zip"),
            argument("--dev", metavar="PATH", help="folder or zip; without it the last day of train is held out"),
            argument("--test", metavar="PATH", help="folder or zip; may be without labels"),
        ),
        changes=True,
    ),
    Command(
        "import movielens",
        "Import film ratings in any layout of MovieLens.",
        import_films,
        (
            argument("path", metavar="PATH", help="folder or zip as published"),
            *_NAMED,
            *_RULE,
        ),
        changes=True,
    ),
    Command(
        "import amazon",
        "Import Amazon product reviews of 2014, 2018 or 2023, with the products' metadata.",
        import_products,
        (
            argument("path", metavar="PATH", help="the file of reviews, or a folder with it and its metadata"),
            *_NAMED,
            argument("--meta", metavar="PATH", help="the file of metadata (default: meta_... in the folder)"),
            *_RULE,
        ),
        changes=True,
    ),
    Command(
        "import lastfm",
        "Import what people listened to: Last.fm's hetrec2011 (counts) or 1K (events).",
        import_music,
        (
            argument("path", metavar="PATH", help="folder or zip as published; unpack a .tar.gz"),
            *_NAMED,
            argument("--item", choices=("artist", "track"), default="artist", help="what is heard (default: artist)"),
            *_RULE,
        ),
        changes=True,
    ),
    Command(
        "import interactions",
        "Import who took what from any .csv, .tsv, .jsonl or .parquet, or a folder of parts; its columns by name.",
        import_table,
        (
            argument("path", metavar="PATH", help="the table, or the folder of its parts; .csv and .tsv with a header"),
            *_NAMED,
            argument(
                "--columns", required=True, metavar="ROLE=COLUMN,...", help="user, item; time, weight, impression"
            ),
            argument("--items", metavar="PATH", help="a table of items; without it ids are titles"),
            argument("--item-id", metavar="COLUMN", help="of the items' ids (default: as in --columns)"),
            argument("--text", default="", metavar="COLUMN,...", help="of the items' text; the first is the title"),
            argument("--category", default="", metavar="COLUMN", help="of the items' category"),
            argument(
                "--attributes", default="", metavar="NAME=COLUMN,...", help="of the items: year, genres, image ..."
            ),
            argument("--label", default="", metavar="COLUMN", help="1 where clicked, 0 where only shown, as of ads"),
            argument("--context", default="", metavar="COLUMN,...", help="of the interactions, kept with their item"),
            argument("--domain", default="", help="news, films, products, music or ads: the words of the pages"),
            *_RULE,
        ),
        changes=True,
    ),
    Command("datasets", "List the datasets.", list_datasets),
)
