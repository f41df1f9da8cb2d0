"""RecTools' SASRec on MovieLens latest-small by RecAttn's protocol: python peer_sasrec.py RATINGS.csv [EPOCHS] [STEP].

In an environment to throw away: pip install "rectools[torch]==0.19". Each person's last film is held out and ranked
among all films they had not seen; the number of epochs is chosen on the film before the last.
"""

import sys
import warnings

import numpy as np
import pandas as pd
import torch
from rectools import Columns
from rectools.dataset import Dataset
from rectools.models import SASRecModel

warnings.filterwarnings("ignore")
torch.set_num_threads(1)
torch.manual_seed(0)
MOST, STEP = (int(text) for text in (*sys.argv[2:4], "40", "5")[:2])
SETTINGS = {
    "RecTools' settings": {},
    "sampled softmax of 256": {"loss": "sampled_softmax", "n_negatives": 256, "n_factors": 128},
}


def figures(model: SASRecModel, seen: pd.DataFrame, wanted: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Hit@10 and nDCG@10 of each person's wanted item among all that is not in ``seen``."""
    found = model.recommend(wanted["user_id"].to_numpy(), Dataset.construct(seen), k=10, filter_viewed=True)
    found = found.merge(wanted, on=["user_id", "item_id"]).set_index("user_id")["rank"]
    rank = found.reindex(wanted["user_id"]).to_numpy(float)
    return (~np.isnan(rank)).astype(float), np.where(np.isnan(rank), 0.0, 1 / np.log2(rank + 1))


def interval(values: np.ndarray) -> str:
    """The mean with its 95 % interval by bootstrap over people."""
    rng = np.random.default_rng(20240917)
    means = [values[rng.integers(0, len(values), len(values))].mean() for _ in range(1000)]
    return f"{values.mean():.4f} [{np.quantile(means, 0.025):.4f}, {np.quantile(means, 0.975):.4f}]"


rows = pd.read_csv(sys.argv[1]).rename(columns={"userId": "user_id", "movieId": "item_id", "timestamp": "datetime"})
rows = rows.sort_values(["user_id", "datetime"], kind="stable")
rows["datetime"] = pd.Timestamp("2000-01-01") + pd.to_timedelta(np.arange(len(rows)), unit="s")  # ties keep their order
rows[Columns.Weight] = 1.0
rows = rows[["user_id", "item_id", "weight", "datetime"]]
from_last = rows.groupby("user_id").cumcount(ascending=False)
train, dev = rows[from_last > 0], rows[from_last == 0]
learn, validation = rows[from_last > 1], rows[from_last == 1]
for name, settings in SETTINGS.items():
    best, model = (-1.0, 0, "", ""), SASRecModel(epochs=STEP, session_max_len=50, deterministic=True, **settings)
    for epoch in range(STEP, MOST + 1, STEP):
        model.fit_partial(Dataset.construct(learn), min_epochs=STEP, max_epochs=STEP)
        value = figures(model, learn, validation)[1].mean()
        print(name, epoch, f"validation nDCG@10 {value:.4f}", flush=True)
        if value > best[0]:
            best = value, epoch, *map(interval, figures(model, train, dev))
    print(f"{name}, epoch {best[1]}: hit@10 {best[2]}, nDCG@10 {best[3]}", flush=True)
