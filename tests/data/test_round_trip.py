"""Whatever a row of MIND may hold comes back as it was written."""

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recattn.data import Dataset, import_mind
from tests.data.mind_files import write_split

CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\t\n"), max_size=30)
ITEM_ID = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\t\n \ufeff"), min_size=1, max_size=12)
USER_ID = CELL.filter(bool)
TIME = st.sampled_from(["", "1/2/2019 3:04:05 AM", "12/31/1999 11:59:59 PM", "02/29/2020 12:00:00 PM"])


@st.composite
def worlds(
    draw: st.DrawFn,
) -> tuple[list[tuple[str, ...]], list[tuple[str, str, str, list[str], list[tuple[str, int]]]]]:
    """Articles and impressions that name them."""
    news = draw(st.lists(st.tuples(ITEM_ID, CELL, CELL, CELL, CELL, CELL), min_size=1, unique_by=lambda row: row[0]))
    known = st.sampled_from([row[0] for row in news])
    candidates = st.lists(st.tuples(known, st.integers(0, 1)), min_size=1, max_size=6)
    impression = st.tuples(ITEM_ID, USER_ID, TIME, st.lists(known, max_size=6), candidates)
    return news, draw(st.lists(impression, min_size=1, unique_by=lambda row: row[0]))


@given(worlds())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_what_is_written_as_mind_comes_back_the_same(world: tuple) -> None:
    news, impressions = world
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("RECATTN_HOME", os.path.join(folder, "home"))  # noqa: PTH118
        files = write_split(
            Path(folder, "train"),
            ["\t".join([*row, "", "[]"]) for row in news],
            [
                "\t".join([number, user, time, " ".join(history), " ".join(f"{item}-{label}" for item, label in shown)])
                for number, user, time, history, shown in impressions
            ],
        )
        import_mind("made", files, files)
        dataset = Dataset.open("made")
        assert dataset.info.rejected == {}
        columns = ["item_id", "category", "subcategory", "title", "abstract", "url"]
        assert list(map(tuple, dataset.items()[columns].to_numpy().tolist())) == news
        found = {one.impression_id: one for _, user, *_ in impressions for one in dataset.user_impressions(user)}
        assert len(found) == len(impressions)
        for number, user, _, history, shown in impressions:
            one = found[number]
            assert (one.user_id, one.history) == (user, tuple(history))
            assert list(zip(one.candidates, one.labels or (), strict=True)) == shown
        for user in {user for _, user, *_ in impressions}:
            assert user in [one.user_id for one in dataset.find_users(user, 99)]


@pytest.mark.parametrize(
    "odd", ["x" * 10_000, "🦊📰", "שלום", "a'b\"c", "-1", "N-0", "%_\\", "<script>", "=1+1", "\x00", "\u2028", "a\rb"]
)
def test_ids_of_any_kind_are_kept_to_the_letter(tmp_path: Path, odd: str) -> None:
    news = [f"{odd}\tnews\t\tTitle\t\t\t\t", "N1\tnews\t\tTitle\t\t\t\t"]
    rows = [f"{odd}\t{odd} with a space\t\t{odd} N1 {odd}\tN1-0 {odd}-1"]
    import_mind("made", write_split(tmp_path / "train", news, rows))
    dataset = Dataset.open("made")
    (impression,) = dataset.user_impressions(f"{odd} with a space")
    assert (impression.impression_id, impression.history) == (odd, (odd, "N1", odd))
    assert (impression.candidates, impression.labels) == (("N1", odd), (0, 1))
    assert dataset.impressions("train").history.tolist() == [0, 1, 0]
    assert dataset.item(odd).item_id == odd and dataset.index([odd]).tolist() == [0]
    assert dataset.user(f"{odd} with a space").history == ("N1", odd)
    assert len(dataset.find_users(odd[:100], 5)) == 1 and dataset.page_items(odd)[1] == 1
