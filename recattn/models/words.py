"""The words of one text as the clicks of a `Prediction`: what each token does to a score that the text leads to.

Special tokens ([CLS], [SEP]) are always there; they stand first, as the null click does in a history.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from recattn.models.attention import RecAttnModel
from recattn.models.encoder import Text, TextEncoder, mean_pooled
from recattn.types import Prediction

Scored = Callable[[Float[Tensor, "subset text_dim"]], Float[Tensor, " subset"]]

_SUBSETS_PER_BATCH = 64


class Words:
    """One text asked many times: with tokens hidden or deleted, and on the way to it from masked words.

    Args:
        encoder: of the text.
        text: as the encoder is given it.
        scored: from vectors of the text to scores.
    """

    def __init__(self, encoder: TextEncoder, text: Text, scored: Scored) -> None:
        self.encoder, self.scored = encoder, scored
        batch = encoder.tokenize([text], return_special_tokens_mask=True)
        special = batch.pop("special_tokens_mask")[0].bool()
        batch.pop("attention_mask")
        self.inputs: dict[str, Int[Tensor, "1 token"]] = dict(batch)
        # Special tokens first; ``order`` takes a token's place among the units to its place in the text.
        self.order = torch.argsort((~special).int(), stable=True)
        self.null = int(special.sum())

    def masked(self, keep: Bool[np.ndarray, "subset click"]) -> Float[np.ndarray, " subset"]:
        """Scores with only the kept tokens visible, each in its place."""
        return self._answers(keep, lambda visible: self._vectors(self.inputs, visible))

    def deleted(self, keep: Bool[np.ndarray, "subset click"]) -> Float[np.ndarray, " subset"]:
        """Scores of the text without the other tokens."""
        return self._answers(keep, self._shortened)

    def gradient(self, scale: Float[np.ndarray, " step"]) -> Float[np.ndarray, "step click"]:
        """(token - masked word) x gradient at masked word + step * (token - masked word), on the input embeddings."""
        with torch.inference_mode(False), torch.enable_grad():
            along = torch.ones(len(scale), len(self.order))
            along[:, self.order[self.null :]] = torch.as_tensor(scale, dtype=along.dtype)[:, None]
            along.requires_grad_()
            (slope,) = torch.autograd.grad(self.scored(self._on_the_way(along)).sum(), along)
        return slope[:, self.order[self.null :]].numpy()

    def origin(self) -> float:
        """The score of as many masked words: step 0 of `gradient`."""
        along = torch.ones(1, len(self.order))
        along[:, self.order[self.null :]] = 0
        with torch.inference_mode():
            return float(self.scored(self._on_the_way(along))[0])

    def token_vectors(self) -> Float[np.ndarray, "click text_dim"]:
        """What the last layer makes of each token."""
        with torch.inference_mode():
            hidden = self.encoder.module(**self.inputs).last_hidden_state[0]
        return hidden[self.order[self.null :]].numpy()

    def _answers(
        self,
        keep: Bool[np.ndarray, "subset click"],
        vectors: Callable[[Bool[Tensor, "part token"]], Float[Tensor, "part text_dim"]],
    ) -> Float[np.ndarray, " subset"]:
        visible = torch.ones(len(keep), len(self.order), dtype=torch.bool)
        visible[:, self.order[self.null :]] = torch.as_tensor(keep)
        with torch.inference_mode():
            return torch.cat([self.scored(vectors(part)) for part in visible.split(_SUBSETS_PER_BATCH)]).numpy()

    def _shortened(self, keep: Bool[Tensor, "part token"]) -> Float[Tensor, "part text_dim"]:
        at = torch.argsort((~keep).int(), dim=1, stable=True)  # what is left moves to the front
        inputs = {name: part[0][at] for name, part in self.inputs.items()}
        return self._vectors(inputs, keep.gather(1, at))

    def _vectors(self, inputs: dict[str, Any], keep: Bool[Tensor, "part token"]) -> Float[Tensor, "part text_dim"]:
        widened = {name: part.expand(len(keep), *part.shape[1:]) for name, part in inputs.items()}
        hidden = self.encoder.module(**widened, attention_mask=keep.long()).last_hidden_state
        return mean_pooled(hidden, keep)

    def _on_the_way(self, along: Float[Tensor, "step token"]) -> Float[Tensor, "step text_dim"]:
        """Vectors of the text with each token at its own place between a masked word (0) and itself (1)."""
        embeddings = self.encoder.module.get_input_embeddings()(self.inputs["input_ids"]).detach()  # (1, token, dim)
        away = embeddings - self._masked_word(embeddings).detach()
        inputs = {name: part.expand(len(along), -1) for name, part in self.inputs.items() if name != "input_ids"}
        inputs["inputs_embeds"] = embeddings - (1 - along[..., None]) * away
        return self._vectors(inputs, torch.ones(along.shape, dtype=torch.bool))

    def _masked_word(self, embeddings: Float[Tensor, "1 token dim"]) -> Float[Tensor, " dim"]:
        """The embedding of "some word": the mask token's, or 0 where the encoder has none."""
        mask = self.encoder.tokenizer.mask_token_id
        if mask is None:
            return torch.zeros(embeddings.shape[-1])
        return self.encoder.module.get_input_embeddings()(torch.tensor(mask))


