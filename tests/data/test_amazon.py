import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recattn.cli import main
from recattn.data import Dataset
from recattn.data.amazon import import_amazon
from recattn.errors import DataError

REVIEWS = [("A1", "B001", 5.0, 1252800000), ("A1", "B002", 3.0, 1262800000), ("A1", "B003", 4.0, 1272800000)]
IMAGE = "https://images.example/I/51.jpg"


def packed(file: Path, lines: list[str]) -> Path:
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(gzip.compress("".join(line + "\n" for line in lines).encode()))
    return file


def old_review(user: str, product: str, stars: float, time: int) -> dict[str, object]:
    """As in 2014 and 2018, where what doesn't matter here is shortened."""
    more = {"reviewerName": "J. McDonald", "helpful": [2, 3], "reviewText": "Great!", "summary": "Hymns"}
    return {
        "reviewerID": user,
        "asin": product,
        **more,
        "overall": stars,
        "unixReviewTime": time,
        "reviewTime": "09 13",
    }


def of_2014(folder: Path) -> Path:
    packed(folder / "reviews_Beauty_5.json.gz", [json.dumps(old_review(*row)) for row in REVIEWS])
    product = {"asin": "B001", "title": 'Nature\'s "Soap" &amp; Oil', "price": 3.17, "imUrl": IMAGE}
    product |= {"related": {"also_bought": ["B00"]}, "salesRank": {"Beauty": 21}, "brand": "Herbs"}
    product |= {"categories": [["Beauty", "Skin Care", "Soap"], ["Gifts"]], "description": "Mild <b>and</b> soft."}
    packed(folder / "meta_Beauty.json.gz", [repr(product), repr({"asin": "B999", "title": "Never reviewed"})])
    return folder


def of_2018(folder: Path) -> Path:
    more = {"verified": True, "vote": "2", "style": {"Size:": "Large"}}
    packed(folder / "Beauty_5.json.gz", [json.dumps(old_review(*row) | more) for row in REVIEWS])
    product = {"asin": "B001", "title": "Nature's &quot;Soap&quot; & Oil", "price": "$3.17", "brand": "Herbs"}
    product |= {"category": ["Beauty", "Skin Care", "Soap"], "description": ["Mild", "<br>and soft."], "rank": ["1"]}
    product |= {"imageURL": ["https://images.example/small.jpg"], "imageURLHighRes": [IMAGE], "main_cat": "Beauty"}
    code = {"asin": "B002", "title": "var aPageStart = (new Date()).getTime();", "price": "x" * 900}
    packed(folder / "meta_Beauty.json.gz", [json.dumps(product), json.dumps(code)])
    return folder


def of_2023(folder: Path) -> Path:
    rows = [
        {"user_id": user, "parent_asin": product, "asin": f"{product}X", "rating": stars, "timestamp": time * 1000}
        for user, product, stars, time in REVIEWS
    ]
    folder.mkdir()
    (folder / "Beauty.jsonl").write_text("".join(json.dumps(row | {"images": [], "text": "é"}) + "\n" for row in rows))
    product = {"main_category": "All Beauty", "title": 'Nature\'s "Soap" & Oil', "parent_asin": "B001", "price": 3.17}
    product |= {"images": [{"thumb": "t", "large": IMAGE, "variant": "MAIN", "hi_res": None}], "store": "Herbs"}
    product |= {"categories": ["Beauty", "Skin Care", "Soap"], "description": [], "features": ["Mild", "and soft."]}
    (folder / "meta_Beauty.jsonl").write_text(json.dumps(product) + "\n")
    return folder


