import numpy as np
import pytest
import torch

from recattn.explanation.methods import METHODS, explain
from recattn.models.encoder import TextEncoder
from recattn.models.words import Words, words_prediction
from tests.models.conftest import WORDS

TITLE = " ".join(WORDS[:5])


@pytest.fixture(scope="module", params=["distilbert", "bert"])
def encoder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> TextEncoder:
    from tests.models.conftest import write_tiny_encoder

    folder = write_tiny_encoder(tmp_path_factory.mktemp("words") / request.param, request.param)
    return TextEncoder.load(str(folder), 16)


def direction(encoder: TextEncoder) -> torch.Tensor:
    return torch.randn(encoder.dim, generator=torch.Generator().manual_seed(0))


def words_of(encoder: TextEncoder, text: str | tuple[str, str] = TITLE) -> Words:
    return Words(encoder, text, lambda vectors: vectors @ direction(encoder))


def test_with_all_words_the_score_is_that_of_the_text(encoder: TextEncoder) -> None:
    expected = encoder.encode([TITLE])[0] @ direction(encoder).numpy()
    words = words_of(encoder)
    everything = np.ones((1, 5), dtype=bool)
    assert words.masked(everything)[0] == pytest.approx(expected, abs=1e-5)
    assert words.deleted(everything)[0] == pytest.approx(expected, abs=1e-5)


def test_deleting_words_equals_the_text_without_them(encoder: TextEncoder) -> None:
    keep = np.array([[True, False, True, True, False], [False] * 4 + [True], [False] * 5])
    texts = [" ".join(word for word, kept in zip(WORDS[:5], row, strict=True) if kept) for row in keep]
    expected = encoder.encode(texts) @ direction(encoder).numpy()
    np.testing.assert_allclose(words_of(encoder).deleted(keep), expected, atol=1e-5)


def test_a_masked_word_is_looked_at_by_nobody_and_keeps_its_place(encoder: TextEncoder) -> None:
    keep = np.array([[True, False, True, True, True]])
    masked = words_of(encoder).masked(keep)
    other = TITLE.replace(WORDS[1], WORDS[7])
    np.testing.assert_allclose(masked, words_of(encoder, other).masked(keep), atol=1e-6)
    assert abs(masked[0] - words_of(encoder).deleted(keep)[0]) > 1e-4


def test_the_gradient_is_the_slope_on_the_way_from_masked_words(encoder: TextEncoder) -> None:
    words, step = words_of(encoder), 1e-2
    slopes = words.gradient(np.array([0.5]))[0]
    along = torch.full((2, 7), 0.5)
    along[:, [0, 6]] = 1  # [CLS] and [SEP] stay
    for token in range(5):
        moved = along.clone()
        moved[:, token + 1] += torch.tensor([step, -step])
        with torch.no_grad():
            up, down = words.scored(words._on_the_way(moved)).tolist()
        assert slopes[token] == pytest.approx((up - down) / (2 * step), abs=2e-3)


def test_a_pair_of_segments_has_all_its_special_tokens_in_front(encoder: TextEncoder) -> None:
    pair = (" ".join(WORDS[:2]), WORDS[4])
    prediction = words_prediction(
        encoder, pair, "N1", lambda vectors: vectors @ direction(encoder), direction(encoder).numpy()
    )
    assert prediction.items == (WORDS[0], WORDS[1], WORDS[4])
    assert prediction.null == 3
    tokens, attention = encoder.attention(pair)
    assert tokens == ["[CLS]", WORDS[0], WORDS[1], "[SEP]", WORDS[4], "[SEP]"]
    np.testing.assert_array_equal(prediction.attention[1, 0, 3, 5], attention[1, 0, 1, 4])
    np.testing.assert_allclose(prediction.attention.sum(axis=-1), 1, atol=1e-5)


def test_every_method_explains_the_words_of_a_title(encoder: TextEncoder) -> None:
    other = direction(encoder).numpy()
    prediction = words_prediction(encoder, TITLE, "N1", lambda vectors: vectors @ direction(encoder), other)
    weights = explain(prediction)
    assert set(METHODS) - set(weights) == {"contribution", "value_norm"}
    for name, found in weights.items():
        assert found.shape == (5,) and np.isfinite(found).all(), name
        rest = METHODS[name].rest
        if rest is not None:
            tolerance = 0.02 if name == "integrated_gradients" else 1e-4
            assert found.sum() + rest(prediction) == pytest.approx(prediction.total, abs=tolerance)


def test_a_title_of_nothing_has_no_words(encoder: TextEncoder) -> None:
    assert words_of(encoder, "").masked(np.ones((1, 0), dtype=bool)).shape == (1,)
