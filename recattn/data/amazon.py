"""Reads Amazon product reviews as published in 2014, 2018 and 2023, with the metadata of the products.

Source: McAuley et al. 2015, https://cseweb.ucsd.edu/~jmcauley/datasets/amazon/links.html; Ni et al. 2019,
https://nijianmo.github.io/amazon; Hou et al. 2024, https://amazon-reviews-2023.github.io. An object a line, also packed
as .gz. The metadata of 2014 are literals of Python instead of JSON, and read as such: nothing in them is run.
"""

import ast
import html
import json
import re
from collections.abc import Mapping, Sequence, Set
from functools import partial
from pathlib import Path
from typing import Any

from recattn.data.gzipped import SUFFIX, gzipped
from recattn.data.intake import Found, Intake, Source, import_found
from recattn.data.interactions import Collecting, Interactions, Rule, seconds
from recattn.data.items import Item, Items, joined
from recattn.data.rows import Layout, Rows, Unusable
from recattn.data.sources import InputFile, file_names, input_files
from recattn.errors import DataError
from recattn.types import DatasetInfo, Report, silent

_META = "meta_"
_TABLES = (".json", ".jsonl")
_LAYOUT = Layout("one object a line", lambda text: [text])
_NAMES = (  # user, product, stars, time: those of 2023, then those of 2014 and 2018
    ("user_id", "parent_asin", "rating", "timestamp"),
    ("reviewerID", "asin", "overall", "unixReviewTime"),
)
_STARS = (1.0, 5.0)
_LONGEST_LITERAL = 1 << 20
_LITERAL_ID = re.compile(r"'asin': '(\w+)'")
_TAG = re.compile(r"<[^>]*>")
_SCRAPED = "getTime"  # in titles of 2018 that are pieces of a page's code; its authors leave them out
_LONGEST_PRICE = 20  # letters; what is longer is a piece of a page


def import_amazon(
    name: str,
    path: str | Path,
    meta: str | None = None,
    positive: float | None = None,
    held_out: str = "leave-one-out",
    core: int = 0,
    replace: bool = False,
    report: Report = silent,
) -> DatasetInfo:
    """Make a dataset of Amazon reviews.

    Args:
        name: of the dataset.
        path: the file of reviews, or a folder with it and maybe its metadata (``meta_...``).
        meta: the file of metadata; None: the one in the folder. Without metadata products have only ids.
        positive: the least number of stars that counts; None: whoever reviewed a product bought it.
        held_out: "leave-one-out" or "time"; see ``recattn.data.interactions``.
        core: the least number of reviews that count for every user and every product.
        replace: whether a dataset of that name may go.
        report: hears of phases "read" (bytes) and "write" (impressions); may raise ``Cancelled``.

    Raises:
        DataError: when the input is not as expected, more than 1 % of a file's rows are bad, or nothing can be written.
    """
    source = amazon_source(Path(path), Path(meta) if meta else None)
    return import_found(name, source, Rule(positive, held_out, core), replace, report)


def amazon_source(path: Path, meta: Path | None = None) -> Source:
    """The reviews and metadata of a folder, or of these files."""
    reviews, described = _files(path, meta)
    files, holds = ([reviews, described], ["taken", ""]) if described else ([reviews], ["taken"])
    read = partial(_read, reviews, described)
    return Source("Amazon reviews", "products", files, holds, read, untaken=False)


def amazon_files(names: Set[str]) -> tuple[str, ...]:
    """Which of these files would be read; none where there are not one of reviews and one of metadata."""
    tables = sorted(name for name in names if name.removesuffix(SUFFIX).endswith(_TABLES))
    described = [name for name in tables if name.startswith(_META)]
    return tuple(tables) if len(tables) == 2 and len(described) == 1 else ()


def _files(path: Path, meta: Path | None) -> tuple[InputFile, InputFile | None]:
    """The files of reviews and of metadata."""
    if not path.is_dir():
        return _file(path), _file(meta) if meta else None
    names = sorted(name for name in file_names(path) if name.removesuffix(SUFFIX).endswith(_TABLES))
    reviews, found = ([name for name in names if name.startswith(_META) is there] for there in (False, True))
    if len(reviews) != 1 or len(found) > 1:
        raise DataError(
            f"{path} holds {len(reviews)} files of reviews and {len(found)} of metadata ({_META}...).",
            "Allowed is a folder with one of reviews and at most one of metadata, .json or .jsonl, also as .gz.",
            "Name the files themselves: PATH --meta PATH",
        )
    if meta is None and found:
        meta = path / found[0]
    return _file(path / reviews[0]), _file(meta) if meta else None


def _file(path: Path) -> InputFile:
    file = input_files(path.parent, path.parent.name or "amazon", [path.name])[0]
    return gzipped(file, path) if path.suffix == SUFFIX else file


def _read(reviews: InputFile, described: InputFile | None, intake: Intake) -> Found:
    items = Items()
    taken = _reviews(intake.rows(reviews, 1, _LAYOUT), items)
    if described:
        _products(intake.rows(described, 1, _LAYOUT), items)
    bare = f"{items.bare:,} products have no description; their id is their title."
    return Found(items, taken, (bare,) if items.bare else ())