@pytest.mark.parametrize("layout", [of_2014, of_2018, of_2023])
def test_every_year_gives_the_same_products_and_reviews(layout: Callable[[Path], Path], tmp_path: Path) -> None:
    info = import_amazon("shop", layout(tmp_path / "amazon"))
    assert (info.domain, info.items, dict(info.splits)) == ("products", 3, {"train": 2, "dev": 1})
    assert info.rejected == {}
    dataset = Dataset.open("shop")
    assert str(dataset.impressions("train").time[0]) == "2009-09-13T00:00:00"
    items = dataset.items().set_index("item_id")
    first = items.loc["B001"]
    assert (first["title"], first["category"], first["subcategory"]) == ('Nature\'s "Soap" & Oil', "Skin Care", "Soap")
    assert first["abstract"] == "Skin Care, Soap. Herbs. Mild and soft." and first["image_url"] == IMAGE
    known = json.loads(first["attributes"])
    assert known["genres"] == ["Skin Care", "Soap"] and known["brand"] == "Herbs" and known["price"].endswith("3.17")
    assert items.loc["B002", "title"] == "B002" and "price" not in items.loc["B002", "attributes"]
    assert "B999" not in items.index


def test_a_core_is_iterated_and_stated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pairs = [(user, product) for user in "ABCDE" for product in "12345"] + [("F", str(product)) for product in range(9)]
    rows = [old_review(f"U{user}", f"B{product}", 5.0, 1000 + at) for at, (user, product) in enumerate(pairs)]
    file = packed(tmp_path / "reviews.json.gz", [json.dumps(row) for row in rows])
    assert main(["import", "amazon", str(file), "--name", "shop", "--core", "5", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["items"] == 5
    notes = Dataset.open("shop").info.notes
    assert "4 interactions of users or items with fewer than 5 are left out." in notes
    assert "4 items that nobody took are left out." in notes


def test_bad_rows_are_counted_with_their_lines(tmp_path: Path) -> None:
    good = [json.dumps(old_review(f"A{number}", "B1", 4.0, number)) for number in range(1000)]
    bad = ["{", "[1]", "{}", json.dumps(old_review("", "B1", 4, 1)), json.dumps(old_review("A", "B1", 9, 1))]
    bad += [json.dumps(old_review("A", "B1", 4, 1) | {"unixReviewTime": time}) for time in (None, 10**40, "x")]
    bad += [json.dumps(old_review("\ud800", "B1", 4, 1))]
    meta = [repr({"asin": "B1", "title": "Soap"})] * 300 + ["{'asin': 'B1', 'title': __import__('os').getcwd()}"]
    file, described = packed(tmp_path / "r.json.gz", good + bad), packed(tmp_path / "meta.json.gz", meta)
    info = import_amazon("shop", file, str(described))
    assert {row["line"] for row in info.rejected_rows if row["file"].endswith("r.json.gz")} == set(range(1001, 1010))
    assert info.rejected["rows that are no literal"] == 1 and info.rejected["products repeated"] == 299
    assert Dataset.open("shop").items()["title"].tolist() == ["Soap"]


def test_a_folder_with_several_files_of_reviews_is_refused(tmp_path: Path) -> None:
    folder = of_2018(tmp_path / "amazon")
    (folder / "Books.json").write_text("{}\n")
    with pytest.raises(DataError, match="holds 2 files of reviews and 1 of metadata"):
        import_amazon("shop", folder)
    info = import_amazon("shop", folder / "Beauty_5.json.gz")
    assert "3 products have no description; their id is their title." in info.notes


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from(
    ["title", "price", "brand", "store", "description", "features", "categories", "category", "images", "imUrl"]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(product=st.dictionaries(FIELDS, JSON))
def test_whatever_stands_in_metadata_is_read_or_passed_over(product: dict, tmp_path: Path) -> None:
    reviews = tmp_path / "reviews.json"
    reviews.write_text(json.dumps(old_review("A", "B1", 4.0, 1)) + "\n")
    (tmp_path / "meta.json").write_text(json.dumps(product | {"asin": "B1"}) + "\n")
    import_amazon("shop", reviews, str(tmp_path / "meta.json"), replace=True)
    assert Dataset.open("shop").items()["title"][0]
