"""Reads Last.fm in two layouts: listening counts of 2,000 people (hetrec2011), and all that 1,000 people heard.

Source: Cantador et al. 2011, https://grouplens.org/datasets/hetrec-2011; Celma 2010,
http://ocelma.net/MusicRecommendationDataset/lastfm-1K.html.

The counts say how often and not when. What orders them is how often: the artist heard least comes first and the one
heard most last, so that is what leave-one-out holds out. (Tags have times, but those of tagging, and most artists of a
person have none.) Of events, an artist or a track counts once for a person, when it was first heard; hearing it again
makes it heavier and is no event of its own, so there are no sessions.
"""

from collections import Counter
from collections.abc import Mapping, Set
from functools import partial
from pathlib import Path

import numpy as np

from recattn.data.intake import Found, Intake, Source, import_found
from recattn.data.interactions import Collecting, Interactions, Rule, seconds, summed
from recattn.data.items import Item, Items
from recattn.data.rows import TABS, Layout, Rows, Unusable
from recattn.data.sources import InputFile, file_names, input_files
from recattn.errors import DataError
from recattn.types import DatasetInfo, Report, silent

ITEMS = ("artist", "track")
_COUNTS = ("artists.dat", "user_artists.dat")
_EVENTS = "userid-timestamp-artid-artname-traid-traname.tsv"
_TAGS, _TAGGED = "tags.dat", ("user_taggedartists-timestamps.dat", "user_taggedartists.dat")
_HEADED = Layout("tab-separated columns, with a header", lambda text: text.split("\t"), header=True)
_OLD = Layout(_HEADED.described, _HEADED.cells, header=True, encoding="latin-1")
_UNKNOWN = int(np.iinfo(np.int64).min)  # as a datetime64: NaT
_MOST_TAGS = 5
_ORDER = "There are no times of listening: an artist that was heard more often counts as heard later."


def import_lastfm(
    name: str,
    path: str | Path,
    item: str = "artist",
    positive: float | None = None,
    held_out: str = "leave-one-out",
    core: int = 0,
    replace: bool = False,
    report: Report = silent,
) -> DatasetInfo:
    """Make a dataset of what people listened to.

    Args:
        name: of the dataset.
        path: folder or zip as published (the 1K comes as .tar.gz: unpack it).
        item: "artist" or "track"; counts are of artists only.
        positive: the least number of plays that counts; None: once is enough.
        held_out: "leave-one-out" or "time" (events only); see ``recattn.data.interactions``.
        core: how many artists or tracks every person, and how many people every one of them must have.
        replace: whether a dataset of that name may go.
        report: hears of phases "read" (bytes) and "write" (impressions); may raise ``Cancelled``.

    Raises:
        DataError: when the input is not as expected, more than 1 % of a file's rows are bad, or nothing can be written.
    """
    return import_found(name, lastfm_source(Path(path), item), Rule(positive, held_out, core), replace, report)


def lastfm_source(path: Path, item: str = "artist") -> Source:
    """The counts or events of a folder or zip."""
    if item not in ITEMS:
        raise DataError(f"Items can't be {item!r}.", f"Allowed are {' and '.join(ITEMS)}.", "Choose one of these.")
    names = lastfm_files(file_names(path))
    if not names:
        expected = f"Expected is a folder or .zip with {' and '.join(_COUNTS)}, or with {_EVENTS}."
        raise DataError(f"{path} holds no layout of Last.fm.", expected, "Check the path; unpack a .tar.gz.")
    files = input_files(path, "lastfm", names)
    if names == (_EVENTS,):
        return Source("Last.fm 1K", "music", files, ["taken"], partial(_read_events, files[0], item))
    if item != "artist":
        raise DataError("The listening counts of hetrec2011 are of artists.", "They know no tracks.", "--item artist")
    read = partial(_read_counts, dict(zip(names, files, strict=True)))
    return Source("Last.fm hetrec2011", "music", files, ["items", "taken", "", ""][: len(files)], read)


def lastfm_files(names: Set[str]) -> tuple[str, ...]:
    """Which of these files would be read; none where it is no layout of Last.fm."""
    if _EVENTS in names:
        return (_EVENTS,)
    if not set(_COUNTS) <= names:
        return ()
    tagged = next((name for name in _TAGGED if name in names), "")
    return (*_COUNTS, _TAGS, tagged) if tagged and _TAGS in names else _COUNTS


