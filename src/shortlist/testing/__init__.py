"""Checks of what Shortlist promises, for its own classes and yours; none of them needs a test framework."""

from shortlist.testing._indexes import check_index

__all__ = ["check_index"]
