"""`tfrs.layers`."""

from shortlist.tfrs.layers import ann, blocks, factorized_top_k, loss

__all__ = ["ann", "blocks", "factorized_top_k", "loss"]
