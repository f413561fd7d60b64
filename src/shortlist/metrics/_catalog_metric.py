"""The protocol of metrics over a catalog."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any, Protocol, runtime_checkable

__all__ = ["CatalogMetric"]


@runtime_checkable
class CatalogMetric(Protocol):
    """Keras metric that ranks each query's true candidates among a whole catalog, such as `FactorizedTopK`.

    `Model` finds such metrics by these members. It computes them in evaluation only: `Model.evaluate`
    calls `refresh` once before the first batch, and the task or `compute_loss` calls `update_state` for each
    batch. Metrics that a task of retrieval updates take the arguments of `FactorizedTopK.update_state`.
    """

    was_updated: bool
    """Whether `update_state` ran for the batch. `Model` sets it to False before each batch, and logs the
    metric only if `update_state` set it to True."""

    def set_candidates(self, candidates: Iterable[Any], encoder: Callable[[Any], Any] | None = None) -> None:
        """Rank among these candidates from the next `refresh` on.

        Args:
            candidates: Batches of `(ids, features)`, which can be read any number of times.
            encoder: Function from features to vectors `[n, dim]`.
        """

    def refresh(self) -> bool:
        """Encode the candidates with the current weights.

        Returns:
            Whether compiled evaluation functions must be traced again, because the number or the ids of the
            candidates changed.
        """

    def reporting_once(self) -> AbstractContextManager[Any]:
        """Return a context at whose end warnings about the evaluated batches are given.

        A metric that warns of nothing returns `contextlib.nullcontext()`.
        """
