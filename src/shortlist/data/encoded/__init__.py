"""Encoded rows, in memory or on the disk, in an order that a seed decides."""

from shortlist.data.encoded.keeping import kept_rows
from shortlist.data.encoded.rows import ArrayRows, EncodedRows
from shortlist.data.encoded.stored_rows import StoredRows

__all__ = ["ArrayRows", "EncodedRows", "StoredRows", "kept_rows"]
