"""Records: numeric arrays of equal length, packed row by row into one array."""

from collections.abc import Mapping
from typing import Any, Self, final

import numpy as np

from shortlist.errors import ArgumentError, must

__all__ = ["RecordType"]


@final
class RecordType:
    """Memory layout of a row, so that all its values are read and moved at once.

    Args:
        names: Names of the arrays.
        dtypes: Data type of each array.
        shapes: Shape of a row of each array.

    Example:
        >>> arrays = {"user": np.array([7, 8], "int32"), "tags": np.array([[1, 2], [3, -1]], "int32")}
        >>> kind = RecordType.of(arrays)
        >>> kind.num_bytes
        12
        >>> kind.unpack(kind.pack(arrays)[::-1])["tags"].tolist()
        [[3, -1], [1, 2]]
    """

    def __init__(self, names: list[str], dtypes: list[str], shapes: list[tuple[int, ...]]) -> None:
        self._names, self._dtypes, self._shapes = names, dtypes, shapes
        fields = zip(dtypes, shapes, strict=True)
        # By number: NumPy takes no field without a name.
        self.dtype = np.dtype([(f"f{number}", *field) for number, field in enumerate(fields)])

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray]) -> Self:
        """Return the record type that holds these arrays.

        Args:
            arrays: Numeric arrays by name, `[num_rows, ...]` each.
        """
        dtypes = [array.dtype.str for array in arrays.values()]
        return cls(list(arrays), dtypes, [array.shape[1:] for array in arrays.values()])

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Return the record type of a config.

        Args:
            config: What `get_config` returned.
        """
        return cls(config["names"], config["dtypes"], [tuple(shape) for shape in config["shapes"]])

    def get_config(self) -> dict[str, Any]:
        """Return names, types and shapes as JSON values."""
        return {"names": self._names, "dtypes": self._dtypes, "shapes": [list(s) for s in self._shapes]}

    @property
    def num_bytes(self) -> int:
        """Number of bytes per row."""
        return int(self.dtype.itemsize)

    def pack(self, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
        """Pack arrays into records.

        Args:
            arrays: Arrays by name, `[num_rows, ...]` each.

        Returns:
            Records, `[num_rows]`.

        Raises:
            ArgumentError: If names, types or shapes differ from those of this record type.
        """
        if RecordType.of(arrays).get_config() != self.get_config():
            raise ArgumentError(
                must(
                    "arrays",
                    f"be {self.get_config()} as in the parts before",
                    got=RecordType.of(arrays).get_config(),
                )
            )
        records = np.empty(len(next(iter(arrays.values()))), self.dtype)
        for number, array in enumerate(arrays.values()):
            records[f"f{number}"] = array
        return records

    def unpack(self, records: np.ndarray) -> dict[str, np.ndarray]:
        """Unpack records into arrays.

        Args:
            records: Records, `[num_rows]`.

        Returns:
            Arrays by name, `[num_rows, ...]` each; copies, not views.
        """
        return {name: records[f"f{number}"].copy() for number, name in enumerate(self._names)}
