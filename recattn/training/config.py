"""What can be set for a training. The command line's ``--set`` and the admin form are made from these fields."""

import dataclasses
import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, get_type_hints

from recattn.errors import UnknownError


def setting(
    default: Any,
    group: str,
    help: str,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] | None = None,
) -> Any:
    """A field with what a form needs to know: its group, a hint, and the range or choices allowed."""
    return field(default=default, metadata={"group": group, "help": help, "low": low, "high": high, "choices": choices})


@dataclass(frozen=True)
class TrainingConfig:
    """All settings of a training; stored in the run's ``training.json``."""

    encoder: str = setting(
        "all-MiniLM-L6-v2",
        "Text",
        "Pretrained text encoder: a Hugging Face name, or a folder.",
    )
    max_tokens: int = setting(64, "Text", "Longer texts are cut at this many tokens.", 4, 512)
    text_category: bool = setting(False, "Text", "Add 'category > subcategory' to an item's text.")
    text_abstract: bool = setting(False, "Text", "Add the abstract to an item's text.")

    dim: int = setting(384, "Model", "Width of an item inside the model; a multiple of heads.", 1, 4096)
    heads: int = setting(12, "Model", "Attention heads.", 1, 64)
    layers: int = setting(1, "Model", "Attention layers. With one the score splits exactly over the clicks.", 1, 12)
    max_history: int = setting(50, "Model", "The model sees this many of the latest clicks.", 1, 1000)
    null_click: bool = setting(True, "Model", "A learned unit that is always there: an empty history has a score.")
    residual: bool = setting(True, "Model", "Keep each click's own vector beside what attention adds.")
    category_embedding: bool = setting(True, "Model", "Learn a vector for each category, added to the item's.")
    id_embedding: bool = setting(False, "Model", "Learn a vector for each item, added to its text's; new ones: none.")
    candidate_pooling: bool = setting(False, "Model", "Let the pooling weights depend on the candidate.")
    pooling: str = setting(
        "additive", "Model", "The user is a weighted mean of the history, or its last.", choices=("additive", "last")
    )
    positions: bool = setting(True, "Model", "Know how many clicks ago each click was; without: a set of clicks.")
    causal: bool = setting(False, "Model", "Each click looks only at itself and those before it.")
    late_fusion: str = setting(
        "none",
        "Model",
        "Add the cosine of the candidate's text with those of the clicks, with a learned weight: mean or highest.",
        choices=("none", "mean", "max"),
    )
    popularity: str = setting(
        "none",
        "Model",
        "Weigh clicks on an item and how long it has been there, at each moment: alike for all, or by a gate.",
        choices=("none", "weight", "gate"),
    )
    init_from_encoder: bool = setting(
        False,
        "Model",
        "The first layer begins as the text encoder's last attention; needs its width as dim.",
    )
    feed_forward: bool = setting(False, "Model", "Normalisation and feed-forward in each layer; no exact sum then.")
    attention: str = setting(
        "learned",
        "Model",
        "Twins with uniform or permuted weights show whether accuracy needs the attention to be where it is.",
        choices=("learned", "uniform", "permuted"),
    )

    epochs: int = setting(5, "Training", "Passes over the training clicks, at most.", 1, 1000)
    batch_size: int = setting(64, "Training", "Clicks a step.", 1, 65536)
    negatives: int = setting(4, "Training", "Unclicked items beside each click.", 1, 10000)
    negative_sampling: str = setting(
        "shown",
        "Training",
        "Where these come from: shown in the same impression, or the whole catalogue, uniformly or by popularity. "
        "Data of interactions know of nothing that was shown: there 'shown' means uniform.",
        choices=("shown", "uniform", "popularity"),
    )
    train_share: float = setting(
        1.0, "Training", "Share of the impressions that is learned from, drawn by chance: for learning curves.", 1e-4, 1
    )
    every_position: bool = setting(
        False,
        "Training",
        "Learn each click of a history from those before it, not the last alone; needs causal and pooling=last.",
    )
    optimizer: str = setting("adamw", "Training", "Optimiser.", choices=("adam", "adamw"))
    learning_rate: float = setting(3e-4, "Training", "Of the attention model.", 0, 1)
    encoder_learning_rate: float = setting(0.0, "Training", "Of the text encoder; 0 keeps it frozen (faster).", 0, 1)
    fine_tune_layers: int = setting(
        -1,
        "Training",
        "How many of the text encoder's last layers learn, at its learning rate; -1: all of it, 0: none.",
        -1,
        100,
    )
    lora_rank: int = setting(
        0, "Training", "Above 0, these layers stay and additions of this rank to their weights learn (LoRA).", 0, 256
    )
    accumulation: int = setting(
        1, "Training", "Parts into which a step is cut, one after the other; the same step in less memory.", 1, 1024
    )
    precision: str = setting(
        "fp32", "Training", "bf16 is faster on hardware that has it, with 3 digits a number.", choices=("fp32", "bf16")
    )
    weight_decay: float = setting(0.01, "Training", "Pulls weights to zero (AdamW: decoupled).", 0, 10)
    warmup: float = setting(0.05, "Training", "Share of all steps over which the learning rate rises from 0.", 0, 1)
    decay: bool = setting(True, "Training", "Lower the learning rate linearly to 0 after the warm-up.")
    clip: float = setting(1.0, "Training", "Largest length of the gradient; 0 leaves it alone.", 0, 1000)
    dropout: float = setting(0.1, "Training", "Share of features and attention weights dropped in training.", 0, 0.95)
    history_dropout: float = setting(0.1, "Training", "Share of clicks hidden in training.", 0, 0.95)

    validation_share: float = setting(
        0.1,
        "Stopping",
        "Latest part of the training data, kept aside to decide when to stop.",
        0,
        0.5,
    )
    patience: int = setting(
        1, "Stopping", "Stop after this many epochs without a better AUC (interactions: nDCG) there; 0: never.", 0, 1000
    )
    seed: int = setting(0, "Stopping", "Same seed, same data, same machine: same model.", 0, 2**31 - 1)

    def __post_init__(self) -> None:
        if self.dim % self.heads:
            raise UnknownError(
                f"A width of {self.dim} can't be split over {self.heads} heads.",
                "Allowed is a dim that is a multiple of heads.",
                f"Try --set dim={self.heads * max(1, round(self.dim / self.heads))}.",
            )
        if (self.fine_tune_layers > 0 or self.lora_rank) and not self.trains_encoder:
            raise UnknownError(
                f"fine_tune_layers={self.fine_tune_layers} and lora_rank={self.lora_rank} ask for a text encoder that "
                f"learns; encoder_learning_rate={self.encoder_learning_rate:g} and that many layers keep it frozen.",
                "Allowed is an encoder_learning_rate above 0, and with lora_rank a number of layers other than 0.",
                "Try --set encoder_learning_rate=1e-5, or 1e-4 with lora_rank.",
            )

        _check_parts_fit(self)

    @property
    def trains_encoder(self) -> bool:
        """Whether the text encoder learns too."""
        return self.encoder_learning_rate > 0 and self.fine_tune_layers != 0


