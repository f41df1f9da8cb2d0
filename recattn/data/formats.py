"""Which formats can be imported. A new reader is a function and an entry here."""

from collections.abc import Callable, Mapping

from recattn.data.amazon import import_amazon
from recattn.data.importing import import_mind
from recattn.data.lastfm import import_lastfm
from recattn.data.movielens import import_movielens
from recattn.data.sample.films import import_film_sample
from recattn.data.tables import import_interactions
from recattn.types import DatasetInfo

IMPORTERS: Mapping[str, Callable[..., DatasetInfo]] = {
    "mind": import_mind,
    "movielens": import_movielens,
    "amazon": import_amazon,
    "lastfm": import_lastfm,
    "interactions": import_interactions,
    "film-sample": import_film_sample,
}
