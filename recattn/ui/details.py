"""What is known of one item beside its title: all its genres or its category, and its picture.

A picture is loaded by the browser of whoever looks, from somebody else's server. So there is none unless the operator
named that server, see ``recattn.config.image_hosts``, and only from an address that can be nothing but a page of it.
"""

import re
from collections.abc import Sequence

import streamlit as st

from recattn.config import image_hosts
from recattn.data.attributes import genres
from recattn.data.store import Dataset

_LONGEST = 1000  # characters of an address
_ADDRESS = re.compile(r"https://([a-z0-9.-]+)/[\w./%+~,=&?:;!@$'()*-]*", re.ASCII)


def texts(dataset: Dataset, column: str, item_ids: Sequence[str]) -> list[str]:
    """One column of the items in the order of the ids, empty where unknown."""
    known = dataset.items()[column]
    return [str(known.iat[row]) if row >= 0 else "" for row in dataset.index(item_ids)]


def kinds_of(dataset: Dataset, item_ids: Sequence[str]) -> list[str]:
    """All genres of items in one line each; the category where an item has no list of them."""
    known = zip(texts(dataset, "attributes", item_ids), texts(dataset, "category", item_ids), strict=True)
    return [", ".join(genres(attributes)) or category for attributes, category in known]


def picture_of(address: str) -> str | None:
    """The address of a picture if a browser may be asked to load it, otherwise None."""
    found = _ADDRESS.fullmatch(address) if len(address) <= _LONGEST else None
    return address if found and found[1] in image_hosts() else None


def show_picture(dataset: Dataset, item_id: str, width: int = 96) -> None:
    """Draw the item's picture, where it has one that may be loaded."""
    address = picture_of(texts(dataset, "image_url", [item_id])[0])
    if address:
        st.image(address, width=width, alt="")  # decoration: its title stands beside it
