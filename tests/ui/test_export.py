import csv
import io

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recattn.ui.export import csv_bytes


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\n=1"])
def test_no_cell_can_act_as_a_formula(text: str) -> None:
    cell = pd.read_csv(io.BytesIO(csv_bytes(pd.DataFrame({"title": [text]}))), encoding="utf-8-sig")["title"][0]
    assert cell.startswith("'")


def test_numbers_stay_numbers() -> None:
    frame = pd.DataFrame({"score": [-0.5, 2.0], "rank": [1, 2]})
    assert pd.read_csv(io.BytesIO(csv_bytes(frame)), encoding="utf-8-sig").equals(frame)


def test_a_heading_cannot_act_either() -> None:
    assert csv_bytes(pd.DataFrame({"=x": ["a"]})).decode("utf-8-sig").startswith("'=x")


@given(st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=30)))
def test_text_comes_back_as_it_was_apart_from_the_apostrophe(texts: list[str]) -> None:
    written = csv_bytes(pd.DataFrame({"title": pd.Series(texts, dtype=object)})).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(written, newline="")))[1:]
    assert [row[0].removeprefix("'") if row else "" for row in rows] == [text.removeprefix("'") for text in texts]
