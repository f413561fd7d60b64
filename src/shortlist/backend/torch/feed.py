"""How batches reach Keras on PyTorch."""

from typing import Any

__all__ = ["feed"]


def feed(batches: Any) -> Any:
    """What `fit` and `evaluate` take in the place of numbered batches.

    Args:
        batches: Has `num_batches`, and `batches[i]`, a dict of NumPy arrays whose first size may differ.

    Returns:
        The batches, which Keras reads as they are.
    """
    return batches
