from pathlib import Path

from recattn.data.sample.stories import DAYS, MINUTES, Article, read_sections


def test_a_section_is_read_with_its_settings(tmp_path: Path) -> None:
    file = tmp_path / "shapes.txt"
    file.write_text(
        "# a remark\n@dish = soup | stew\n\n## food/recipes n=4 life=9 place=dest\nOne || Two.\nThree || Four.\n"
    )
    (section,) = read_sections(file)
    assert (section.topic, section.articles, section.life, section.lists) == ("food/recipes", 4, 9, {"place": "dest"})
    assert section.shapes == ["One || Two.", "Three || Four."]
    assert section.until == DAYS


def test_articles_come_in_order_at_hours_of_the_day(articles: list[Article]) -> None:
    times = [article.published for article in articles]
    assert times == sorted(times)
    assert all(0 <= time < DAYS * MINUTES for time in times)
    assert all(4 <= time % MINUTES // 60 < 24 for time in times)


def test_every_day_has_news_in_every_category(articles: list[Article]) -> None:
    per_day = [{article.category for article in articles if article.published // MINUTES == day} for day in range(DAYS)]
    assert min(len(categories) for categories in per_day) >= 20


def test_nothing_is_said_of_polls_once_the_election_is_over(articles: list[Article]) -> None:
    late = [
        article for article in articles if article.topic == "politics/elections" and article.published >= 14 * MINUTES
    ]
    assert late and all(article.storyline == "general-election" for article in late)


def test_openings_of_storylines_draw_most(articles: list[Article]) -> None:
    openings: dict[str, int] = {}
    for article in articles:
        if article.storyline:
            openings.setdefault(article.storyline, article.appeal)
    others = sorted(article.appeal for article in articles if not article.storyline)
    assert sum(openings.values()) / len(openings) > others[int(0.9 * len(others))]