def _read_counts(files: Mapping[str, InputFile], intake: Intake) -> Found:
    artists = _artists(intake.rows(files[_COUNTS[0]], 4, _HEADED))
    tags = {}
    if tagged := next((name for name in _TAGGED if name in files), ""):
        names = _tag_names(intake.rows(files[_TAGS], 2, _OLD))
        columns = 4 if tagged == _TAGGED[0] else 6
        tags = _tags(intake.rows(files[tagged], columns, _HEADED), artists, names)
    items = Items()
    for artist, (name, url, image) in artists.items():
        items.describe(artist, _item(name, url, image, tags.get(artist, [])))
    return Found(items, _counts(intake.rows(files[_COUNTS[1]], 3, _HEADED), items.index), (_ORDER,))


def _item(name: str, url: str, image: str, tags: list[str]) -> Item:
    return Item(
        title=name,
        abstract=", ".join(tags),
        category=tags[0] if tags else "",
        subcategory=tags[1] if len(tags) > 1 else "",
        url=url,
        entities=tuple(tags),
        attributes={"genres": tags, "image": image},
    )


def _artists(rows: Rows) -> dict[str, tuple[str, str, str]]:
    """Name, page and picture of each artist."""
    artists: dict[str, tuple[str, str, str]] = {}
    for line, (artist, name, url, image) in rows:
        if not artist or not name.strip():
            rows.leave_out(line, Unusable("artists without an id or a name", f"{artist} {name}"))
        elif artist in artists:
            rows.leave_out(line, Unusable("artists repeated", artist, harmless=True))
        else:
            artists[artist] = name.strip(), url, image
    rows.check()
    return artists


def _tag_names(rows: Rows) -> dict[str, str]:
    names = {tag: name.strip() for _, (tag, name) in rows}
    rows.check()
    return names


def _tags(rows: Rows, artists: Mapping[str, object], names: Mapping[str, str]) -> dict[str, list[str]]:
    """The tags that people gave each artist most often."""
    counts: dict[str, Counter[str]] = {}
    for line, cells in rows:
        artist, tag = cells[1], names.get(cells[2], "")
        if artist in artists and tag:
            counts.setdefault(artist, Counter())[tag] += 1
        else:
            rows.leave_out(line, Unusable("tags that have no name or no artist", "\t".join(cells), harmless=True))
    rows.check()
    return {artist: [tag for tag, _ in given.most_common(_MOST_TAGS)] for artist, given in counts.items()}


def _counts(rows: Rows, index: Mapping[str, int]) -> Interactions:
    """Who heard whom, the least often first."""
    collecting = Collecting()
    for line, (user, artist, count) in rows:
        try:
            if not user or artist not in index:
                raise Unusable("counts without a user or of unknown artists", f"{user} {artist}")
            if not count.isdecimal() or len(count) > 9:
                raise Unusable("counts that are no numbers", count)
            collecting.add(user, index[artist], _UNKNOWN, float(count))
        except Unusable as why:
            rows.leave_out(line, why)
    rows.check()
    found = collecting.interactions()
    order = np.argsort(found.weight, kind="stable")
    return Interactions(found.users, found.user[order], found.item[order], found.time[order], found.weight[order])


def _read_events(file: InputFile, item: str, intake: Intake) -> Found:
    items, collecting, rows = Items(), Collecting(), intake.rows(file, 6, TABS)
    for line, cells in rows:
        try:
            _take(collecting, items, cells, item)
        except Unusable as why:
            rows.leave_out(line, why)
    rows.check()
    return Found(items, summed(collecting.interactions()))


def _take(collecting: Collecting, items: Items, cells: list[str], item: str) -> None:
    user, time, artist_id, artist, track_id, track = (cell.strip() for cell in cells)
    if not user or not artist:
        raise Unusable("events without a user or an artist", "\t".join(cells))
    if item == "track" and not track:
        raise Unusable("events without a track", "\t".join(cells))
    try:
        moment = seconds(time)
    except ValueError as error:
        raise Unusable("times that can't be read", time) from error
    heard = artist_id or artist if item == "artist" else track_id or f"{artist} - {track}"
    if heard not in items.index:
        items.describe(heard, Item(artist) if item == "artist" else Item(track, abstract=artist, category=artist))
    collecting.add(user, items.number(heard), moment, 1.0)