def _check_parts_fit(config: TrainingConfig) -> None:
    """Raise where parts of the model make no sense together."""
    last = config.pooling == "last"
    plain = config.late_fusion == config.popularity == "none"
    if config.every_position and not (config.causal and last and plain):
        raise UnknownError(
            "every_position=true learns from each click what came next, which this model's units would have seen.",
            "Allowed is that with causal=true, pooling=last, late_fusion=none and popularity=none.",
            "Try --set causal=true --set pooling=last.",
        )
    if config.candidate_pooling and last:
        raise UnknownError(
            "candidate_pooling=true has weights that depend on the candidate; pooling=last has none.",
            "Allowed is one of both.",
            "Try --set pooling=additive.",
        )


PRESETS: Mapping[str, TrainingConfig] = types.MappingProxyType(
    {
        # Chosen by measurement; README shows it beside "paper".
        "default": TrainingConfig(),
        # What the app trains by itself at its first start: on the sample half a minute, and well above the baselines.
        "quick": TrainingConfig(dim=192, learning_rate=1e-3, epochs=2),
        # The best measured on shown lists with times; what it costs stands in docs/ablations.md.
        "accurate": TrainingConfig(candidate_pooling=True, popularity="weight"),
        # For histories of interactions, where what comes next follows from what came last; see docs/ablations.md.
        "sequence": TrainingConfig(
            dim=128,
            heads=4,
            causal=True,
            pooling="last",
            every_position=True,
            id_embedding=True,
            negatives=256,
            negative_sampling="popularity",
            learning_rate=1e-3,
            epochs=20,
            patience=4,
            dropout=0.3,
            history_dropout=0.0,
        ),
        # The founding document to the letter: fine-tuned DistilBERT over title, category and abstract, one
        # self-attention of 768 dimensions and 12 heads with Z' = A V, cross-entropy, Adam 1e-5, 10 epochs.
        "paper": TrainingConfig(
            encoder="distilbert-base-uncased",
            text_category=True,
            text_abstract=True,
            dim=768,
            heads=12,
            null_click=False,
            residual=False,
            category_embedding=False,
            epochs=10,
            optimizer="adam",
            learning_rate=1e-5,
            encoder_learning_rate=1e-5,
            weight_decay=0.0,
            warmup=0.0,
            decay=False,
            clip=0.0,
            dropout=0.0,
            history_dropout=0.0,
            patience=0,
        ),
    }
)


