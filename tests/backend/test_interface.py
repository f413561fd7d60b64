"""The backend in use provides exactly the functions and classes of the interface, with equal signatures."""

import inspect
from typing import Any

import keras
import pytest

from shortlist import backend
from shortlist.backend import interface

pytestmark = pytest.mark.contract
IMPLEMENTATION = __import__(f"shortlist.backend.{keras.config.backend()}", fromlist=["__all__"])
CLASSES = [interface.ExclusionMask, interface.IdLookup, interface.PositiveMask]
FUNCTIONS = {name: one for name, one in vars(interface.Backend).items() if inspect.isfunction(one)}
FUNCTIONS = {name: one for name, one in FUNCTIONS.items() if not name.startswith("_")}
CONSTANTS = interface.Backend.__annotations__


def parameters_of(function: Any, is_method: bool) -> list[inspect.Parameter]:
    return list(inspect.signature(function).parameters.values())[is_method:]


def test_the_names_are_those_of_the_interface() -> None:
    names = {*FUNCTIONS, *CONSTANTS, *(one.__name__ for one in CLASSES), "UniqueRows"}
    assert len(names) > 25
    assert set(IMPLEMENTATION.__all__) == names
    assert set(backend.__all__) == names | {"rows_per_chunk"}
    assert sorted(interface.__all__) == sorted({"Backend", "UniqueRows", *(one.__name__ for one in CLASSES)})


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_has_the_signature_of_the_interface(name: str) -> None:
    ours = getattr(IMPLEMENTATION, name)
    assert getattr(backend, name) is ours
    assert parameters_of(ours, is_method=False) == parameters_of(FUNCTIONS[name], is_method=True)
    assert inspect.signature(ours).return_annotation == inspect.signature(FUNCTIONS[name]).return_annotation


@pytest.mark.parametrize("protocol", CLASSES, ids=lambda one: one.__name__)
def test_a_class_has_the_methods_of_the_interface(protocol: Any) -> None:
    ours = getattr(IMPLEMENTATION, protocol.__name__)
    methods = [one for one in vars(protocol) if one == "__init__" or not one.startswith("_")]
    assert len(methods) == 2
    assert [one for one in vars(ours) if one == "__init__" or not one.startswith("_")] == methods
    for method in methods:
        assert inspect.signature(getattr(ours, method)) == inspect.signature(getattr(protocol, method))


def test_everything_is_documented_once() -> None:
    for name, function in FUNCTIONS.items():
        assert function.__doc__, name
        assert getattr(IMPLEMENTATION, name).__doc__ is None, name
    for protocol in CLASSES:
        assert protocol.__doc__
        assert getattr(IMPLEMENTATION, protocol.__name__).__doc__ is None
