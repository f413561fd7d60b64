"""Arguments that must be recommenders."""

from collections.abc import Mapping
from typing import Any

from shortlist.errors import ArgumentError

__all__ = ["check_recommender", "check_recommenders"]

_WAY = "recommender(index) makes one of an index, and model.build_index() makes an index of a model."


def check_recommenders(models: Any) -> None:
    """Raise when an argument is not recommenders by name.

    Args:
        models: The argument.

    Raises:
        ArgumentError: It is no mapping, or one of its values is no recommender.

    Example:
        >>> check_recommenders({"most read": ["Dune", "Emma"]})
        Traceback (most recent call last):
        shortlist.errors.ArgumentError: models['most read'] is a list, expected a callable: recommender(index)
        makes one of an index, and model.build_index() makes an index of a model.
    """
    if not isinstance(models, Mapping):
        raise ArgumentError(
            f'models is a {type(models).__name__}, expected callables by name, {{"model": ...}}: {_WAY}'
        )
    for name, recommend in models.items():
        check_recommender(recommend, f"models[{name!r}]")


def check_recommender(recommend: Any, name: str) -> None:
    """Raise when an argument cannot be asked for lists of ids.

    Args:
        recommend: The argument.
        name: Its name, for the error.

    Raises:
        ArgumentError: It is not callable, or an index or a model, which are called in another way.
    """
    # What Keras can save is callable too, but returns scores or takes features.
    if not callable(recommend) or hasattr(recommend, "get_config"):
        raise ArgumentError(f"{name} is a {type(recommend).__name__}, expected a callable: {_WAY}")