def configured(preset: str = "default", settings: Mapping[str, Any] = types.MappingProxyType({})) -> TrainingConfig:
    """A preset with some settings changed; values may be text, as the command line gives them.

    Raises:
        UnknownError: for a preset, key or value that is not allowed, saying what is.

    >>> configured("default", {"heads": "6", "residual": "false"}).heads
    6
    >>> configured("default", {"heads": "many"})
    Traceback (most recent call last):
    recattn.errors.UnknownError: heads='many' is not a whole number. Allowed are whole numbers from 1 to 64. ...
    """
    if preset not in PRESETS:
        raise UnknownError(
            f"There is no preset {preset!r}.", f"Allowed are {', '.join(PRESETS)}.", "Choose one of these."
        )
    fields = {entry.name: entry for entry in dataclasses.fields(TrainingConfig)}
    for key in settings:
        if key not in fields:
            raise UnknownError(
                f"There is no setting {key!r}.", f"Allowed are {', '.join(fields)}.", "Check the spelling."
            )
    return dataclasses.replace(PRESETS[preset], **{key: _value(fields[key], value) for key, value in settings.items()})


_KINDS = {int: "whole number", float: "number", bool: "true or false", str: "text"}


def _value(entry: "dataclasses.Field[Any]", given: Any) -> Any:
    """The given value in the field's type and range."""
    kind = get_type_hints(TrainingConfig)[entry.name]
    low, high, choices = (entry.metadata[key] for key in ("low", "high", "choices"))
    value = _converted(kind, given)
    allowed = f"{_KINDS[kind]}s from {low:g} to {high:g}" if low is not None else ", ".join(choices or (_KINDS[kind],))
    if value is None or (choices and value not in choices) or (low is not None and not low <= value <= high):
        wrong = f"is not a {_KINDS[kind]}" if value is None else "is out of range"
        meaning = f"It means: {entry.metadata['help']}"
        raise UnknownError(f"{entry.name}={given!r} {wrong}.", f"Allowed are {allowed}.", meaning)
    return value


def _converted(kind: type, given: Any) -> Any:
    """The given value as that type, or None where it is none."""
    if kind is bool:
        return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}.get(str(given).lower())
    if kind is int and isinstance(given, float) and not given.is_integer():
        return None
    try:
        return kind(given)
    except (TypeError, ValueError):
        return None
