"""Contract of feature columns."""

import json
import os
import tempfile
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from shortlist.features import Category, Column, FeatureSpec
from shortlist.features._spec import load_columns, save_columns
from shortlist.features.columns._base import deserialize_columns, serialize_columns
from shortlist.ids import as_array
from shortlist.testing._clauses import check_close, check_readable, check_refusals, clause, require
from shortlist.testing._layers import check_layer
from shortlist.testing._saved import keep_spec
from shortlist.typing import ArrayLike

__all__ = ["check_column"]

_WIDTH = 5


def check_column(
    column: Column,
    values: ArrayLike,
    *,
    unseen: ArrayLike | None = None,
    refusals: Sequence[Callable[[], Any]] = (),
    folder: str | os.PathLike[str] | None = None,
) -> None:
    """Check a feature column: fitting, encoding, embedding and saving.

    Clauses; the message of a failure starts with the name of one:

    - `fit`: `fit` returns a fitted column, leaves the old one unfitted, and does not fit a fitted one again.
    - `parts`: a `fitter` that gets the values in two parts fits a column that encodes the same.
    - `encode`: `[n, *row_shape]` finite numbers, of the same dtype for any number of rows, each row the
      same as when encoded alone; integer codes are below `num_rows`, and at least 0, or -1 where a list
      is padded.
    - `unseen`: values that are not among the fitted ones are encoded in the same form.
    - `missing`: a missing value, None or NaN, is encoded in the same form, or `fit` or `encode` refuses it
      with a sentence.
    - `examples`: `examples(n)` returns n values that `encode` takes.
    - `config`: a column recreated from the JSON config and the assets encodes the same.
    - `layer`: the layer of `to_layer` passes `check_layer`, takes `name` and `dtype`, and
      returns `[n, width]`, as its `compute_output_shape` says.
    - `saved`: a `FeatureSpec` with the column is saved and loaded; see `check_saved` for a new process.
    - `refusals`: each of `refusals` raises a ValueError or TypeError whose message is a sentence.

    Args:
        column: A column that is not fitted.
        values: Raw values of at least 3 rows, to fit and to encode.
        unseen: Raw values that are not among `values` but must be encoded, such as unknown labels.
        refusals: Calls that must be refused, such as `lambda: Number("age").fit(["old"])`.
        folder: Folder to save a spec with the column in, for `check_saved`; None loads it in this process
            only.

    Raises:
        AssertionError: If a clause is broken.

    Example:
        >>> from shortlist.features import Number
        >>> check_column(Number("age"), [31, 45, 18, 60], unseen=[-1, 99])
    """
    num_values = len(values)
    with clause("fit"):
        require(not column.is_fitted, "the column is fitted already; pass one that is not.")
        fitted = column.fit(values)
        require(fitted.is_fitted, "fit returned a column that is not fitted.")
        require(not column.is_fitted, "fit changed the column it was called on.")
        again = fitted.fit(values[:1])
        check_close("the encoding after a second fit", again.encode(values), fitted.encode(values))
    with clause("parts"):
        fitter = column.fitter()
        for part in (values[:1], values[1:]):
            fitter.add(part)
        check_close("the encoding fitted in parts", fitter.fitted().encode(values), fitted.encode(values))
    with clause("encode"):
        encoded = fitted.encode(values)
        _check_encoded(fitted, encoded, num_values)
        for start, stop in [(0, 0), *((row, row + 1) for row in range(num_values))]:
            part = fitted.encode(values[start:stop])
            _check_encoded(fitted, part, stop - start, encoded.dtype)
            check_close(f"the encoding of rows {start} to {stop}", part, encoded[start:stop])
    if unseen is not None:
        with clause("unseen"):
            _check_encoded(fitted, fitted.encode(unseen), len(unseen), encoded.dtype)
    with clause("missing"):
        for name, missing in _with_missing(values).items():
            _check_encoded_or_refused(f"encode of {name}", fitted, missing, encoded.dtype)
            _check_encoded_or_refused(f"fit of {name}", column, missing, encoded.dtype)
    with clause("examples"):
        for number in (1, 3):
            _check_encoded(fitted, fitted.encode(fitted.examples(number)), number, encoded.dtype)
    with clause("config"), tempfile.TemporaryDirectory() as temporary:
        save_columns([fitted], temporary)
        config = json.dumps(serialize_columns([fitted]))
        (loaded,) = load_columns(deserialize_columns(json.loads(config)), temporary)
        require(type(loaded) is type(column), f"the config is that of {type(loaded).__name__}.")
        config_of_loaded = json.dumps(serialize_columns([loaded]))
        require(config_of_loaded == config, f"the config became {config_of_loaded}, expected {config}.")
        check_close("the encoding after from_config", loaded.encode(values), encoded, 0.0)
    with clause("layer"):
        layer = fitted.to_layer(_WIDTH, name="some_name", dtype="float32")
        require(layer.name == "some_name", f"the layer is named {layer.name!r}, expected 'some_name'.")
        shape = tuple(layer(encoded).shape)
        require(len(shape) == 2 and shape[0] == num_values, f"the output has shape {shape}.")
        stated = tuple(layer.compute_output_shape(encoded.shape))
        require(stated == shape, f"compute_output_shape returns {stated}, expected {shape}.")
        check_layer(lambda: fitted.to_layer(_WIDTH), encoded)
    with clause("saved"), tempfile.TemporaryDirectory() as temporary:
        candidate = f"{column.column} of candidates"
        spec = FeatureSpec([column], [Category(candidate)])
        spec = spec.fit({column.column: values, candidate: ["a"] * num_values})
        spec.save(temporary)
        raw = {column.column: values}
        of_loaded = FeatureSpec.load(temporary).encode_queries(raw)[column.column]
        check_close("the encoding of the loaded spec", of_loaded, encoded, 0.0)
        if folder is not None:
            keep_spec(spec, raw, [type(column)], folder)
    with clause("refusals"):
        check_refusals(refusals)


