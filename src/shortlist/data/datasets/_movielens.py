"""MovieLens 100K and 1M, the ratings that recommenders have been compared on since 1998 and 2003."""

import io
import re
from collections.abc import Sequence
from os import PathLike
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from shortlist.data._interactions import Interactions
from shortlist.data._tables import lists_from_mask
from shortlist.data.datasets._archives import Archive, find_archive, read_member
from shortlist.data.datasets._dataset import Dataset
from shortlist.errors import ArgumentError, DataError, must

__all__ = ["load_movielens"]

_SITE = "https://files.grouplens.org/datasets/movielens/"
_ARCHIVES = {
    "100k": Archive("ml-100k.zip", f"{_SITE}ml-100k.zip", "0e33842e24a9c977be4e0107933c0723"),
    "1m": Archive("ml-1m.zip", f"{_SITE}ml-1m.zip", "c4d9eecfca2ab87c1945afe126590906"),
}
_RATING_TYPES = {
    "user_id": pa.string(),
    "movie_id": pa.string(),
    "rating": pa.float32(),
    "timestamp": pa.int64(),
}
_USER_COLUMNS = ["user_id", "age", "gender", "occupation", "zip_code"]
_MOVIE_COLUMNS = ["movie_id", "title", "year", "genres"]
# A byte that no file of MovieLens holds, to stand for the two characters "::" that split its columns.
_UNIT_SEPARATOR = "\x1f"


def load_movielens(size: str = "100k", directory: str | PathLike[str] | None = None) -> Dataset:
    """Load MovieLens 100K or 1M with all that is known about its users and movies.

    Interactions have user_id and movie_id (str), rating (float32, 1 to 5) and timestamp (int64, seconds).
    Users have user_id, age (int64; 1M: the lower bound of an age group), gender, occupation (1M: its number,
    as text) and zip_code. Movies have movie_id, title (as published, year included), year (int64, the last
    one in brackets in the title, or missing) and genres (lists of str).

    Args:
        size: `"100k"` or `"1m"`.
        directory: Where the archive lies. By default: the directory that SHORTLIST_DATA_DIR names, then the
            user's cache, then a download from GroupLens with the published checksum.

    Returns:
        The data set.

    Raises:
        ArgumentError: If the size is unknown.
        DatasetUnavailable: The archive is not on disk and cannot be downloaded.
        DataError: If the archive is truncated or damaged.

    Source:
        Harper and Konstan, "The MovieLens Datasets: History and Context", 2015;
        https://grouplens.org/datasets/movielens/. The data may be used for research, not redistributed.
    """
    if size not in _ARCHIVES:
        raise ArgumentError(must("size", f"be one of {sorted(_ARCHIVES)}", got=repr(size)))
    path = find_archive(_ARCHIVES[size], directory)
    read = _read_100k if size == "100k" else _read_1m
    ratings, users, movies = read(path)
    interactions = Interactions(ratings, "user_id", "movie_id", "rating", "timestamp")
    return Dataset(f"ml-{size}", interactions, users, movies, title="title")


def _read_100k(path: Path) -> tuple[pa.Table, pa.Table, pa.Table]:
    ratings = _read(path, "ml-100k/u.data", "\t", _RATING_TYPES)
    users = _read(path, "ml-100k/u.user", "|", _text_columns(_USER_COLUMNS, age=pa.int64()))
    genres = _read(path, "ml-100k/u.genre", "|", {"genre": pa.string(), "number": pa.int64()})
    names = genres["genre"].to_pylist()
    flags = dict.fromkeys(names, pa.int64())
    others = _text_columns(["movie_id", "title", "released", "released_on_video", "url"])
    movies = _read(path, "ml-100k/u.item", "|", others | flags)
    return ratings, users, _movies(movies, _flagged(movies, names))


def _read_1m(path: Path) -> tuple[pa.Table, pa.Table, pa.Table]:
    ratings = _read(path, "ml-1m/ratings.dat", "::", _RATING_TYPES)
    columns = ["user_id", "gender", "age", "occupation", "zip_code"]
    users = _read(path, "ml-1m/users.dat", "::", _text_columns(columns, age=pa.int64()))
    movies = _read(path, "ml-1m/movies.dat", "::", _text_columns(["movie_id", "title", "genres"]))
    return ratings, users.select(_USER_COLUMNS), _movies(movies, pc.split_pattern(movies["genres"], "|"))


def _text_columns(names: Sequence[str], **others: pa.DataType) -> dict[str, pa.DataType]:
    return dict.fromkeys(names, pa.string()) | others


def _read(path: Path, member: str, separator: str, types: dict[str, pa.DataType]) -> pa.Table:
    text = read_member(path, member).replace(separator.encode(), _UNIT_SEPARATOR.encode())
    try:
        return pa_csv.read_csv(
            io.BytesIO(text),
            read_options=pa_csv.ReadOptions(column_names=list(types), encoding="latin-1", use_threads=False),
            parse_options=pa_csv.ParseOptions(delimiter=_UNIT_SEPARATOR, quote_char=False),
            convert_options=pa_csv.ConvertOptions(column_types=types),
        )
    except pa.ArrowException as error:
        raise DataError(
            must(f"{path}: {member}", "be readable", got=error, fix="Delete the archive and get it again")
        ) from error


def _movies(table: pa.Table, genres: pa.ChunkedArray | pa.Array) -> pa.Table:
    columns = [table["movie_id"], table["title"], _years(table["title"]), genres]
    return pa.table(columns, names=_MOVIE_COLUMNS)


def _years(titles: pa.ChunkedArray) -> pa.Array:
    found = [re.findall(r"\((\d{4})\)", title) for title in titles.to_pylist()]
    return pa.array([int(years[-1]) if years else None for years in found], pa.int64())


def _flagged(table: pa.Table, names: Sequence[str]) -> pa.ListArray:
    return lists_from_mask(np.stack([table[name].to_numpy() == 1 for name in names], axis=1), names)
