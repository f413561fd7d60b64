"""How batches reach Keras on JAX."""

from typing import Any

from shortlist.backend._prefetch import PrefetchDataset

__all__ = ["as_dataset"]


def as_dataset(batches: Any) -> Any:
    """What `fit` and `evaluate` take in the place of numbered batches.

    Args:
        batches: Has `num_batches`, and `batches[i]`, a dict of NumPy arrays whose first size may differ.

    Returns:
        A dataset that Keras reads as it is; each batch is made while the step before it runs.
    """
    return PrefetchDataset(batches)
