"""`shortlist index report`: what an index finds, and what that costs."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console

from shortlist.cli._backends import BACKENDS, start_backend
from shortlist.errors import ArgumentError

if TYPE_CHECKING:
    from shortlist.indexes import ApproximateIndex

__all__ = ["add_command", "run"]


def add_command(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add this command to the command line.

    Args:
        commands: What `ArgumentParser.add_subparsers` returned.
        common: A parser of the options that all commands have.
    """
    parser = commands.add_parser("index", help="look at a saved index")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    report = actions.add_parser(
        "report",
        parents=[common],
        help="recall against time, next to exact search",
        description="Loads an approximate index, finds the setting that reaches a recall, and prints recall, "
        "time per call and memory of what was tried.",
    )
    report.add_argument("path", type=Path, help="a .keras file that an index's save() wrote")
    report.add_argument(
        "--queries",
        type=Path,
        metavar="FILE",
        help="queries as they will be asked: vectors (.npy), or features (.parquet, .csv); "
        "some of the candidates when left out",
    )
    report.add_argument("--recall", type=float, default=0.95, help="share of the exact answers to find")
    report.add_argument("--k", type=int, help="how many best; the index's own k when left out")
    report.add_argument("--plot", type=Path, metavar="FILE", help="draw recall against time, such as r.png")
    report.add_argument("--save", action="store_true", help="keep the chosen setting in the file")
    report.add_argument("--backend", choices=BACKENDS, help="of Keras")
    report.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Run the command.

    Args:
        arguments: What was parsed.

    Raises:
        ArgumentError: The file holds no approximate index, or the queries cannot be read.
        ShortlistError: The index or a package cannot be had.
    """
    console = Console()
    if arguments.queries is not None:
        _check_queries(arguments.queries)
    start_backend(arguments.backend)
    index = _load(arguments.path)
    queries = None if arguments.queries is None else _queries(arguments.queries, index.query_model)
    tuning = index.tune(queries, recall=arguments.recall, k=arguments.k)
    console.print(tuning.table())
    notes = [tuning.summary()]
    if queries is None:
        notes.append("Queries were candidates of the index; give --queries for those of your users.")
    for note in notes:
        _say(console, note)
    if arguments.save:  # before the picture: a wrong name for it must not lose the choice
        index.save(arguments.path)
        _say(console, f"saved {arguments.path} with {tuning.chosen}")
    if arguments.plot is not None:
        _say(console, f"drawn: {tuning.plot(arguments.plot)}")


def _say(console: Console, note: str) -> None:
    console.print(note, markup=False, highlight=False, soft_wrap=True)


def _load(path: Path) -> "ApproximateIndex":
    from shortlist.indexes import ApproximateIndex
    from shortlist.models import load_model

    index = load_model(path)
    if not isinstance(index, ApproximateIndex):
        raise ArgumentError(
            f"{path} holds a {type(index).__name__}; expected an approximate index, such as Partitioned."
        )
    return index


def _check_queries(path: Path) -> None:
    if path.suffix not in (".npy", ".parquet", ".csv"):
        raise ArgumentError(f"--queries {path}: expected a file that ends in .npy, .parquet or .csv.")
    if not path.is_file():
        raise ArgumentError(f"--queries {path}: there is no such file.")


def _queries(path: Path, query_model: Any) -> Any:
    """Vectors `[num_queries, dim]`, or a table of features."""
    try:
        queries = _read(path, query_model)
    except (OSError, ValueError, EOFError) as error:
        raise ArgumentError(f"--queries {path} cannot be read: {error}") from error
    if isinstance(queries, np.ndarray):
        _check_no_vectors(path, queries, [column.column for column in getattr(query_model, "columns", ())])
    return queries


def _check_no_vectors(path: Path, queries: np.ndarray, columns: list[str]) -> None:
    """Refuse vectors, or values of one column, where a query is raw features; ids of one column may come."""
    is_matrix = queries.dtype.kind == "f" and queries.ndim > 1
    if columns and (is_matrix or len(columns) > 1):
        raise ArgumentError(
            f"--queries {path} holds an array of shape {queries.shape}, and the index takes raw features, "
            f"which its query model turns into vectors; expected the columns {columns}, in a .parquet or "
            ".csv file."
        )


def _read(path: Path, query_model: Any) -> Any:
    if path.suffix == ".npy":
        return np.load(path)
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        return pq.read_table(path)
    import pyarrow as pa
    import pyarrow.csv as pacsv

    text = dict.fromkeys(_text_columns(query_model), pa.string())
    return pacsv.read_csv(path, convert_options=pacsv.ConvertOptions(column_types=text))


def _text_columns(query_model: Any) -> list[str]:
    """The columns whose values are text, also where a file has digits in them."""
    from shortlist.features.columns._with_vocabulary import VocabularyColumn

    return [
        column.column
        for column in getattr(query_model, "columns", ())
        if isinstance(column, VocabularyColumn) and column.known.kind == "str"
    ]
