import threading

import pytest

from recattn.ui.tries import CEILING, LOCK_SECONDS, LOCKED_AFTER, LONGEST_DELAY, Pace, Tries, delay, origin

HERE, THERE = "203.0.113.9", "198.51.100.7"


def test_each_wrong_try_makes_the_next_wait_longer_and_the_tenth_locks() -> None:
    tries, now, waits = Tries(), 1000.0, []
    for _ in range(LOCKED_AFTER):
        assert tries.begin(HERE, now) == 0
        waits.append(tries.begin(HERE, now))  # again at once
        now += waits[-1]
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60, LOCK_SECONDS]
    assert waits == sorted(waits) and waits == [delay(failures) for failures in range(1, LOCKED_AFTER + 1)]


def test_the_lock_ends_after_a_quarter_of_an_hour_and_not_before() -> None:
    tries, now = Tries(), 0.0
    for failures in range(1, LOCKED_AFTER + 1):
        assert not tries.locked(HERE)
        assert tries.begin(HERE, now) == 0
        now += delay(failures) if failures < LOCKED_AFTER else 0
    assert tries.locked(HERE)
    assert tries.begin(HERE, now + LOCK_SECONDS - 1) == 1
    assert tries.begin(HERE, now + LOCK_SECONDS) == 0


def test_coming_too_early_makes_nobody_wait_longer() -> None:
    tries = Tries()
    tries.begin(HERE, 0)
    assert [tries.begin(HERE, 0.5) for _ in range(100)] == [0.5] * 100
    assert tries.begin(HERE, 1) == 0


def test_another_address_does_not_wait() -> None:
    tries = Tries()
    for now in (0, 1, 3, 7):
        assert tries.begin(HERE, now) == 0
    assert tries.begin(HERE, 7) > 0
    assert tries.begin(THERE, 7) == 0


def test_a_right_try_is_forgotten_with_those_before_it() -> None:
    tries = Tries()
    for now in (0, 1, 3):
        tries.begin(HERE, now)
    tries.succeed(HERE, 3)
    assert tries.begin(HERE, 3) == 0


def test_many_addresses_together_meet_a_ceiling() -> None:
    tries = Tries()
    answers = [tries.begin(f"10.0.0.{number}", number) for number in range(CEILING + 5)]
    assert answers[:CEILING] == [0] * CEILING
    assert answers[CEILING] == LOCK_SECONDS - CEILING
    assert tries.begin("10.0.1.1", LOCK_SECONDS) == 0, "the first has aged out"
    assert tries.begin("10.0.1.2", LOCK_SECONDS) == 1


def test_right_tries_do_not_use_up_the_ceiling() -> None:
    tries = Tries()
    for number in range(5 * CEILING):
        assert tries.begin(HERE, number) == 0
        tries.succeed(HERE, number)


def test_of_many_tries_at_once_one_is_compared() -> None:
    tries, go, waits = Tries(), threading.Barrier(20), []

    def attempt() -> None:
        go.wait()
        waits.append(tries.begin(HERE, 5.0))

    threads = [threading.Thread(target=attempt) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(waits) == [0] + [1] * 19


def test_what_is_remembered_does_not_grow() -> None:
    tries = Tries()
    for number in range(20_000):
        tries.begin(f"address {number}", number / 10)
    assert len(tries._records) <= CEILING and len(tries._all) <= CEILING


def test_no_delay_is_longer_than_the_longest_before_the_lock() -> None:
    assert max(delay(failures) for failures in range(LOCKED_AFTER)) == LONGEST_DELAY


@pytest.mark.parametrize(
    ("one", "other"), [("2001:db8::1", "2001:db8::ffff:2"), ("127.0.0.1", "::1"), ("nonsense", "more of it")]
)
def test_who_holds_a_whole_network_is_counted_once(one: str, other: str) -> None:
    assert origin(one) == origin(other)
    assert origin(one) != origin("2001:db8:0:1::1")


def test_a_pace_is_kept_over_any_minute() -> None:
    pace = Pace(3)
    assert [pace.allows(now) for now in (0, 10, 20, 30, 59)] == [True, True, True, False, False]
    assert [pace.allows(now) for now in (60, 61, 70)] == [True, False, True]
