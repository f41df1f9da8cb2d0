"""A run as a folder for other programs: model, text encoder, item vectors, and how a score comes from them."""

import secrets
import shutil
from pathlib import Path

from recattn.data.item_vectors import write_item_vectors
from recattn.errors import RunError
from recattn.models.shape import RecAttnConfig
from recattn.models.vectors import encoder_of
from recattn.recommender import Recommender

_ENCODER_FILES = ("*.safetensors", "*.json", "*.txt", "*.model")
_VECTORS = "item_vectors.parquet"


def export_model(recommender: Recommender, folder: Path) -> Path:
    """Write the folder, whole or not at all.

    Raises:
        RunError: when something is there already, or it can't be written.
    """
    if folder.exists():
        raise RunError(f"{folder} is there already.", "Allowed is a new folder.", "Choose another name.")
    staging = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    try:
        staging.mkdir(parents=True)
        _write(recommender, staging)
        staging.rename(folder)
    except OSError as error:
        raise RunError(f"{folder} can't be written: {error.strerror}.", "", "Choose another place.") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return folder


def _write(recommender: Recommender, folder: Path) -> None:
    for name in ("config.json", "model.safetensors"):
        shutil.copyfile(recommender.folder / name, folder / name)
    encoder = encoder_of(recommender.model.config, recommender.folder)
    (folder / "encoder").mkdir()
    for file in sorted(file for pattern in _ENCODER_FILES for file in encoder.folder.glob(pattern)):
        shutil.copyfile(file, folder / "encoder" / file.name)
    ids = recommender.dataset.items()["item_id"].tolist()
    write_item_vectors(folder / _VECTORS, ids, recommender.item_vectors)
    (folder / "README.md").write_text(_readme(recommender))


def _readme(recommender: Recommender) -> str:
    config = recommender.model.config
    one_vector = recommender.user_vector([]) is not None
    return _README.format(
        run=recommender.folder.name,
        dataset=recommender.dataset.name,
        items=recommender.dataset.info.items,
        width=recommender.item_vectors.shape[1],
        max_history=config.max_history,
        max_tokens=config.max_tokens,
        dot=_DOT if one_vector else _NO_DOT,
        formula=_formula(config, one_vector),
    )


def _formula(config: RecAttnConfig, one_vector: bool) -> str:
    if config.popularity != "none":
        return _TODAY + _DEEPER
    return _FORMULA if config.exact and one_vector else _DEEPER


_README = """\
# The model {run} of the dataset {dataset}

| file | what |
|---|---|
| `config.json`, `model.safetensors` | the recommender, for `RecAttnModel` (needs RecAttn and its requirements) |
| `encoder/` | the text encoder, for plain `transformers` |
| `item_vectors.parquet` | `item_id`, `vector`: the {items} items as the model compares them, {width} numbers each |

Run the code from inside this folder.

## Scores of a reading history

```python
import pyarrow.parquet as pq
import torch
from recattn.models.attention import RecAttnModel

model = RecAttnModel.from_pretrained(".").eval()
table = pq.read_table("item_vectors.parquet")
items = torch.tensor(table["vector"].to_pylist())
row = {{item: at for at, item in enumerate(table["item_id"].to_pylist())}}


def read(history):
    clicks = items[[row[item] for item in history][-{max_history}:]][None]  # oldest first
    return model.read(clicks, torch.ones(clicks.shape[:2], dtype=torch.bool))


@torch.no_grad()
def scores(history):
    return model.score(read(history), items[None])[0][0]  # of every item; what was read is among them
```

{dot}
{formula}
## Vectors of new texts

```python
import torch
from transformers import AutoModel, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("encoder")
encoder = AutoModel.from_pretrained("encoder").eval()


@torch.no_grad()
def text_vectors(titles):
    batch = tokenizer(titles, truncation=True, max_length={max_tokens}, padding=True, return_tensors="pt")
    hidden, keep = encoder(**batch).last_hidden_state, batch["attention_mask"].unsqueeze(-1)
    return torch.nn.functional.normalize((hidden * keep).sum(dim=1) / keep.sum(dim=1), dim=-1)
```

`model.embed` makes item vectors from these and from the rows of the items' categories in `config.json`.
"""

_DOT = """\
In a vector store: the score of an item is the inner product of its vector with the user's (not the cosine).

```python
@torch.no_grad()
def user_vector(history):
    reading = read(history)
    return model.user_vectors((model.pooling(reading, items[None, :0]) @ reading.z)[0, 0])
```
"""
_NO_DOT = """\
This model has no vector of a user that serves all items: a vector store can find candidates, `scores` must rank them.
"""
_FORMULA = """
With x_i the vector of click i (and of the null click, where the model has one) and p_i its position, most recent first:

    A^h = softmax(q^h k^hT / sqrt(d / H))      q, k from x_i + p_i, H heads
    z_j = x_j + concat_h sum_i A^h_ji v^h_i    v from x_i; x_j where the model has a residual path
    w_j = softmax_j(u . tanh(W (z_j + p_j)))
    user = s * sum_j w_j z_j                   score = user . item
"""
_TODAY = """
Popularity and age count in the score. An item's vector holds how often it was clicked and how long it had been there
when this folder was written: write it anew when that has changed. `model.embed` takes these numbers too, and without
them makes the vectors of items that just appeared.
"""
_DEEPER = """
How the model reads a history is written at the top of `recattn/models/attention.py`.
"""
