"""The shape of a model: what its weights are, and what it was told about texts and items."""

from typing import Any

from transformers import PreTrainedConfig

from recattn.types import FACTS


class RecAttnConfig(PreTrainedConfig):
    """The shape of a model; stored as ``config.json`` beside its weights."""

    model_type = "recattn"

    def __init__(
        self,
        text_dim: int = 384,
        dim: int = 384,
        heads: int = 12,
        layers: int = 1,
        max_history: int = 50,
        categories: list[str] | None = None,  # row 0 of the embedding is "unknown"; row i + 1 is categories[i]
        null_click: bool = True,
        residual: bool = True,
        candidate_pooling: bool = False,
        feed_forward: bool = False,  # pre-norm block with a feed-forward part; the score is then no exact sum
        attention: str = "learned",  # or a twin that looks elsewhere: "uniform", "permuted"
        positions: bool = True,  # how long ago a click was, counted from the most recent
        causal: bool = False,  # a unit sees itself and what was before it, not what came later
        pooling: str = "additive",  # or "last": the user is the most recent visible unit
        late_fusion: str = "none",  # or how the texts' own cosines are added to the score: "mean", "max"
        popularity: str = "none",  # or how popularity and age count: "weight" (alike for all), "gate" (by user)
        known_items: int = 0,  # items that have a learned vector of their own; which, stands beside the weights
        dropout: float = 0.1,
        encoder: str = "",
        encoder_fingerprint: str = "",
        max_tokens: int = 64,
        text_category: bool = False,
        text_abstract: bool = False,
        **kwargs: Any,
    ) -> None:
        self.text_dim, self.dim, self.heads, self.layers, self.max_history = text_dim, dim, heads, layers, max_history
        self.categories = categories or []
        self.null_click, self.residual, self.candidate_pooling = null_click, residual, candidate_pooling
        self.feed_forward, self.attention, self.dropout = feed_forward, attention, dropout
        self.positions = positions
        self.causal, self.pooling, self.late_fusion, self.known_items = causal, pooling, late_fusion, known_items
        self.popularity = popularity
        # Where e_i comes from: which encoder, and which text of an item it is given.
        self.encoder, self.encoder_fingerprint, self.max_tokens = encoder, encoder_fingerprint, max_tokens
        self.text_category, self.text_abstract = text_category, text_abstract
        super().__init__(**kwargs)

    @property
    def width(self) -> int:
        """Features of an item as the model compares it: its own, its facts and its text's where these count too."""
        facts = FACTS if self.popularity != "none" else 0
        return self.dim + facts + (self.text_dim if self.late_fusion != "none" else 0)

    @property
    def exact(self) -> bool:
        """Whether the score is an exact sum over heads and units (and what popularity adds)."""
        return self.layers == 1 and not self.feed_forward
