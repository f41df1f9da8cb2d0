import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from recattn.config import datasets_folder
from recattn.data import Dataset, damaged_datasets, dataset_infos, delete_dataset, import_mind
from recattn.data.schema import DESCRIPTION, TABLES
from recattn.errors import DataError, UnknownError
from tests.data.mind_files import article, shown, small_split, write_split

NEWS = [
    article("N0", "Chess club opens", "sports", subcategory="chess_club", abstract="Rooks and pawns"),
    article("N1", "Harbour cheese market", "food"),
    article("N2", "Шахматы в парке", "sports"),
    article("N3", "Budget talks", "politics"),
    article("N4", "", "politics"),
    article("N5", "A party of art", "culture"),
]
TRAIN = [
    shown(1, "N0-1 N3-0", "N1 N3", "Ann", "11/11/2019 8:00:00 AM"),
    shown(2, "N2-1 N1-0", "N1 N3 N0", "Ann", "11/12/2019 8:00:00 AM"),
    shown(3, "N1-0 N3-1", "N0", "bob", "11/12/2019 9:00:00 AM"),
    shown(4, "N1-0 N3-0", "", "cold", "11/12/2019 9:30:00 AM"),
    shown(5, "N4-1 N5-1", "N3", "100%_of'it", ""),
]
DEV = [shown(1, "N5-1 N4-0", "N1 N3 N0 N2", "Ann", "11/13/2019 8:00:00 AM")]


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    import_mind("made", write_split(tmp_path / "train", NEWS, TRAIN), write_split(tmp_path / "dev", NEWS, DEV))
    return Dataset.open("made")


def users(found: list) -> list[str]:
    return [user.user_id for user in found]


def test_an_unknown_dataset_is_named_with_those_there_are(dataset: Dataset, tmp_path: Path) -> None:
    import_mind("another", tmp_path / "dev")
    with pytest.raises(UnknownError, match=r"Dataset 'nws' was not found\. Known: another, made\."):
        Dataset.open("nws")
    with pytest.raises(UnknownError, match="can't be a dataset name"):
        Dataset.open("../../etc")


def test_infos_are_newest_first(dataset: Dataset, tmp_path: Path) -> None:
    import_mind("z", tmp_path / "dev")
    import_mind("a", tmp_path / "dev")
    assert [info.name for info in dataset_infos()] == ["a", "z", "made"]
    assert dataset_infos()[2] == dataset.info


def test_items_are_numbered_by_their_row(dataset: Dataset) -> None:
    assert dataset.index(["N2", "nobody", "N0", ""]).tolist() == [2, -1, 0, -1]
    assert dataset.index([]).tolist() == []
    assert dataset.items() is dataset.items()
    assert dataset.items()["title"].iat[1] == "Harbour cheese market"
    with pytest.raises(UnknownError, match="no item 'N9' in made"):
        dataset.item("N9")


def test_a_user_is_found_by_id_and_an_unknown_one_is_not(dataset: Dataset) -> None:
    ann = dataset.user("Ann")
    assert ann.history == ("N1", "N3", "N0", "N2", "N5") and ann.n_clicks == 3
    assert (ann.first_time, ann.last_time) == (datetime(2019, 11, 11, 8), datetime(2019, 11, 13, 8))
    assert dataset.user("cold").history == ()
    for unknown in ("ann", "", "nobody", "\ud800", "a\0b", "x" * 1_000_000, "' OR 1=1 --"):
        with pytest.raises(UnknownError, match="There is no user"):
            dataset.user(unknown)
        assert dataset.user_impressions(unknown) == []


def test_users_are_found_by_part_of_an_id_the_longest_history_first(dataset: Dataset) -> None:
    assert users(dataset.find_users("", 10)) == ["Ann", "100%_of'it", "bob", "cold"]
    assert users(dataset.find_users("", 2)) == ["Ann", "100%_of'it"]
    assert users(dataset.find_users("AN", 10)) == ["Ann"] and users(dataset.find_users("o", 10)) == [
        "100%_of'it",
        "bob",
        "cold",
    ]
    assert dataset.find_users("Ann", 1)[0] == dataset.user("Ann")


