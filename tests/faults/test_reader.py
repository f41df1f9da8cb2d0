"""Whatever bytes are given as MIND, there is either an explained refusal or a whole dataset: nothing else is raised."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as some

from recattn.data import Dataset, import_mind
from recattn.errors import DataError
from tests.data.mind_files import small_split

FILES = some.sampled_from(["news.tsv", "behaviors.tsv"])
PIECES = some.one_of(
    some.binary(max_size=40),
    some.sampled_from(
        [b"\t", b"\n", b"\r\n", b"\0", b" ", b"-1", b"\xff", b"\xef\xbb\xbf", b"N1", b'"', b"11/31/2019"]
    ),
    some.text(max_size=20).map(lambda text: text.encode("utf-8", "surrogatepass")),
)


def whole_or_refused(change: Callable[[Path], None]) -> bool:
    """Import a good split after a change to its files; whether a dataset came out."""
    with tempfile.TemporaryDirectory() as place:
        folder = small_split(Path(place) / "train")
        change(folder)
        try:
            info = import_mind("any", folder, replace=True)
        except DataError as error:
            assert str(error), "a refusal says why"
            return False
    dataset = Dataset.open("any")
    dataset.verify()
    assert len(dataset.items()) == info.items
    assert {split: len(dataset.impressions(split)) for split in info.splits} == dict(info.splits)
    assert sum(info.splits.values()) == info.impressions
    for split in info.splits:
        impressions = dataset.impressions(split)
        assert len(impressions.candidates) == impressions.candidate_offsets[-1]
        for numbers in (impressions.candidates, impressions.history):
            assert 0 <= numbers.min(initial=0) <= numbers.max(initial=0) < info.items
    return True


def test_the_untouched_files_make_a_dataset() -> None:
    assert whole_or_refused(lambda _folder: None)


@settings(max_examples=60)
@given(FILES, some.binary(max_size=400))
def test_arbitrary_bytes_in_place_of_a_file(name: str, content: bytes) -> None:
    whole_or_refused(lambda folder: write(folder / name, content))


@settings(max_examples=60)
@given(FILES, some.integers(0, 10**6), some.integers(0, 12), PIECES)
def test_a_piece_of_a_file_replaced_by_another(name: str, place: int, length: int, piece: bytes) -> None:
    def change(folder: Path) -> None:
        content = (folder / name).read_bytes()
        at = place % (len(content) + 1)
        write(folder / name, content[:at] + piece + content[at + length :])

    whole_or_refused(change)


@settings(max_examples=60)
@given(FILES, some.lists(PIECES, max_size=9).map(b"\t".join))
def test_one_more_line_of_any_cells(name: str, line: bytes) -> None:
    whole_or_refused(lambda folder: write(folder / name, (folder / name).read_bytes() + line + b"\n"))


def write(file: Path, content: bytes) -> None:
    file.write_bytes(content)
