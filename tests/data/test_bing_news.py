"""The reader on real files: Bing News in MIND's layout."""

from pathlib import Path

import pytest

from recattn.data import Dataset, import_mind

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "bing-news"


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    if not FOLDER.is_dir():
        pytest.skip(f"real data is not part of the project; looked for it in {FOLDER}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RECATTN_HOME", str(tmp_path_factory.mktemp("bing")))
        import_mind("bing", FOLDER / "train", FOLDER / "dev")
        return Dataset.open("bing")


def rows(name: str) -> list[list[str]]:
    text = (FOLDER / name).read_text(encoding="utf-8")
    return [line.split("\t") for line in text.removesuffix("\n").split("\n")]


def test_every_row_is_read_and_kept(dataset: Dataset) -> None:
    assert dataset.info.rows_read == {name: len(rows(name)) for name in dataset.info.checksums}
    assert dataset.info.splits == {"train": 4825, "dev": 193} and dataset.info.rejected == {}
    known = {row[0] for name in ("train/news.tsv", "dev/news.tsv") for row in rows(name)}
    assert dataset.info.items == len(known) == 8582
    assert dataset.info.users == len(
        {row[1] for name in ("train/behaviors.tsv", "dev/behaviors.tsv") for row in rows(name)}
    )


@pytest.mark.parametrize("split", ["train", "dev"])
def test_impressions_are_those_of_the_file_in_its_order(dataset: Dataset, split: str) -> None:
    ids = dataset.items()["item_id"].to_numpy(object)
    impressions = dataset.impressions(split)
    expected = rows(f"{split}/behaviors.tsv")
    assert impressions.labels is not None
    assert impressions.impression_id.tolist() == [row[0] for row in expected]
    assert impressions.user_id.tolist() == [row[1] for row in expected]
    assert ids[impressions.history].tolist() == " ".join(row[3] for row in expected).split()
    shown = [f"{item}-{label}" for item, label in zip(ids[impressions.candidates], impressions.labels, strict=True)]
    assert shown == " ".join(row[4] for row in expected).split()


def test_articles_are_those_of_the_file(dataset: Dataset) -> None:
    items = dataset.items().set_index("item_id")
    for item_id, category, _, title, *_ in rows("dev/news.tsv"):
        assert (items.at[item_id, "title"], items.at[item_id, "category"]) == (title, category)
    assert list(items.at["N1", "entities"]) == ["Tautog"]


def test_people_can_be_found_by_what_they_read(dataset: Dataset) -> None:
    found = dataset.find_readers("trump", 10)
    titles = dataset.items().set_index("item_id")["title"]
    counts = [sum("trump" in titles[item].split() for item in user.history) for user in found]
    assert len(found) == 10 and counts[-1] > 0 and counts[0] == max(counts)
