"""A news world so small that a training on it takes a second."""

import random
from pathlib import Path

from recattn.data import import_mind
from recattn.training.config import TrainingConfig, configured
from tests.models.conftest import WORDS

ITEMS, USERS, IMPRESSIONS = 24, 12, 60


def write_tiny_mind(folder: Path, impressions: int = IMPRESSIONS, day: int = 1, seed: int = 0) -> Path:
    """A folder in MIND's layout; people click what shares its category with what they read last."""
    dice = random.Random(seed)
    folder.mkdir(parents=True)
    category = ["sports" if item % 2 else "weather" for item in range(ITEMS)]
    titles = [" ".join(random.Random(item).sample(WORDS, 5)) for item in range(ITEMS)]
    news = [
        f"N{item}\t{category[item]}\tall\t{titles[item]}\t\thttps://news.example/{item}\t[]\t[]"
        for item in range(ITEMS)
    ]
    (folder / "news.tsv").write_text("\n".join(news) + "\n")
    behaviors = []
    for number in range(impressions):
        user = number % USERS
        history = dice.sample(range(user % 2, ITEMS, 2), 4)
        shown = dice.sample(range(ITEMS), 6)
        clicks = [f"N{item}-{int(item % 2 == user % 2)}" for item in shown]
        time = f"11/{day + number // 30:02}/2019 {1 + number % 11}:{number % 60:02}:00 AM"
        behaviors.append(f"{number}\tU{user}\t{time}\t{' '.join(f'N{item}' for item in history)}\t{' '.join(clicks)}")
    (folder / "behaviors.tsv").write_text("\n".join(behaviors) + "\n")
    return folder


def import_tiny(folder: Path, name: str = "tiny") -> None:
    import_mind(name, write_tiny_mind(folder / "train"), dev=write_tiny_mind(folder / "dev", 30, day=10, seed=1))


def tiny_settings(encoder: Path, epochs: int = 2) -> dict[str, object]:
    return {
        "encoder": str(encoder),
        "max_tokens": 8,
        "dim": 8,
        "heads": 2,
        "epochs": epochs,
        "batch_size": 8,
        "patience": 0,
    }


def tiny_config(encoder: Path, epochs: int = 2) -> TrainingConfig:
    return configured("default", tiny_settings(encoder, epochs))