def _check_encoded(fitted: Column, encoded: Any, num_rows: int, dtype: Any = None) -> None:
    require(isinstance(encoded, np.ndarray), f"encode returned a {type(encoded).__name__}, not an array.")
    shape = (num_rows, *fitted.row_shape)
    require(encoded.shape == shape, f"encode returned shape {encoded.shape}, expected {shape}.")
    is_expected = encoded.dtype.kind in "iuf" if dtype is None else encoded.dtype == dtype
    require(is_expected, f"encode returned {encoded.dtype}, expected {dtype or 'integers or floats'}.")
    require(np.isfinite(encoded).all(), f"encode returned {encoded.tolist()}, which is not finite.")
    if fitted.num_rows is not None and encoded.size:
        lowest, highest, least = int(encoded.min()), int(encoded.max()), -1 if fitted.row_shape else 0
        is_code = encoded.dtype.kind in "iu" and lowest >= least and highest < fitted.num_rows
        expected = f"integer codes from {least} to {fitted.num_rows - 1}"
        require(is_code, f"encode returned {encoded.dtype} from {lowest} to {highest}, expected {expected}.")


def _check_encoded_or_refused(what: str, column: Column, values: list[Any], dtype: Any) -> None:
    try:
        fitted = column.fit(values)
        encoded = fitted.encode(values)
    except (ValueError, TypeError) as error:
        check_readable(what, error)
    else:
        _check_encoded(fitted, encoded, len(values), dtype)


def _with_missing(values: ArrayLike) -> dict[str, list[Any]]:
    """Return the values with the last one missing, by the kind of missing value."""
    rows = as_array(values).tolist()
    missing = {"None": [*rows[:-1], None]}
    if all(isinstance(row, int | float) for row in rows):
        missing["NaN"] = [*rows[:-1], np.nan]
    return missing