def led_to(
    model: RecAttnModel,
    clicks: Float[Tensor, "click width"],
    candidate: Float[Tensor, " width"],
    rows: Int[np.ndarray, " 2"],
    told: Bool[np.ndarray, " click"],
) -> Scored:
    """From vectors of one item's text to the candidate's score.

    Args:
        model: in evaluation mode.
        clicks: the visible history as the model compares items.
        candidate: the same for what is scored.
        rows: of the told item's category and id in the embeddings.
        told: which clicks are the item whose text is told; none when it is the candidate itself.
    """

    facts = model.parted(candidate)[1]

    def scored(vectors: Float[Tensor, "subset text_dim"]) -> Float[Tensor, " subset"]:
        n = len(vectors)
        embedded = model.embed(vectors, torch.as_tensor(rows).expand(n, -1), facts.clone().expand(n, -1))
        if not told.any():
            reading = model.read(clicks.clone()[None], torch.ones(1, len(clicks), dtype=torch.bool))
            return model.score(reading, embedded[None])[0][0]
        history = torch.where(torch.as_tensor(told)[:, None], embedded[:, None], clicks.clone())
        reading = model.read(history, torch.ones(history.shape[:2], dtype=torch.bool))
        return model.score(reading, candidate.clone().expand(len(vectors), 1, -1))[0][:, 0]

    return scored


def words_prediction(
    encoder: TextEncoder, text: Text, candidate: str, scored: Scored, other: Float[np.ndarray, " text_dim"]
) -> Prediction:
    """The tokens of a text and the score that it leads to.

    Args:
        encoder: of the text.
        text: as the encoder is given it.
        candidate: id of the item whose score it is.
        scored: from vectors of the text to that score.
        other: the vector with which each token's is compared (``similarity``).
    """
    words = Words(encoder, text, scored)
    tokens, attention = encoder.attention(text)
    order = words.order.numpy()
    vectors = words.token_vectors()
    lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(other)
    everything = np.ones((1, len(order) - words.null), dtype=bool)
    return Prediction(
        items=tuple(tokens[place] for place in order[words.null :]),
        candidate=candidate,
        total=float(words.masked(everything)[0]),
        null=words.null,
        attention=attention[:, :, order[:, None], order],
        pooling=np.full(len(order), 1 / len(order), dtype=np.float32),
        contribution=None,
        residual=None,
        similarity=vectors @ other / np.where(lengths > 0, lengths, 1.0),
        score=words.masked,
        gradient=words.gradient,
        deleted=words.deleted,
        exact=False,
        origin=words.origin,
        slow=True,
    )
