import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recattn.cli import main
from recattn.data import Dataset
from recattn.data.lastfm import import_lastfm
from recattn.errors import DataError

EVENTS = "userid-timestamp-artid-artname-traid-traname.tsv"
PICTURE = "http://userserve.example/252/1.jpg"


def hetrec(folder: Path) -> Path:
    """The files of hetrec2011-lastfm-2k as they are: headers, an artist without a picture, tags in Latin-1."""
    folder.mkdir()
    rows = ["id\tname\turl\tpictureURL", f"51\tDuran Duran\thttp://l.example/DD\t{PICTURE}", "52\tעברי לידר\tu\t"]
    (folder / "artists.dat").write_text("\n".join([*rows, "53\tAir\tu\t"]) + "\n", encoding="utf-8")
    counts = "userID\tartistID\tweight\n2\t51\t13883\n2\t52\t11\n2\t53\t300\n3\t53\t1\n"
    (folder / "user_artists.dat").write_text(counts)
    (folder / "tags.dat").write_text("tagID\ttagValue\n1\tnew wave\n2\tpop español\n", encoding="latin-1")
    given = ["2\t51\t2\t1238536800000", "3\t51\t1\t1238536800000", "2\t51\t1\t1238536800000", "2\t99\t1\t1238536800000"]
    rows = "\n".join(["userID\tartistID\ttagID\ttimestamp", *given])
    (folder / "user_taggedartists-timestamps.dat").write_text(rows + "\n")
    return folder


def test_counts_are_ordered_from_the_least_to_the_most_heard(tmp_path: Path) -> None:
    info = import_lastfm("music", hetrec(tmp_path / "hetrec"))
    assert (info.domain, info.items, info.users, dict(info.splits)) == ("music", 3, 2, {"train": 3, "dev": 1})
    dataset = Dataset.open("music")
    assert dataset.user("2").history == ("52", "53", "51"), "the favourite is the last, so it is held out"
    assert np.isnat(dataset.impressions("dev").time[0]) and any("no times of listening" in note for note in info.notes)
    first = dataset.items().iloc[0]
    assert (first["title"], first["category"], first["abstract"]) == (
        "Duran Duran",
        "new wave",
        "new wave, pop español",
    )
    assert json.loads(first["attributes"]) == {"genres": ["new wave", "pop español"], "image": PICTURE}
    assert info.rejected == {"tags that have no name or no artist": 1}


def test_a_zip_and_the_older_file_of_tags_are_read_and_counts_can_be_few(tmp_path: Path) -> None:
    folder = hetrec(tmp_path / "hetrec")
    (folder / "user_taggedartists-timestamps.dat").unlink()
    (folder / "user_taggedartists.dat").write_text("userID\tartistID\ttagID\tday\tmonth\tyear\n2\t53\t1\t1\t4\t2009\n")
    with zipfile.ZipFile(tmp_path / "hetrec.zip", "w") as archive:
        for file in folder.iterdir():
            archive.write(file, file.name)
    assert import_lastfm("music", tmp_path / "hetrec.zip", positive=300).impressions == 2
    assert Dataset.open("music").items()["category"].tolist() == ["", "", "new wave"]


HEARD = [
    ("user_1", "2009-05-04T23:08:57Z", "f1b1", "Deep Dish", "", "Say Hello"),
    ("user_1", "2009-05-04T13:54:10Z", "a7f7", "坂本龍一", "t1", "Composition 0919"),
    ("user_1", "2009-05-04T13:52:04Z", "", 'The "Quoted', "", "Live"),
    ("user_1", "2009-05-03T10:00:00Z", "f1b1", "Deep Dish", "", "Flashdance"),
    ("user_2", "2009-05-01T10:00:00Z", "f1b1", "Deep Dish", "", "Flashdance"),
]


def thousand(folder: Path, rows: list[tuple[str, ...]] = HEARD) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / EVENTS).write_text("".join("\t".join(row) + "\n" for row in rows), encoding="utf-8")
    return folder


def test_an_artist_counts_when_first_heard_and_weighs_all_its_plays(tmp_path: Path) -> None:
    info = import_lastfm("music", thousand(tmp_path / "1k"))
    dataset = Dataset.open("music")
    assert dataset.user("user_1").history == ("f1b1", 'The "Quoted', "a7f7")
    assert str(dataset.impressions("dev").time[0]) == "2009-05-04T13:54:10"
    assert dataset.items()["title"].tolist() == ["Deep Dish", "坂本龍一", 'The "Quoted']
    assert "1 interactions repeat an earlier one of the same user and item." in info.notes
    assert import_lastfm("often", thousand(tmp_path / "1k"), positive=2).impressions == 1


def test_tracks_have_their_artist_beside_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(thousand(tmp_path / "1k"))
    assert main(["import", "lastfm", folder, "--name", "music", "--item", "track", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["items"] == 4
    items = Dataset.open("music").items().set_index("item_id")
    assert items.index.tolist()[:2] == ["Deep Dish - Say Hello", "t1"]
    assert items.loc["t1", ["title", "abstract", "category"]].tolist() == ["Composition 0919", "坂本龍一", "坂本龍一"]


def test_bad_rows_are_counted_with_their_lines(tmp_path: Path) -> None:
    good = [(f"user_{number}", "2009-05-04T13:54:10Z", "a", "A", "", "") for number in range(600)]
    bad = [("", *HEARD[0][1:]), ("u", "yesterday", "a", "A", "", ""), ("u", "2009-05-04T13:54:10Z", "a", "", "", "")]
    info = import_lastfm("music", thousand(tmp_path / "1k", [*good, *bad, ("u", "2009-05-04T13:54:10Z")]))
    assert [row["line"] for row in info.rejected_rows] == [601, 602, 603, 604]
    folder = hetrec(tmp_path / "hetrec")
    with (folder / "user_artists.dat").open("a") as file:
        file.write("".join(f"{user}\t51\t5\n" for user in range(10, 500)) + "9\t51\t-1\n9\t777\t5\n")
    info = import_lastfm("counts", folder)
    assert [row["line"] for row in info.rejected_rows if "user_artists" in str(row["file"])] == [496, 497]


def test_another_folder_and_tracks_of_counts_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"artists\.dat and user_artists\.dat, or with userid-timestamp"):
        import_lastfm("music", tmp_path)
    with pytest.raises(DataError, match="They know no tracks"):
        import_lastfm("music", hetrec(tmp_path / "hetrec"), item="track")
    with pytest.raises(DataError, match="Allowed are artist and track"):
        import_lastfm("music", tmp_path, item="album")


NAME = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=8)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(NAME.map(str.strip).filter(bool), min_size=1, max_size=8))
def test_any_name_comes_back_as_it_was(names: list[str], tmp_path: Path) -> None:
    rows = [("u", f"2009-05-04T13:00:{second:02}Z", "", name, "", "") for second, name in enumerate(names)]
    import_lastfm("music", thousand(tmp_path / "1k", rows), replace=True)
    assert Dataset.open("music").items()["title"].tolist() == list(dict.fromkeys(names))
