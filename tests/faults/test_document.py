import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
TEXT = (TESTS.parent / "docs/faults.md").read_text()


def test_every_test_the_document_names_is_there() -> None:
    named = set(re.findall(r"`([a-z/_]*test_\w+\.py)`", TEXT))
    assert len(named) > 30
    assert [name for name in sorted(named) if not (TESTS / name).is_file()] == []


def test_every_row_names_tests_and_says_whether_it_holds() -> None:
    rows = [line for line in TEXT.split("## Data in")[1].splitlines() if line.startswith("| ")]
    rows = [row for row in rows if not row.endswith("| tests | tries | holds |")]
    assert len(rows) > 30
    for row in rows:
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert "test_" in cells[1] and cells[3].startswith(("yes", "in part")), row
