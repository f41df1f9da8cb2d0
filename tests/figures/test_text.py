from hypothesis import given
from hypothesis import strategies as st

from recattn.figures.text import escaped, shortened


@given(st.text(max_size=300), st.integers(min_value=2, max_value=100))
def test_a_shortened_text_fits(text: str, width: int) -> None:
    assert len(shortened(text, width)) <= width


@given(st.text(max_size=300))
def test_nothing_in_a_label_is_markup(text: str) -> None:
    label = escaped(text, 100)
    assert not set(label) & set("<>$\n\x00\u202e")