@pytest.mark.parametrize(
    ("text", "found"), [("%", 1), ("_", 1), ("'", 1), ("b%b", 0), ("\\", 0), ("\ud800", 0), ("\0", 0)]
)
def test_signs_that_mean_something_to_a_database_are_only_text(dataset: Dataset, text: str, found: int) -> None:
    assert len(dataset.find_users(text, 10)) == found
    assert dataset.page_users(text)[1] == found


def test_readers_of_a_topic_are_found_by_words_of_titles_and_categories(dataset: Dataset) -> None:
    assert users(dataset.find_readers("sports", 10)) == ["Ann", "bob"]
    assert users(dataset.find_readers("SPORT", 1)) == ["Ann"]
    assert users(dataset.find_readers("che", 10)) == ["Ann", "bob"]  # chess club and cheese
    assert users(dataset.find_readers("cheese", 10)) == ["Ann"]
    assert users(dataset.find_readers("club chess", 10)) == ["Ann", "bob"]
    assert users(dataset.find_readers("шахмат", 10)) == ["Ann"]
    assert users(dataset.find_readers("politics", 10)) == ["100%_of'it", "Ann", "bob"]
    assert users(dataset.find_readers("art", 10)) == ["Ann", "100%_of'it"]  # as many: the longer history first
    for nothing in ("arty", "", "  ", "rooks", "chess harbour", "(", "[a-z]", "\\", ".*", "\ud800", "\0", "$#&~-"):
        assert dataset.find_readers(nothing, 10) == []


def test_a_user_drawn_by_chance_is_the_same_for_a_seed(dataset: Dataset) -> None:
    assert dataset.random_user(5) == dataset.random_user(5)
    assert set(users([dataset.random_user(seed) for seed in range(50)])) == {"Ann", "bob", "cold", "100%_of'it"}


def test_what_a_user_was_shown_comes_newest_first_over_all_splits(dataset: Dataset) -> None:
    shown_to_ann = dataset.user_impressions("Ann")
    assert [(one.split, one.impression_id) for one in shown_to_ann] == [("dev", "1"), ("train", "2"), ("train", "1")]
    latest = shown_to_ann[0]
    assert latest.history == ("N1", "N3", "N0", "N2") and latest.candidates == ("N5", "N4") and latest.labels == (1, 0)
    assert latest.time == datetime(2019, 11, 13, 8)
    assert dataset.user_impressions("100%_of'it")[0].time is None


def test_pages_of_items_cover_them_all_in_order(dataset: Dataset) -> None:
    pages = [dataset.page_items("", offset, 4) for offset in (0, 4, 8)]
    assert [page["item_id"].tolist() for page, _ in pages] == [["N0", "N1", "N2", "N3"], ["N4", "N5"], []]
    assert {total for _, total in pages} == {6}
    assert list(pages[0][0].columns) == list(dataset.items().columns)
    for text, ids in {"ROOK": ["N0"], "politics": ["N3", "N4"], "n2": ["N2"], "%": [], "\ud800": []}.items():
        page, total = dataset.page_items(text)
        assert (page["item_id"].tolist(), total) == (ids, len(ids))


def test_pages_of_users_begin_with_the_longest_histories(dataset: Dataset) -> None:
    page, total = dataset.page_users("", 1, 2)
    assert (page["user_id"].tolist(), total) == (["100%_of'it", "bob"], 4)
    assert list(page["history"].iloc[1]) == ["N0", "N3"] and page["history_length"].tolist() == [3, 2]


