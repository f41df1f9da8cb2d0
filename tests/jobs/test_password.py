import pytest

from recattn.errors import RecAttnError
from recattn.jobs.password import LONGEST, SHORTEST, hashed, matches

RIGHT = "pflaume Kreide zwölf"


@pytest.fixture(scope="module")
def made() -> str:
    return hashed(RIGHT)


def test_only_the_password_itself_matches(made: str) -> None:
    assert matches(made, RIGHT)
    for wrong in ("", RIGHT[:-1], RIGHT + " ", RIGHT.upper(), made, "x" * 10_000_000):
        assert not matches(made, wrong)


def test_the_hash_does_not_hold_the_password_and_differs_each_time(made: str) -> None:
    assert made.startswith("$argon2id$") and "pflaume" not in made
    assert hashed(RIGHT) != made


@pytest.mark.parametrize("length", [0, 1, SHORTEST - 1, LONGEST + 1])
def test_short_and_endless_ones_are_refused_without_being_repeated(length: int) -> None:
    with pytest.raises(RecAttnError, match=f"has {length} characters") as refused:
        hashed("q" * length)
    assert "qq" not in str(refused.value)


@pytest.mark.parametrize("broken", ["", "nonsense", "=19=65536,t=3", "$argon2id$v=19$m=65536,t=3,p=4$x$y"])
def test_a_hash_that_is_none_lets_nobody_in_and_says_so(broken: str) -> None:
    with pytest.raises(RecAttnError, match="no argon2 hash"):
        matches(broken, RIGHT)
