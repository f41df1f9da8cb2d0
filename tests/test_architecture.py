"""The house: floors, dependency homes and the file tree, checked against README's own tables.

``make house`` runs this file as a script and writes README's file tree afresh.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
SOURCES = sorted(
    file.relative_to(ROOT) for pattern in ("app.py", "pages/*.py", "recattn/**/*.py") for file in ROOT.glob(pattern)
)


@cache
def floors() -> dict[str, int]:
    """README's floor table: place -> floor, e.g. ``{"recattn/data": 3}``."""
    rows = re.findall(r"^\| (\d) \| (.+?) \|", README.read_text(), re.MULTILINE)
    return {place.strip("`/"): int(floor) for floor, places in rows for place in places.split(", ")}


@cache
def homes() -> dict[str, tuple[str, ...]]:
    """README's dependency table: library -> places that may import it."""
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \|", README.read_text(), re.MULTILINE)
    return {library: tuple(place.strip("`/") for place in places.split(", ")) for library, places in rows}


def room(path: str) -> str:
    """The place in the floor table that a file belongs to: the longest that it lies in."""
    inside = [place for place in floors() if path == place or path.startswith(place + "/")]
    return max(inside, key=len) if inside else ""


def imported(source: Path) -> Iterator[tuple[str, bool]]:
    """Names of imported modules, and whether the import runs when the file is loaded."""
    tree = ast.parse((ROOT / source).read_text())
    typing_only = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.unparse(block.test)
        for node in ast.walk(block)
    }
    at_load = {id(node) for node in tree.body}
    for node in ast.walk(tree):
        loads = id(node) in at_load and id(node) not in typing_only
        if isinstance(node, ast.Import):
            yield from ((alias.name, loads) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((f"{node.module}.{alias.name}", loads) for alias in node.names)


def file_of(module: str) -> str:
    """The file of one of our modules (or of the module that holds the imported name); empty for other people's."""
    for name in (module, module.rpartition(".")[0]):
        path = name.replace(".", "/")
        for candidate in (f"{path}.py", f"{path}/__init__.py"):
            if Path(candidate) in SOURCES:
                return candidate
    return ""


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_imports_point_down_only(source: Path) -> None:
    here = room(str(source))
    assert here, f"{source} stands on no floor of README's table"
    for module, _ in imported(source):
        there = room(file_of(module))
        if there and there != here:
            assert floors()[there] < floors()[here], f"{source} imports {module}, which is not below it"


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_each_dependency_stays_at_home(source: Path) -> None:
    for module, _ in imported(source):
        allowed = homes().get(module.split(".")[0])
        at_home = allowed is None or any(
            str(source) == place or str(source).startswith(place + "/") for place in allowed
        )
        assert at_home, f"{source} imports {module}, which may only be imported in {allowed}"


def test_there_are_no_import_cycles() -> None:
    edges = {
        str(source): {file_of(module) for module, loads in imported(source) if loads} - {"", str(source)}
        for source in SOURCES
    }
    done: set[str] = set()

    def visit(file: str, path: tuple[str, ...]) -> None:
        assert file not in path, " -> ".join((*path, file))
        if file not in done:
            for other in sorted(edges[file]):
                if not (other.endswith("__init__.py") and file.startswith(other.removesuffix("__init__.py"))):
                    visit(other, (*path, file))
            done.add(file)

    for file in edges:
        visit(file, ())


def test_importing_recattn_is_light() -> None:
    code = "import sys, recattn, recattn.types; print(*sorted({m.split('.')[0] for m in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert not {"streamlit", "plotly", "torch", "transformers", "duckdb"} & set(loaded.split())


def test_the_floor_table_names_only_what_is_there() -> None:
    assert floors(), "README has no floor table"
    missing = [
        place
        for place in [*floors(), *(p for places in homes().values() for p in places)]
        if not (ROOT / place).exists()
    ]
    assert not missing


def house() -> str:
    """The file tree with one line a file: the first sentence of its docstring."""
    lines = []
    folder = Path()
    for source in SOURCES:
        sentence = (ast.get_docstring(ast.parse((ROOT / source).read_text())) or "").split("\n\n")[0].replace("\n", " ")
        if source.name == "__init__.py":
            folder = source.parent
            lines.append(
                f"{'  ' * (len(folder.parts) - 1)}{folder.name + '/':<{26 - 2 * (len(folder.parts) - 1)}} {sentence}"
            )
        elif source.parts[0] == "pages" and folder != Path("pages"):
            folder = Path("pages")
            lines.append("pages/                     one question a page: choose, ask, draw")
            lines.append(f"  {source.name:<24} {sentence}")
        else:
            indent = "  " * (len(source.parts) - 1)
            lines.append(f"{indent}{source.name:<{26 - len(indent)}} {sentence}")
    return "\n".join(lines)


def test_readme_shows_the_tree_as_it_is() -> None:
    assert house() in README.read_text(), "README's file tree is out of date; run `make house`"


if __name__ == "__main__":
    text = README.read_text()
    README.write_text(re.sub(r"(?s)(<!-- house -->\n```\n).*?(\n```)", lambda m: m[1] + house() + m[2], text))