def test_pages_of_impressions_say_what_was_clicked(dataset: Dataset) -> None:
    page, total = dataset.page_impressions("ann")
    assert total == 3 and page["split"].tolist() == ["train", "train", "dev"]
    assert [list(ids) for ids in page["clicked"]] == [["N0"], ["N2"], ["N5"]]
    assert [list(ids) for ids in page["history"]][:2] == [["N1", "N3"], ["N1", "N3", "N0"]]
    assert dataset.page_impressions("", 5, 10)[0]["impression_id"].tolist() == ["1"]
    assert dataset.page_impressions("", 0, 3)[1] == 6


def test_pages_of_many_users_neither_repeat_nor_skip_anybody(tmp_path: Path) -> None:
    rows = [shown(number, f"N{number // 9000}-1", user=f"U{number % 9000:05}") for number in range(10_000)]
    import_mind("many", write_split(tmp_path / "many", [article("N0"), article("N1")], rows))
    dataset = Dataset.open("many")
    seen = [user for offset in range(0, 9000, 3000) for user in dataset.page_users("", offset, 3000)[0]["user_id"]]
    assert seen == [f"U{number:05}" for number in range(9000)]  # the first thousand read two articles
    page, total = dataset.page_users("u00", 500, 20)
    assert total == 1000 and page["user_id"].tolist() == [f"U{number:05}" for number in range(500, 520)]
    assert (
        users(dataset.find_users("9", 300)) == [f"U{number:05}" for number in range(2000) if "9" in str(number)][:300]
    )
    for number in (0, 4095, 4096, 8999):
        assert dataset.user(f"U{number:05}").history == ("N0", "N1")[: 1 + (number < 1000)]


def test_many_threads_may_ask_at_once(dataset: Dataset) -> None:
    def ask(number: int) -> tuple:
        user = dataset.user(("Ann", "bob", "cold")[number % 3])
        return user, tuple(users(dataset.find_readers("sports", 5))), dataset.index(["N3"]).tolist(), user.user_id

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(60)))
    assert all(answer == answers[number % 3] for number, answer in enumerate(answers))
    assert [answer[3] for answer in answers[:3]] == ["Ann", "bob", "cold"]


def test_distributions_count_what_is_there(dataset: Dataset) -> None:
    tables = dataset.distributions()
    lengths = tables["history_length"]
    assert lengths["label"].tolist() == ["0", "1", "2", "3-4", "5-8"] and lengths["users"].tolist() == [1, 0, 1, 1, 1]
    assert lengths["from_clicks"].tolist() == [0, 1, 2, 3, 5] and lengths["to_clicks"].tolist() == [0, 1, 2, 4, 8]
    assert tables["categories"].to_dict("split")["data"] == [
        ["politics", 2, 2],
        ["sports", 2, 2],
        ["culture", 1, 2],
        ["food", 1, 0],
    ]
    days = tables["clicks_per_day"]
    assert days["day"].astype(str).tolist() == ["2019-11-11", "2019-11-12", "2019-11-13"]
    assert days["split"].tolist() == ["train", "train", "dev"] and days["clicks"].tolist() == [1, 2, 1]
    assert days["impressions"].tolist() == [1, 3, 1]
    popularity = tables["popularity"]
    assert popularity["rank"].tolist() == [1, 2, 3, 4, 5] and popularity["clicks"].tolist() == [2, 1, 1, 1, 1]
    assert popularity["share"].iloc[-1] == 1 and popularity["share"].iloc[0] == pytest.approx(2 / 6)


def test_distributions_of_a_dataset_without_clicks_and_times(tmp_path: Path) -> None:
    import_mind("still", write_split(tmp_path / "still", [article("N1")], [shown(1, "N1-0", time="")]))
    tables = Dataset.open("still").distributions()
    assert tables["popularity"].empty and tables["clicks_per_day"].empty
    assert tables["history_length"]["users"].tolist() == [1] and tables["categories"]["clicks"].tolist() == [0]


