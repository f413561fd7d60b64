"""`tfrs.layers.ann`, as the first release of TensorFlow Recommenders called its index layers."""

from shortlist.tfrs.layers.factorized_top_k import BruteForce

__all__ = ["BruteForce"]
