"""Contract of models."""

import os
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from shortlist.models import Model
from shortlist.testing._clauses import (
    check_close,
    check_config,
    check_refusals,
    clause,
    half_precision,
    require,
    to_numpy,
)
from shortlist.testing._saved import check_reload, fit_once, uncompiled

__all__ = ["check_model"]


def check_model(
    make: Callable[[], Model],
    data: Any,
    *,
    refusals: Sequence[Callable[[], Any]] = (),
    folder: str | os.PathLike[str] | None = None,
) -> None:
    """Check a model: training, evaluation, seeds, precision, saving and resumed training.

    Clauses; the message of a failure starts with the name of one:

    - `evaluate`: evaluation returns finite logs with a loss, the same logs again, and changes no weight.
    - `trains`: a compiled epoch returns finite logs, changes a weight, and leaves all of them finite.
    - `seeds`: two models that are made and trained from the same seed have the same weights.
    - `precision`: under mixed float16 and bfloat16 the loss is nearly the same, an epoch leaves it finite,
      and trained variables are float32.
    - `config`: a model recreated from the JSON config has the same config.
    - `saved`: a model loaded from a `.keras` file gives the same results of `evaluate`, of `predict` if the
      model defines `call`, and of `recommend` if it has a catalog; see `check_saved` for a new
      process.
    - `resumed`: the loaded model continues training as if it had not been saved, from the same state of
      random number generators, which Keras does not save.
    - `refusals`: each of `refusals` raises a ValueError or TypeError whose message is a sentence.

    Args:
        make: Returns a new, compiled model.
        data: What its `fit` takes: `Interactions` or a table for a `TabularModel`, arrays by name for a
            `Model`; at most 1024 rows.
        refusals: Calls that must be refused.
        folder: Folder to save the model in, for `check_saved`; None reloads it in this process only.

    Raises:
        AssertionError: If a clause is broken.

    Example:
        >>> from shortlist.data import Interactions
        >>> from shortlist.models import TwoTower
        >>> table = {"user": ["ann", "ann", "bob", "cat"], "film": ["Up", "Heat", "Heat", "Alien"]}
        >>> data = Interactions.from_table(table, user="user", item="film")
        >>> def make():
        ...     model = TwoTower.from_interactions(data, embedding_dim=4)
        ...     model.compile()
        ...     return model
        >>> check_model(make, data)
    """

    def made() -> Model:
        keras.utils.set_random_seed(0)
        return make()

    with clause("evaluate"):
        model = made()
        untrained = _evaluate(model, data)
        require("loss" in untrained, f"the logs hold {sorted(untrained)}, expected a loss.")
        _check_finite(untrained)
        before = model.get_weights()
        check_close("the second evaluation", _evaluate(model, data), untrained)
        check_close("the weights after evaluation", model.get_weights(), before, 0.0)
    with clause("trains"):
        start = _trained_variables(model)
        _check_finite(fit_once(model, data))
        end = _trained_variables(model)
        require(all(np.isfinite(part).all() for part in end), "a weight is not finite after an epoch.")
        is_moved = any((old != new).any() for old, new in zip(start, end, strict=True))
        require(is_moved, "an epoch changes no weight.")
    with clause("seeds"):
        first, second = made(), made()
        for one in (first, second):
            with uncompiled(one):
                fit_once(one, data)
        check_close("the weights of the second model", second.get_weights(), first.get_weights())
    with clause("precision"):
        for policy, tolerance in (("mixed_float16", 0.02), ("mixed_bfloat16", 0.1)):
            with half_precision(policy):
                half = made()
                with uncompiled(half):
                    loss = _evaluate(half, data)["loss"]
                    check_close(f"the loss under {policy}", loss, untrained["loss"], tolerance)
                    loss = fit_once(half, data)["loss"]
            require(np.isfinite(loss), f"under {policy}, the loss of an epoch is {loss}.")
            changed = [variable.path for variable in half.trainable_variables if "16" in variable.dtype]
            require(not changed, f"under {policy}, {changed} are not float32.")
    with clause("config"):
        check_config(model)
    with clause("saved"):
        loaded = check_reload(model, data, "answer", folder)
    with clause("resumed"):
        for state, of_loaded in zip(_random_states(model), _random_states(loaded), strict=True):
            of_loaded.assign(to_numpy(state.value).copy())  # a step on JAX donates its buffers
        fit_once(model, data)
        fit_once(loaded, data)
        check_close("the weights after one more epoch", loaded.get_weights(), model.get_weights())
    with clause("refusals"):
        check_refusals(refusals)


def _evaluate(model: Model, data: Any) -> dict[str, float]:
    logs = model.evaluate(data, batch_size=1024, verbose=0, return_dict=True)
    return {name: float(value) for name, value in logs.items()}


def _check_finite(logs: dict[str, Any]) -> None:
    require(all(np.isfinite(value) for value in logs.values()), f"the logs are {logs}.")


def _trained_variables(model: Model) -> list[np.ndarray]:
    return [to_numpy(variable.value) for variable in model.trainable_variables]


def _random_states(model: Model) -> list[Any]:
    return [variable for variable in model.variables if "seed_generator_state" in variable.path]
