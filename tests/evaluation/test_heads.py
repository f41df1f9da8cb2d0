import numpy as np
import pytest

from recattn.evaluation.heads import KINDS, distances, even_mass, groups, mass, proudest, relations, spread

NONE: frozenset[str] = frozenset()


def maps(heads: int = 3, clicks: int = 5, seed: int = 0) -> np.ndarray:
    weights = np.random.default_rng(seed).random((heads, clicks, clicks + 1))
    return weights / weights.sum(axis=2, keepdims=True)


def test_kinds_are_told_apart() -> None:
    labels = {
        "same entity": [frozenset({"X"}), frozenset({"X", "Y"}), NONE],
        "same category": [frozenset({"a"}), frozenset({"b"}), frozenset({"a"})],
    }
    found = relations(3, labels, null=1)
    assert list(found) == [kind for kind in KINDS if kind not in ("same genre", "same decade", "same popularity")]
    assert found["null"].astype(int).tolist() == [[1, 0, 0, 0]] * 3
    assert found["self"].astype(int).tolist() == [[0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    assert found["latest"].astype(int).tolist() == [[0, 0, 0, 1]] * 3
    assert found["same category"].astype(int).tolist() == [[0, 0, 0, 1], [0] * 4, [0, 1, 0, 0]]
    assert found["same entity"].astype(int).tolist() == [[0, 0, 1, 0], [0, 1, 0, 0], [0] * 4]


def test_what_is_not_known_is_nothing_in_common() -> None:
    assert not relations(2, {"same decade": [NONE, NONE]}, null=0)["same decade"].any()


def test_null_and_the_bands_of_recency_share_all_attention() -> None:
    kinds = relations(30, {}, null=1)
    rows = maps(clicks=30)
    bands = [kinds[name] for name in ("null", "latest", "latest 2-5", "latest 6-20", "older")]
    np.testing.assert_allclose(sum(mass(rows, band) for band in bands), 1.0)
    assert sum(even_mass(band) for band in bands) == pytest.approx(1.0)


def test_attention_without_preference_has_the_even_mass_and_the_largest_spread() -> None:
    rows = np.full((1, 4, 5), 0.2)
    for relation in relations(4, {"same genre": [frozenset(name) for name in ("ab", "b", "a", "")]}, null=1).values():
        assert mass(rows, relation)[0] == pytest.approx(even_mass(relation))
    assert spread(rows)[0] == pytest.approx(1.0)


def test_distances_are_a_metric_from_zero_to_one() -> None:
    found = distances(maps(heads=5))
    np.testing.assert_allclose(found, found.T)
    np.testing.assert_allclose(np.diag(found), 0.0)
    assert (found >= 0).all() and (found <= 1).all()
    assert (found[:, :, None] <= found[:, None, :] + found[None] + 1e-12).all()


def test_copies_of_a_head_are_grouped_and_different_heads_are_not() -> None:
    rows = maps(heads=3)
    assert groups(distances(rows[[0, 1, 0, 2, 1, 0]])) == [[0, 2, 5], [1, 4]]
    assert groups(distances(rows)) == []


def test_within_a_group_every_two_heads_are_close() -> None:
    chain = np.abs(np.subtract.outer([0.0, 0.08, 0.16], [0.0, 0.08, 0.16]))
    assert groups(chain, same=0.1) in ([[0, 1]], [[1, 2]])


def test_the_proudest_cell_is_neither_the_null_click_nor_a_look_at_itself() -> None:
    rows = np.zeros((1, 3, 4))
    rows[0] = [[0.9, 0.05, 0.05, 0.0], [0.0, 0.3, 0.7, 0.0], [0.0, 0.2, 0.1, 0.7]]
    assert proudest(rows, null=1).tolist() == [[1, 0]]
