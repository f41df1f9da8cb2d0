from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from recattn.data.sample import sample_folder, sample_truth
from recattn.data.sample.stories import Article, write_articles
from recattn.data.sample.world import build_world


def _files(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.suffix != ".parquet"
    }


def test_the_committed_sample_is_made_again_bit_for_bit(made: Path) -> None:
    again, committed = _files(made), _files(sample_folder())
    assert again.keys() == committed.keys()
    assert [name for name in again if again[name] != committed[name]] == []


def test_the_truth_is_made_again_and_by_the_same_pyarrow_bit_for_bit(made: Path) -> None:
    again, committed = made / "truth.parquet", sample_folder() / "truth.parquet"
    assert pq.read_table(again).equals(pq.read_table(committed))
    if pq.read_metadata(again).created_by == pq.read_metadata(committed).created_by:
        assert again.read_bytes() == committed.read_bytes()


def test_another_seed_gives_other_news_of_the_same_kind(articles: list[Article]) -> None:
    other = write_articles(build_world(8), 8)
    assert {article.topic for article in other} == {article.topic for article in articles}
    assert len({article.title for article in other} & {article.title for article in articles}) < 0.2 * len(other)


def test_the_sample_is_as_large_as_promised_and_below_8_mb(news: pd.DataFrame, behaviors: pd.DataFrame) -> None:
    assert news["item_id"].nunique() >= 1500
    assert news["category"].nunique() >= 15
    assert (news.groupby("category")["subcategory"].nunique() >= 2).sum() >= 15
    assert behaviors["user_id"].nunique() >= 2500
    assert len(behaviors) >= 25_000
    assert behaviors["time"].dt.date.nunique() == 7
    assert sum(file.stat().st_size for file in sample_folder().rglob("*") if file.is_file()) < 8_000_000


def test_dev_is_the_last_day_and_has_users_and_news_that_train_lacks(
    news: pd.DataFrame, behaviors: pd.DataFrame
) -> None:
    train, dev = (behaviors[behaviors["split"] == split] for split in ("train", "dev"))
    assert train["time"].max() < dev["time"].min().normalize() + pd.Timedelta(seconds=1)
    assert dev["time"].dt.date.nunique() == 1
    assert len(set(dev["user_id"]) - set(train["user_id"])) >= 300
    items = {split: set(rows["item_id"]) for split, rows in news.groupby("split")}
    assert len(items["dev"] - items["train"]) >= 50


def test_the_truth_says_of_every_click_why(behaviors: pd.DataFrame) -> None:
    truth = sample_truth()
    clicks = behaviors.explode("clicked")
    assert sorted(zip(truth["impression_id"], truth["user_id"], truth["item_id"], strict=True)) == sorted(
        zip(clicks["impression_id"], clicks["user_id"], clicks["clicked"], strict=True)
    )
    assert set(truth["rule"]) == {"storyline", "entity", "interest", "affinity", "popularity", "chance"}
    assert (truth["causes"].map(len).between(1, 3) == ~truth["rule"].isin(["popularity", "chance"])).all()
    assert truth["causes"].map(lambda causes: isinstance(causes, list)).all()


def test_every_cause_lies_in_the_history_of_its_impression(behaviors: pd.DataFrame) -> None:
    histories = behaviors.set_index("impression_id")["history"]
    for row in sample_truth().itertuples():
        assert set(row.causes) <= set(histories[row.impression_id])


def test_the_readme_tells_the_numbers_of_the_files(news: pd.DataFrame, behaviors: pd.DataFrame) -> None:
    text = (sample_folder() / "README.md").read_text()
    for number in (news["item_id"].nunique(), behaviors["user_id"].nunique(), len(behaviors)):
        assert f"{number:,}" in text
    assert "$" not in text