def _reviews(rows: Rows, items: Items) -> Interactions:
    collecting = Collecting()
    for line, (text,) in rows:
        try:
            _take(collecting, items, _json(text))
        except Unusable as why:
            rows.leave_out(line, why)
    rows.check()
    return collecting.interactions()


def _take(collecting: Collecting, items: Items, review: Mapping[str, Any]) -> None:
    names = next((names for names in _NAMES if names[0] in review), None)
    if names is None:
        raise Unusable("reviews without a user", str(review))
    user, product, stars, time = (review.get(name, "") for name in names)
    if not (_is_id(user) and _is_id(product)):
        raise Unusable("reviews without a user or a product", f"{user!r} {product!r}")
    try:
        weight, moment = float(stars), seconds(str(int(time)))
    except (TypeError, ValueError, OverflowError) as error:
        raise Unusable("stars or times that are no numbers", f"{stars!r} {time!r}") from error
    if not _STARS[0] <= weight <= _STARS[1]:
        raise Unusable(f"stars outside {_STARS[0]:g} to {_STARS[1]:g}", str(stars))
    collecting.add(user, items.number(product), moment, weight)


def _is_id(value: Any) -> bool:
    """Whether it is a text that can be stored: half a surrogate pair can be written in JSON and nowhere else."""
    return isinstance(value, str) and value.encode(errors="ignore").decode() == value != ""


def _json(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unusable("rows that are no JSON", text) from error
    if not isinstance(found, dict):
        raise Unusable("rows that are no JSON object", text)
    return found


def _products(rows: Rows, items: Items) -> None:
    """Describe the products that were reviewed; others are passed over."""
    for line, (text,) in rows:
        try:
            _describe(items, text)
        except Unusable as why:
            rows.leave_out(line, why)
    rows.check()


def _describe(items: Items, text: str) -> None:
    literal = text.startswith("{'")
    if literal and (found := _LITERAL_ID.search(text)) and found[1] not in items.index:
        return  # reading literals is slow, and most products of a file were not reviewed
    product = _literal(text) if literal else _json(text)
    name = product.get("parent_asin") or product.get("asin")
    if not isinstance(name, str):
        raise Unusable("products without an id", text)
    if items.described(name):
        raise Unusable("products repeated", name, harmless=True)
    if name in items.index:
        items.describe(name, _item(product))


def _literal(text: str) -> dict[str, Any]:
    try:
        found = ast.literal_eval(text) if len(text) <= _LONGEST_LITERAL else None
    except (ValueError, SyntaxError, RecursionError, MemoryError) as error:
        raise Unusable("rows that are no literal", text) from error
    if not isinstance(found, dict):
        raise Unusable("rows that are no literal", text)
    return found


def _item(product: Mapping[str, Any]) -> Item:
    title, path = _clean(product.get("title")), _path(product)
    brand, price = _clean(product.get("brand") or product.get("store")), _clean(product.get("price"))
    about = _clean(product.get("description")) or _clean(product.get("features"))
    return Item(
        title="" if _SCRAPED in title else title,
        abstract=joined(", ".join(path[1:]), brand, about),
        category=path[min(1, len(path) - 1)] if path else "",
        subcategory=path[2] if len(path) > 2 else "",
        attributes={
            "image": _image(product),
            "genres": path[1:],
            "brand": brand,
            "price": price if len(price) <= _LONGEST_PRICE else "",
        },
    )


def _path(product: Mapping[str, Any]) -> list[str]:
    """From the department down to the shelf: the first of several paths in 2014, the only one later."""
    found = product.get("categories") or product.get("category") or []
    if isinstance(found, Sequence) and found and isinstance(found[0], list):
        found = found[0]
    steps = [_clean(step) for step in found] if isinstance(found, list) else []
    return list(dict.fromkeys(filter(None, steps))) or list(filter(None, [_clean(product.get("main_category"))]))


def _image(product: Mapping[str, Any]) -> str:
    """The address of the first picture, however a year writes it."""
    images = product.get("imUrl") or product.get("imageURLHighRes") or product.get("imageURL") or product.get("images")
    if isinstance(images, Mapping):
        images = images.get("large") or images.get("hi_res")
    first = images[0] if isinstance(images, list) and images else images
    if isinstance(first, Mapping):
        first = first.get("large") or first.get("hi_res")
    return first if isinstance(first, str) and first.startswith(("http://", "https://")) else ""


def _clean(value: Any) -> str:
    """A text of a page without its tags; of a list its parts, of None nothing.

    >>> _clean(["Soft &amp; <b>mild</b>", "12.5"]), _clean(9.99)
    ('Soft & mild 12.5', '9.99')
    """
    if value is None or value == "None":
        return ""
    text = " ".join(map(str, value)) if isinstance(value, list) else str(value)
    text = " ".join(_TAG.sub(" ", html.unescape(text)).split())
    return text.encode(errors="replace").decode()
