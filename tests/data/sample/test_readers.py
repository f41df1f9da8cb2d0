from recattn.data.sample.front_page import FrontPage
from recattn.data.sample.readers import FIRST_DAY, KNOWN, LAST_DAY, NEW, readers
from recattn.data.sample.rules import IDLE
from recattn.data.sample.stories import MINUTES


def test_readers_are_known_or_new_and_come_within_the_week(page: FrontPage) -> None:
    everyone = [reader for reader, _ in readers(page, 7)]
    assert len(everyone) == KNOWN + NEW == len({reader.user_id for reader in everyone})
    for number, reader in enumerate(everyone):
        first = LAST_DAY if number >= KNOWN else FIRST_DAY
        assert reader.visits and first * MINUTES <= reader.visits[0] and reader.visits[-1] < (LAST_DAY + 1) * MINUTES
        assert not reader.before or reader.before[-1] < reader.visits[0]
        assert reader.taste and not set(reader.taste) & IDLE


def test_how_often_people_come_has_a_long_tail(page: FrontPage) -> None:
    visits = sorted(len(reader.visits) for reader, _ in readers(page, 7))
    assert visits[len(visits) // 2] * 3 < visits[-1]