def damage_description(folder: Path, **changes: object) -> None:
    entries = json.loads((folder / DESCRIPTION).read_text())
    (folder / DESCRIPTION).write_text(json.dumps(entries | changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schema_version": 99}, "has schema version 99. Allowed are versions up to 1. Update RecAttn"),
        ({"schema_version": "x"}, "has schema version 'x'"),
        ({"items": None}, "no usable entry 'items'"),
        ({"splits": 3}, "no usable entry 'splits'"),
        ({"domain": "weather"}, "has the domain 'weather'. Allowed are news, films, products, music, ads."),
    ],
)
def test_a_description_that_is_edited_or_newer_is_refused(
    dataset: Dataset, changes: dict[str, object], message: str
) -> None:
    damage_description(dataset.folder, **changes)
    with pytest.raises(DataError) as error:
        Dataset.open("made")
    assert message in str(error.value)
    assert dataset_infos() == [] and message in damaged_datasets()["made"]


def test_a_description_from_before_there_were_domains_is_of_news(dataset: Dataset) -> None:
    entries = json.loads((dataset.folder / DESCRIPTION).read_text())
    del entries["domain"]
    (dataset.folder / DESCRIPTION).write_text(json.dumps(entries))
    assert Dataset.open("made").info.domain == "news"


@pytest.mark.parametrize("content", ["", "{", "[1]", "\x00", "[" * 100_000])
def test_a_description_that_is_no_json_object_is_refused(dataset: Dataset, content: str) -> None:
    (dataset.folder / DESCRIPTION).write_text(content)
    with pytest.raises(DataError, match=DESCRIPTION):
        Dataset.open("made")


@pytest.mark.parametrize("file", [*TABLES, DESCRIPTION])
def test_a_missing_file_is_named_and_the_rest_of_the_datasets_listed(
    dataset: Dataset, tmp_path: Path, file: str
) -> None:
    import_mind("good", tmp_path / "dev")
    (dataset.folder / file).unlink()
    with pytest.raises(DataError, match=f"{file} is missing"):
        Dataset.open("made")
    assert [info.name for info in dataset_infos()] == ["good"] and list(damaged_datasets()) == ["made"]
    delete_dataset("made")
    assert not (datasets_folder() / "made").exists()


@pytest.mark.parametrize("file", TABLES)
def test_a_table_cut_short_is_refused_at_once(dataset: Dataset, file: str) -> None:
    path = dataset.folder / file
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(DataError, match=f"{file} has .* bytes"):
        Dataset.open("made")


@pytest.mark.parametrize("file", TABLES)
def test_a_flipped_bit_is_found_by_verify(dataset: Dataset, file: str) -> None:
    dataset.verify()
    path = dataset.folder / file
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match=f"{file} has changed since it was written"):
        Dataset.open("made").verify()


def test_a_table_of_the_right_size_and_wrong_content_gives_an_error_that_names_it(dataset: Dataset) -> None:
    for file in TABLES:
        path = dataset.folder / file
        path.write_bytes(bytes(path.stat().st_size))
    opened = Dataset.open("made")
    questions = (opened.items, lambda: opened.impressions("train"), lambda: opened.user("Ann"), opened.distributions)
    for ask in questions:
        with pytest.raises(DataError, match=r"made.* can't be read .*--replace"):
            ask()


def test_a_small_dataset_is_asked_as_well_as_a_large_one(tmp_path: Path) -> None:
    import_mind("large", small_split(tmp_path / "large", rows=40_000))  # three row groups
    dataset = Dataset.open("large")
    train, dev = dataset.impressions("train"), dataset.impressions("dev")
    assert (len(train), len(dev)) == (36_000, 4_000)
    assert np.all(np.diff(train.time.astype(np.int64)) >= 0)
    of_one = np.flatnonzero(train.user_id == "U3")
    rows = train.rows(of_one[-1:])
    latest = next(one for one in dataset.user_impressions("U3") if one.split == "train")
    ids = dataset.items()["item_id"]
    assert tuple(ids.iloc[rows.history]) == latest.history and rows.impression_id[0] == latest.impression_id
