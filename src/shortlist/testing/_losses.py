"""Contract of retrieval losses."""

import dataclasses
import os
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from shortlist.losses import Negatives, RetrievalLoss, Vectors
from shortlist.models import Model
from shortlist.testing._clauses import check_close, check_config, check_refusals, clause, require
from shortlist.testing._saved import check_reload, fit_once
from shortlist.typing import Tensor

__all__ = ["check_loss"]

_BATCH, _CANDIDATES, _DIM, _SHARED, _PER_QUERY = 4, 6, 3, 5, 2
_STEP = 1e-2  # of the central differences: float32 rounds to about 1e-5 of the derivative


def check_loss(
    loss: RetrievalLoss,
    *,
    drawn: bool = True,
    refusals: Sequence[Callable[[], Any]] = (),
    folder: str | os.PathLike[str] | None = None,
) -> None:
    """Check a retrieval loss: value, gradient, precision and saving.

    Clauses; the message of a failure starts with the name of one:

    - `scalar`: the loss is a finite float32 scalar.
    - `weights`: a query of weight 0 does not count; no weights are weights of 1.
    - `mask`: a candidate that the mask removes for a query does not count for it; nor does a drawn one.
    - `gradient`: the gradient of a compiled training step equals finite differences.
    - `compiled`: a compiled step gives the same loss as a plain call.
    - `precision`: float16 and bfloat16 vectors give nearly the loss of float32 ones, as float32.
    - `config`: the loss made again from its JSON config is the same.
    - `saved`: a model with the loss is loaded from a `.keras` file; see `check_saved` for a new process.
    - `refusals`: each of `refusals` raises a ValueError or TypeError whose message is a sentence.

    Args:
        loss: A `losses.RetrievalLoss`.
        drawn: Whether the loss takes negatives besides the candidates of the batch.
        refusals: Calls that must be refused, such as `lambda: InBatchSoftmax(temperature=0)`.
        folder: Folder to save the loss in, for `check_saved`; None reloads it in this process only.

    Raises:
        AssertionError: If a clause is broken.

    Example:
        >>> from shortlist.losses import InBatchSoftmax
        >>> check_loss(InBatchSoftmax(temperature=0.5), refusals=[lambda: InBatchSoftmax(temperature=0)])
    """
    rng = np.random.default_rng(0)
    queries = rng.normal(size=(_BATCH, _DIM)).astype("float32")
    candidates = rng.normal(size=(_CANDIDATES, _DIM)).astype("float32")
    weights = np.array([1, 0.5, 2, 1], "float32")

    def value(
        queries: Any, candidates: Any, weights: Any = weights, mask: Any = None, own: Any = None
    ) -> Tensor:
        negatives = example_negatives(drawn, mask)
        if own is not None:
            negatives = dataclasses.replace(negatives, per_query=own)
        vectors = ops.convert_to_tensor(queries), ops.convert_to_tensor(candidates)
        return loss(*vectors, negatives, None if weights is None else ops.convert_to_tensor(weights))

    with clause("scalar"):
        found = value(queries, candidates)
        require(tuple(found.shape) == (), f"the loss has shape {tuple(found.shape)}, expected ().")
        dtype = keras.backend.standardize_dtype(found.dtype)
        require(dtype == "float32", f"the loss is {dtype}, expected float32.")
        require(np.isfinite(float(found)), f"the loss is {float(found)}.")
    with clause("weights"):
        ones = value(queries, candidates, np.ones(_BATCH, "float32"))
        check_close("the loss without weights", value(queries, candidates, None), ones)
        without, changed = np.array([1, 0, 2, 1], "float32"), queries.copy()
        changed[1] += 1
        expected = value(queries, candidates, without)
        check_close(
            "the loss after changing a query of weight 0", value(changed, candidates, without), expected
        )
        is_same = np.isclose(float(value(changed, candidates)), float(value(queries, candidates)))
        require(not is_same, "changing a query of weight 0.5 leaves the loss as it is.")
    with clause("mask"):
        mask, first = np.ones((_BATCH, _CANDIDATES), bool), np.array([1, 0, 0, 0], "float32")
        mask[0, -1], changed = False, candidates.copy()
        changed[-1] += 1
        expected = value(queries, candidates, first, mask)
        check_close(
            "the loss after changing a masked candidate", value(queries, changed, first, mask), expected
        )
        if (own := example_negatives(drawn).per_query) is not None:
            masked = np.array([[True, False]] * _BATCH)
            own = dataclasses.replace(own, mask=ops.convert_to_tensor(masked))
            other = dataclasses.replace(own, vectors=ops.where(masked[..., None], own.vectors, 1.0))
            expected = value(queries, candidates, own=own)
            changed_loss = value(queries, candidates, own=other)
            check_close("the loss after changing a masked negative", changed_loss, expected)
    with clause("compiled"):
        model = LossModel(loss, drawn, queries.tolist(), candidates.tolist(), weights.tolist())
        model.compile(optimizer=keras.optimizers.SGD(1.0))
        rows = {"row": np.arange(_BATCH)}
        check_close("the loss", model.evaluate(rows, batch_size=1024, verbose=0), found, 1e-4)
    with clause("gradient"):
        fit_once(model, rows)  # at a learning rate of 1 the weights move by minus the gradient
        after = (model.queries, model.candidates)
        gradients = [a - ops.convert_to_numpy(b) for a, b in zip((queries, candidates), after, strict=True)]
        for _ in range(4):
            steps = [rng.normal(size=part.shape).astype("float32") for part in gradients]
            ends = [
                float(value(queries + sign * _STEP * steps[0], candidates + sign * _STEP * steps[1]))
                for sign in (1, -1)
            ]
            slope = sum(float((g * step).sum()) for g, step in zip(gradients, steps, strict=True))
            check_close("the derivative", slope, (ends[0] - ends[1]) / (2 * _STEP), 5e-3)
    with clause("precision"):
        for dtype, tolerance in (("float16", 0.02), ("bfloat16", 0.1)):
            half = value(ops.cast(queries, dtype), ops.cast(candidates, dtype))
            require(
                keras.backend.standardize_dtype(half.dtype) == "float32",
                f"the loss of {dtype} vectors is {half.dtype}, expected float32.",
            )
            check_close(f"the loss of {dtype} vectors", half, found, tolerance)
    with clause("config"):
        again = check_config(loss)
        negatives = example_negatives(drawn)
        made = again(ops.convert_to_tensor(queries), ops.convert_to_tensor(candidates), negatives, weights)
        check_close("the loss made from the config", made, found)
    with clause("saved"):
        check_reload(model, rows, "evaluate", folder)
    with clause("refusals"):
        check_refusals(refusals)


