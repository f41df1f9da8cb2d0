"""How annotations are checked while tests run: beartype, with an int good enough for a float (PEP 484)."""

from beartype import BeartypeConf, beartype

checked = beartype(conf=BeartypeConf(is_pep484_tower=True))
