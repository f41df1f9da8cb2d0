"""What the model looks at: methods made of attention and pooling weights. Never negative, and not about the score."""

import numpy as np
from jaxtyping import Float

from recattn.types import Array, Prediction


def attention(prediction: Prediction) -> Float[Array, " click"]:
    """The share of the history's summary that comes in through each click, heads averaged, last layer.

    Source: attention as explanation, in question since Jain and Wallace 2019, https://aclanthology.org/N19-1357.
    We differ: rows are averaged by the pooling weights, so that a row counts as it counts in the score.
    """
    return (prediction.pooling @ prediction.attention[-1].mean(axis=0))[prediction.null :]


def pooling(prediction: Prediction) -> Float[Array, " click"]:
    """How much each click's row counts in the summary of the history.

    Source: additive attention of Wu et al. 2019 (NRMS), https://aclanthology.org/D19-1671.
    """
    return prediction.pooling[prediction.null :]


def rollout(prediction: Prediction) -> Float[Array, " click"]:
    """Attention followed from layer to layer down to the clicks; half of each layer goes past its heads.

    Source: Abnar and Zuidema 2020, https://aclanthology.org/2020.acl-main.385. We differ: the last step follows the
    pooling weights, since there is no [CLS] row.
    """
    reaching = prediction.pooling
    for weights in prediction.attention[::-1].mean(axis=1):
        reaching = 0.5 * reaching @ weights + 0.5 * reaching
    return reaching[prediction.null :]


def value_norm(prediction: Prediction) -> Float[Array, " click"]:
    """The length of what each click passes on: attention times the length of its value, heads side by side.

    Source: Kobayashi et al. 2020, https://aclanthology.org/2020.emnlp-main.574. We differ: there is no output
    projection to apply, and rows are averaged by the pooling weights.
    """
    passed = prediction.attention[-1] * np.asarray(prediction.value_norms)[:, None, :]  # (head, query, key)
    return (prediction.pooling @ np.sqrt((passed**2).sum(axis=0)))[prediction.null :]