def example_negatives(drawn: bool, mask: Any = None) -> Negatives:
    """Return log probabilities, codes with repeated ids, and negatives of both kinds if `drawn`."""
    rng = np.random.default_rng(1)
    tensor = ops.convert_to_tensor
    shared = Vectors(
        tensor(rng.normal(size=(_SHARED, _DIM)).astype("float32")),
        tensor(np.log(rng.uniform(0.1, 0.5, _SHARED)).astype("float32")),
        tensor(np.array([6, 7, 1, 8, 9], "int32")),
    )
    per_query = Vectors(
        tensor(rng.normal(size=(_BATCH, _PER_QUERY, _DIM)).astype("float32")),
        tensor(np.log(rng.uniform(0.1, 0.5, (_BATCH, _PER_QUERY))).astype("float32")),
        tensor(np.array([[6, 9], [7, 2], [8, 3], [6, 0]], "int32")),
    )
    return Negatives(
        log_q=tensor(np.log(np.linspace(0.1, 0.4, _CANDIDATES)).astype("float32")),
        query_codes=tensor(np.array([0, 1, 0, 2], "int32")),
        candidate_codes=tensor(np.array([0, 1, 2, 3, 1, 5], "int32")),
        mask=None if mask is None else tensor(mask),
        shared=shared if drawn else None,
        per_query=per_query if drawn else None,
        num_candidates=20,
    )


@keras.saving.register_keras_serializable(package="shortlist.testing")
class LossModel(Model):
    """Query and candidate vectors as weights, trained by a loss."""

    def __init__(self, loss: Any, drawn: bool, queries: Any, candidates: Any, weights: Any) -> None:
        super().__init__()
        self.config = {"drawn": drawn, "queries": queries, "candidates": candidates, "weights": weights}
        self.checked, self.weights_of_queries = loss, weights
        self.queries = self.add_weight(shape=(_BATCH, _DIM), name="queries")
        self.candidates = self.add_weight(shape=(_CANDIDATES, _DIM), name="candidates")
        self.queries.assign(queries)
        self.candidates.assign(candidates)

    def compute_loss(self, inputs: Any, training: bool = False) -> Tensor:
        negatives = example_negatives(self.config["drawn"])
        vectors = ops.convert_to_tensor(self.queries), ops.convert_to_tensor(self.candidates)
        return self.checked(*vectors, negatives, ops.convert_to_tensor(np.float32(self.weights_of_queries)))

    def get_config(self) -> dict[str, Any]:
        return {"loss": keras.saving.serialize_keras_object(self.checked), **self.config}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "LossModel":
        loss = keras.saving.deserialize_keras_object(config["loss"], custom_objects=custom_objects)
        return cls(**{**config, "loss": loss})
