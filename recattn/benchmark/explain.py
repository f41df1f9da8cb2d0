"""How fast explanations are: against a loop of forward runs, and against captum on the same model and inputs."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from recattn.benchmark.race import OURS, Contest, Outcome, race
from recattn.errors import RecAttnError
from recattn.explanation.adding import STEPS, integrated_gradients
from recattn.explanation.agreement import badge
from recattn.explanation.removing import PAIRS, random_orders, shapley
from recattn.models.asking import Asking
from recattn.models.attention import RecAttnModel
from recattn.models.predicting import predictions
from recattn.models.shape import RecAttnConfig
from recattn.types import Array, Prediction, Report, silent

CLICKS, CANDIDATES = 50, 20
_BATCH = 50


class Subject:
    """One history and its candidates, in a model.

    Args:
        model: in evaluation mode.
        clicks: the history as the model compares items, oldest first.
        candidates: the same for what is scored.
    """

    def __init__(
        self, model: RecAttnModel, clicks: Float[Tensor, "click dim"], candidates: Float[Tensor, "candidate dim"]
    ) -> None:
        self.model = model
        with torch.inference_mode(False):
            self.clicks, self.candidates = clicks.clone(), candidates.clone()

    def predict(self) -> Prediction:
        """The first candidate's prediction, made anew: nothing is kept from one time to the next."""
        similarity = np.zeros((1, len(self.clicks)), dtype=np.float32)
        names = [str(click) for click in range(len(self.clicks))]
        return predictions(self.model, self.clicks, self.candidates[:1], names, ["candidate"], similarity)[0]

    def asking(self) -> Asking:
        """The history to be asked, made anew."""
        return Asking(self.model, self.clicks)

    def scores(self, keep: Bool[Tensor, "subset click"], candidates: Float[Tensor, "candidate dim"]) -> Tensor:
        """A plain forward run."""
        reading = self.model.read(self.clicks.expand(len(keep), -1, -1), keep)
        return self.model.score(reading, candidates.expand(len(keep), -1, -1))[0]

    def masked(self, keep: Tensor) -> Tensor:
        """The first candidate's score as captum asks for it: clicks as features that are 1 or 0."""
        return self.scores(keep.bool(), self.candidates[:1])[:, 0]

    def placed(self, clicks: Float[Tensor, "step click dim"]) -> Tensor:
        """The first candidate's score for other vectors of the clicks."""
        reading = self.model.read(clicks, torch.ones(clicks.shape[:2], dtype=torch.bool))
        return self.model.score(reading, self.candidates[:1].expand(len(clicks), -1, -1))[0][:, 0]


def untrained(clicks: int = CLICKS, candidates: int = CANDIDATES) -> Subject:
    """A model of the default shape and a history of random items; what is measured does not depend on weights."""
    generator = torch.Generator().manual_seed(0)
    model = RecAttnModel(RecAttnConfig()).eval()
    items = torch.nn.functional.normalize(torch.randn(clicks + candidates, 384, generator=generator), dim=-1)
    return Subject(model, items[:clicks], items[clicks:])


def benchmark_explain(subject: Subject, repeats: int = 7, report: Report = silent) -> dict[str, Outcome]:
    """All contests about explanations.

    Args:
        subject: the history that is explained.
        repeats: of each way; medians are taken over them.
        report: hears of each contest by its name.

    Raises:
        RecAttnError: when captum is not installed, or two ways do not lead to the same result.
    """
    return race(contests(subject), repeats, report)


def contests(subject: Subject) -> tuple[Contest, ...]:
    """Leave-one-out for one candidate and for all, Shapley values, integrated gradients, and one whole explanation."""
    attr = _captum()
    n = len(subject.clicks)
    ones, null = torch.ones(1, n), _null_clicks(subject.model, n)
    ablation, sampling = attr.FeatureAblation(subject.masked), attr.ShapleyValueSampling(subject.masked)
    sampling.permutation_generator = lambda *_: iter(random_orders(n).tolist())
    path = attr.IntegratedGradients(subject.placed)

    def ablated(batch: int) -> Callable[[], Float[Array, " click"]]:
        return lambda: _plain(ablation.attribute, ones, 0, perturbations_per_eval=batch)

    def sampled(batch: int) -> Callable[[], Float[Array, " click"]]:
        return lambda: _plain(sampling.attribute, ones, 0, n_samples=2 * PAIRS, perturbations_per_eval=batch)

    return (
        Contest(
            "leave_one_out",
            {
                OURS: lambda: _falls(subject.asking().masked, n, subject.candidates[:1])[:, 0],
                "loop": lambda: _loop(subject, subject.candidates[:1])[:, 0],
                "captum": ablated(1),
                "captum in batches": ablated(_BATCH),
            },
        ),
        Contest(
            f"leave_one_out_{len(subject.candidates)}_candidates",
            {
                OURS: lambda: _falls(subject.asking().masked, n, subject.candidates),
                "loop": lambda: _loop(subject, subject.candidates),
            },
        ),
        Contest(
            "shapley",
            {
                OURS: lambda: shapley(subject.predict()),
                "captum": sampled(1),
                "captum in batches": sampled(_BATCH),
            },
        ),
        Contest(
            "integrated_gradients",
            {
                OURS: lambda: integrated_gradients(subject.predict()),
                "captum": lambda: path.attribute(subject.clicks[None], null, n_steps=STEPS)[0].sum(-1).detach().numpy(),
            },
            tolerance=1e-3,
        ),
        Contest("one_explanation", {OURS: lambda: np.array(badge(subject.predict(), "contribution").view.spearman)}),
    )


def _plain(attribute: Callable[..., Tensor], *given: Any, **settings: Any) -> Float[Array, " click"]:
    with torch.inference_mode():
        return attribute(*given, **settings)[0].numpy()


def _loop(subject: Subject, candidates: Float[Tensor, "candidate dim"]) -> Float[Array, "click candidate"]:
    """Leave-one-out as one would first write it: a forward run for each hidden click."""

    def one(keep: Bool[Array, "subset click"], candidates: Tensor) -> Float[Array, "subset candidate"]:
        with torch.inference_mode():
            runs = [subject.scores(torch.as_tensor(row)[None], candidates) for row in keep]
        return torch.cat(runs).numpy()

    return _falls(one, len(subject.clicks), candidates)


def _falls(
    scores: Callable[[Bool[Array, "subset click"], Tensor], Float[Array, "subset candidate"]],
    n: int,
    candidates: Float[Tensor, "candidate dim"],
) -> Float[Array, "click candidate"]:
    """By how much each candidate's score falls without each click."""
    found = scores(np.concatenate([np.ones((1, n), dtype=bool), ~np.eye(n, dtype=bool)]), candidates)
    return found[0] - found[1:]


def _null_clicks(model: RecAttnModel, n: int) -> Float[Tensor, "1 click dim"]:
    null = torch.zeros(model.config.dim) if model.null_click is None else model.null_click.detach()
    return null.expand(1, n, -1)


def _captum() -> Any:
    try:
        from captum import attr
    except ImportError as error:
        raise RecAttnError(
            "captum is not installed.",
            "The benchmark compares with it; the app itself does not need it.",
            "pip install -r requirements-dev.txt",
        ) from error
    return attr
