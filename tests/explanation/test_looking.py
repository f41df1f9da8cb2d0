import numpy as np

from recattn.explanation.looking import attention, pooling, rollout, value_norm
from recattn.types import Prediction
from tests.explanation.toys import game


def two_heads() -> Prediction:
    """A null click and two clicks; each head looks at one of them from everywhere."""
    maps = np.zeros((1, 2, 3, 3))
    maps[0, 0, :, 1] = 1
    maps[0, 1, :, 2] = 1
    norms = np.array([[0.0, 3.0, 9.0], [0.0, 9.0, 4.0]])
    return game(lambda keep: keep.sum(axis=1), 2, attention=maps, pooling=np.array([0.2, 0.3, 0.5]), value_norms=norms)


def test_attention_averages_heads_and_weighs_rows_as_the_score_does() -> None:
    np.testing.assert_allclose(attention(two_heads()), [0.5, 0.5])
    skewed = two_heads()._replace(attention=np.array([[[[1, 0, 0], [0, 0.4, 0.6], [0, 1, 0]]]], dtype=float))
    np.testing.assert_allclose(attention(skewed), [0.3 * 0.4 + 0.5, 0.3 * 0.6])


def test_pooling_is_the_weight_of_the_row() -> None:
    np.testing.assert_allclose(pooling(two_heads()), [0.3, 0.5])


def test_rollout_of_one_layer_lets_half_past_the_heads() -> None:
    np.testing.assert_allclose(rollout(two_heads()), [0.5 * 0.5 + 0.5 * 0.3, 0.5 * 0.5 + 0.5 * 0.5])


def test_rollout_follows_attention_from_the_last_layer_to_the_first() -> None:
    first, second = np.eye(3)[[0, 2, 2]], np.eye(3)[[0, 1, 1]]  # 1 looks at 2 first, then 2 looks at 1
    prediction = two_heads()._replace(attention=np.stack([first, second])[:, None], pooling=np.array([0.0, 0.0, 1.0]))
    half = np.array([0.0, 0.5, 0.5])  # after the last layer's step down: half stays on 2, half goes to 1
    np.testing.assert_allclose(rollout(prediction), (0.5 * half @ first + 0.5 * half)[1:])


def test_value_norm_is_attention_times_the_length_of_the_value() -> None:
    np.testing.assert_allclose(value_norm(two_heads()), [3.0, 4.0])
    both = two_heads()._replace(attention=np.array([[[[0, 1, 0]] * 3, [[0, 1, 0]] * 3]], dtype=float))
    np.testing.assert_allclose(value_norm(both), [np.hypot(3, 9), 0], err_msg="heads stand side by side")
