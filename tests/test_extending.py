"""docs/extending.md word by word: its changes made in a copy of the project, its commands run there."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PARTS = ("app.py", "pages", "recattn", "tests", "docs", "sample_data", "pyproject.toml", "README.md", ".streamlit")
_BLOCK = re.compile(r"(?P<before>[^\n]*)\n\n```(?P<kind>python)?\n(?P<text>.*?)```\n", re.DOTALL)
_NEW = re.compile(r"A new file `(?P<path>[^`]+)`:")
_END = re.compile(r"At the end of `(?P<path>[^`]+)`:")
_AT = re.compile(r"In `(?P<path>[^`]+)`, (?P<how>above|instead of) `(?P<line>[^`]+)`(, the first time)?:")

RATINGS = "user_id,book_id,rating\n" + "".join(f"{u},{1 + (u * 7 + b) % 9},5\n" for u in range(12) for b in range(5))
BOOKS = "book_id,title,authors,original_publication_year\n" + "".join(
    f"{b},Book {b},Ann,19{b}0\n" for b in range(1, 10)
)


def test_every_recipe_works_as_it_is_written(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for part in PARTS:
        source = ROOT / part
        shutil.copytree(source, copy / part) if source.is_dir() else shutil.copyfile(source, copy / part)
    (copy / "goodbooks").mkdir()
    (copy / "goodbooks" / "ratings.csv").write_text(RATINGS)
    (copy / "goodbooks" / "books.csv").write_text(BOOKS)

    changed = ran = 0
    for block in _BLOCK.finditer((ROOT / "docs" / "extending.md").read_text()):
        if block["kind"]:
            change(copy, block["before"], block["text"])
            changed += 1
        else:
            for command in block["text"].splitlines():
                run(copy, command, tmp_path / "home")
                ran += 1
    assert (changed, ran) == (15, 8)
    check = [sys.executable, "-m", "ruff", "check", "-q", "recattn", "pages"]
    assert subprocess.run(check, cwd=copy, check=False).returncode == 0


def change(copy: Path, sentence: str, text: str) -> None:
    """What one sentence before a block asks for."""
    if found := _NEW.fullmatch(sentence):
        assert not (copy / found["path"]).exists()
        (copy / found["path"]).write_text(text)
    elif found := _END.fullmatch(sentence):
        with (copy / found["path"]).open("a") as file:
            file.write(text)
    else:
        found = _AT.fullmatch(sentence)
        assert found, sentence
        path, line = copy / found["path"], found["line"] + "\n"
        code = path.read_text()
        assert line in code, sentence
        path.write_text(code.replace(line, text + line * (found["how"] == "above"), 1))


def run(copy: Path, command: str, home: Path) -> None:
    """A command as it stands in the document, with the Python that runs the tests."""
    assert command.startswith("python -m "), command
    environment = {**os.environ, "RECATTN_HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, *command.split()[1:]], cwd=copy, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    assert "deselected" not in done.stdout or "passed" in done.stdout
