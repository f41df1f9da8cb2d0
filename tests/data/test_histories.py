from pathlib import Path

import numpy as np

from recattn.data import Dataset, import_mind
from tests.data.mind_files import article, shown, write_split

ARTICLES = [article(f"N{number}") for number in range(10)]


def history_of(folder: Path, *rows: str, dev: tuple[str, ...] = ()) -> str:
    """The latest history of U1 when these impressions happened."""
    train = write_split(folder / "train", ARTICLES, rows)
    later = write_split(folder / "dev", ARTICLES, dev or [shown(1, "N0-0", user="U2")])
    import_mind("made", train, later)
    return " ".join(Dataset.open("made").user("U1").history)


def test_clicks_follow_the_history_of_the_last_impression(tmp_path: Path) -> None:
    assert history_of(tmp_path, shown(1, "N3-1 N4-0 N5-1", "N1 N2")) == "N1 N2 N3 N5"


def test_a_history_that_grows_is_taken_as_it_is(tmp_path: Path) -> None:
    assert history_of(tmp_path, shown(1, "N2-1", "N1"), shown(2, "N3-1", "N1 N2")) == "N1 N2 N3"


def test_a_history_that_stands_still_is_followed_by_all_clicks_since(tmp_path: Path) -> None:
    rows = [shown(1, "N2-1", "N1"), shown(2, "N3-1", "N1")]
    assert history_of(tmp_path, *rows, dev=(shown(1, "N4-1", "N1"),)) == "N1 N2 N3 N4"


def test_what_fell_out_of_a_sliding_history_does_not_come_back_as_new(tmp_path: Path) -> None:
    rows = [shown(1, "N3-1", "N1 N2"), shown(2, "N4-1", "N2 N3"), shown(3, "N5-1", "N3 N4"), shown(4, "N6-0", "N4 N5")]
    assert history_of(tmp_path, *rows) == "N4 N5"


def test_each_article_stands_where_it_was_read_last(tmp_path: Path) -> None:
    assert history_of(tmp_path, shown(1, "N2-1", "N1 N2 N1 N3")) == "N1 N3 N2"


def test_an_empty_history_after_a_full_one_forgets_nothing(tmp_path: Path) -> None:
    assert history_of(tmp_path, shown(1, "N2-1", "N1"), shown(2, "N3-1", "")) == "N1 N2 N3"


def test_impressions_count_in_the_order_of_their_times(tmp_path: Path) -> None:
    late, early = (
        shown(1, "N3-1", "N1 N2", time="11/13/2019 9:00:00 AM"),
        shown(2, "N2-1", "N1", time="11/12/2019 9:00:00 AM"),
    )
    assert history_of(tmp_path, late, early) == "N1 N2 N3"


def test_clicks_and_times_of_a_user_cover_all_splits(tmp_path: Path) -> None:
    clock = [f"11/13/2019 {hour}:00:00 AM" for hour in (8, 7, 9)]
    history_of(
        tmp_path,
        shown(1, "N1-1 N2-1", time=clock[0]),
        shown(2, "N3-0", time=clock[1]),
        dev=(shown(1, "N4-1", time=clock[2]),),
    )
    user = Dataset.open("made").user("U1")
    assert user.n_clicks == 3
    assert [str(time) for time in (user.first_time, user.last_time)] == ["2019-11-13 07:00:00", "2019-11-13 09:00:00"]


def test_users_without_any_time_have_none(tmp_path: Path) -> None:
    history_of(tmp_path, shown(1, "N1-1", time=""), shown(2, "N2-1", user="U3"))
    dataset = Dataset.open("made")
    assert dataset.user("U1").first_time is None and dataset.user("U1").last_time is None
    assert dataset.user("U3").first_time is not None
    assert np.isnat(dataset.impressions("train").time).sum() == 1
