"""How CSV files are to be read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, final

import pyarrow as pa

from shortlist.errors import ArgumentError

__all__ = ["CsvFormat", "csv_id_type"]


@final
@dataclass(frozen=True)
class CsvFormat:
    """What a CSV file does not say about itself.

    Args:
        delimiter: One character between values.
        id_type: `"str"`: ids stay the text they are in the file ("007" is not "7"); `"int64"`: they are
            integers.
        column_types: Arrow types of features by name. The others are guessed from the first rows of each
            file, a quarter of a megabyte, so give the type where later rows may differ.

    Raises:
        ArgumentError: The delimiter or the type of ids is none.

    Example:
        >>> CsvFormat(delimiter=";", column_types={"age": pa.float64()}).id_type
        'str'
    """

    delimiter: str = ","
    id_type: Literal["str", "int64"] = "str"
    column_types: Mapping[str, pa.DataType] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.delimiter) != 1:
            raise ArgumentError(f"delimiter is {self.delimiter!r}, expected one character.")
        csv_id_type(self.id_type)

    def types(self, user: str, item: str, rating: str | None) -> dict[str, pa.DataType]:
        """The Arrow types of the columns whose type is known beforehand.

        Args:
            user: The column of user ids.
            item: The column of item ids.
            rating: The column of ratings, if there is one.
        """
        ids = dict.fromkeys((user, item), csv_id_type(self.id_type))
        return {**self.column_types, **ids, **({rating: pa.float64()} if rating else {})}


def csv_id_type(id_type: str) -> pa.DataType:
    """The Arrow type of ids in a CSV file.

    Args:
        id_type: `"str"` or `"int64"`.

    Raises:
        ArgumentError: It is neither.

    Example:
        >>> csv_id_type("str")
        DataType(string)
    """
    if id_type not in ("str", "int64"):
        raise ArgumentError(f"id_type is {id_type!r}, expected 'str' or 'int64'.")
    return pa.string() if id_type == "str" else pa.int64()
