"""The small tables behind the charts of the Data page.

=================== ==================================================================================================
``history_length``  from_clicks, to_clicks (both included), label, users: users by the length of their latest history
``categories``      category, items, clicks: the fifty with most items, most first; clicks of all labelled splits
``clicks_per_day``  day (date), split, impressions, clicks: empty where times are unknown
``popularity``      rank, clicks, share: clicks of the item of that rank, and the share of all clicks that it and those
                    above it got; at most a hundred ranks, evenly spaced as a logarithm
=================== ==================================================================================================
"""

import numpy as np
import pandas as pd

from recattn.data.queries import Queries

_CATEGORIES = 50
_RANKS = 100
_CLICKED = (
    "SELECT unnest(list_where(candidates, list_transform(labels, lambda label: label = 1))) AS item_id FROM impressions"
)


def distributions(queries: Queries) -> dict[str, pd.DataFrame]:
    """All of them by name."""
    return {
        "history_length": _history_length(queries),
        "categories": _categories(queries),
        "clicks_per_day": _clicks_per_day(queries),
        "popularity": _popularity(queries),
    }


def _history_length(queries: Queries) -> pd.DataFrame:
    """Bins 0, 1, 2, 3-4, 5-8, ...: twice as wide each."""
    table = queries.table(
        "SELECT CASE WHEN history_length = 0 THEN -1 ELSE ceil(log2(history_length))::INT END AS step, "
        "count(*) AS users FROM users GROUP BY step ORDER BY step"
    )
    table = table.set_index("step").reindex(range(-1, int(table["step"].max()) + 1), fill_value=0)
    steps = table.index.to_numpy()
    to_clicks = np.where(steps < 0, 0, 2.0**steps).astype(int)
    from_clicks = np.where(steps <= 0, to_clicks, 2.0 ** (steps - 1) + 1).astype(int)
    label = [str(end) if start == end else f"{start}-{end}" for start, end in zip(from_clicks, to_clicks, strict=True)]
    return pd.DataFrame(
        {"from_clicks": from_clicks, "to_clicks": to_clicks, "label": label, "users": table["users"].to_numpy()}
    )


def _categories(queries: Queries) -> pd.DataFrame:
    return queries.table(
        f"WITH clicked AS (SELECT item_id, count(*) AS clicks FROM ({_CLICKED}) GROUP BY item_id) "
        "SELECT category, count(*) AS items, coalesce(sum(clicks), 0)::BIGINT AS clicks "
        "FROM items LEFT JOIN clicked USING (item_id) GROUP BY category ORDER BY items DESC, category LIMIT ?",
        _CATEGORIES,
    )


def _clicks_per_day(queries: Queries) -> pd.DataFrame:
    return queries.table(
        "SELECT time::DATE AS day, split, count(*) AS impressions, "
        "coalesce(sum(list_sum(labels)), 0)::BIGINT AS clicks "
        "FROM impressions WHERE time IS NOT NULL GROUP BY day, split ORDER BY day, split"
    )


def _popularity(queries: Queries) -> pd.DataFrame:
    counts = queries.table(f"SELECT count(*) AS clicks FROM ({_CLICKED}) GROUP BY item_id ORDER BY clicks DESC")[
        "clicks"
    ]
    ranks = np.unique(np.geomspace(1, max(1, len(counts)), _RANKS).round().astype(int))[: len(counts)]
    share = counts.cumsum() / max(1, counts.sum())
    return pd.DataFrame(
        {"rank": ranks, "clicks": counts.iloc[ranks - 1].to_numpy(), "share": share.iloc[ranks - 1].to_numpy()}
    )
