import pytest

from recattn.ui.admin_sessions import SESSION_SECONDS, AdminSessions

HASH = "$argon2id$one"


def test_a_session_ends_twelve_hours_after_its_last_action() -> None:
    sessions = AdminSessions()
    token = sessions.begin(HASH, 0)
    assert sessions.holds(token, HASH, SESSION_SECONDS - 1)
    assert not sessions.holds(token, HASH, SESSION_SECONDS)
    sessions.acted(token, SESSION_SECONDS - 1)
    assert sessions.holds(token, HASH, 2 * SESSION_SECONDS - 2)
    assert not sessions.holds(token, HASH, 2 * SESSION_SECONDS - 1)


def test_another_password_ends_all_sessions() -> None:
    sessions = AdminSessions()
    token = sessions.begin(HASH, 0)
    assert not sessions.holds(token, "$argon2id$two", 1)


def test_logging_out_ends_one_session_and_no_other() -> None:
    sessions = AdminSessions()
    one, other = sessions.begin(HASH, 0), sessions.begin(HASH, 0)
    assert one != other
    sessions.end(one)
    assert not sessions.holds(one, HASH, 1)
    assert sessions.holds(other, HASH, 1)


@pytest.mark.parametrize("forged", [None, "", True, 1, "x" * 43, ["a"], {"a": 1}, object(), HASH])
def test_what_was_never_handed_out_is_worth_nothing(forged: object) -> None:
    sessions = AdminSessions()
    sessions.begin(HASH, 0)
    assert not sessions.holds(forged, HASH, 1)
    sessions.acted(forged, 1)
    sessions.end(forged)
    assert not sessions.holds(forged, HASH, 1)


def test_sessions_are_bounded_and_the_newest_stay() -> None:
    sessions = AdminSessions()
    tokens = [sessions.begin(HASH, number / 100) for number in range(1500)]
    held = [sessions.holds(token, HASH, 20) for token in tokens]
    assert sum(held) == 1000 and all(held[-1000:])
