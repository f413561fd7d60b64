"""Encoded rows in memory or on disk, in an order that depends on a seed."""

from shortlist.data.encoded._keeping import kept_rows
from shortlist.data.encoded._rows import ArrayRows, EncodedRows
from shortlist.data.encoded._stored_rows import StoredRows

__all__ = ["ArrayRows", "EncodedRows", "StoredRows", "kept_rows"]
