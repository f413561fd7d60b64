"""`tfrs.models`."""

from shortlist.models import Model

__all__ = ["Model"]
