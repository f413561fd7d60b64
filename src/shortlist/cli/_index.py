"""`shortlist index report`: measure recall and time of a saved index."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console

from shortlist.cli._backends import BACKENDS, start_backend
from shortlist.errors import ArgumentError, must

if TYPE_CHECKING:
    from shortlist.indexes import StoredIndex

__all__ = ["add_command", "run"]


def add_command(commands: Any, common: argparse.ArgumentParser) -> None:
    """Register the command; `common` holds the options shared by all commands."""
    parser = commands.add_parser("index", help="inspect a saved index")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    report = actions.add_parser(
        "report",
        parents=[common],
        help="recall and time, compared with exact search",
        description="Load an approximate index, find the search budget that reaches a recall, and print "
        "recall, time per call and memory of every setting tried.",
    )
    report.add_argument("path", type=Path, help=".keras file written by the save() of an index")
    report.add_argument(
        "--queries",
        type=Path,
        metavar="FILE",
        help="typical queries: vectors (.npy) or raw features (.parquet, .csv); default: a sample of the "
        "candidates",
    )
    report.add_argument("--recall", type=float, default=0.95, help="fraction of the exact top k to find")
    report.add_argument("--k", type=int, help="results per query; default: the k of the index")
    report.add_argument(
        "--plot", type=Path, metavar="FILE", help="write a plot of recall against time, such as r.png"
    )
    report.add_argument("--save", action="store_true", help="store the chosen search budget in the file")
    report.add_argument("--backend", choices=BACKENDS, help="Keras backend")
    report.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Tune the index, print what was tried, and store or plot it if asked."""
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
        notes.append(
            "Queries were candidates of the index; pass --queries to measure with your users' queries."
        )
    for note in notes:
        _say(console, note)
    if arguments.save:  # before the plot, whose path may be wrong
        index.save(arguments.path)
        _say(console, f"saved {arguments.path} with {tuning.chosen}")
    if arguments.plot is not None:
        _say(console, f"plotted {tuning.plot(arguments.plot)}")


def _say(console: Console, note: str) -> None:
    console.print(note, markup=False, highlight=False, soft_wrap=True)


def _load(path: Path) -> "StoredIndex":
    from shortlist.indexes import StoredIndex
    from shortlist.models import load_model

    index = load_model(path)
    if not isinstance(index, StoredIndex) or index.spec.search_budget_name is None:
        raise ArgumentError(
            must(str(path), "hold an approximate index, such as Partitioned", got=type(index).__name__)
        )
    return index


def _check_queries(path: Path) -> None:
    if path.suffix not in (".npy", ".parquet", ".csv"):
        raise ArgumentError(must("--queries", "end in .npy, .parquet or .csv", got=path))
    if not path.is_file():
        raise ArgumentError(must("--queries", "be an existing file", got=path))


def _queries(path: Path, query_model: Any) -> Any:
    """Read vectors `[num_queries, dim]` or a table of raw features."""
    try:
        queries = _read(path, query_model)
    except (OSError, ValueError, EOFError) as error:
        raise ArgumentError(must(f"--queries {path}", "be readable", got=error)) from error
    if isinstance(queries, np.ndarray):
        _check_no_vectors(path, queries, [column.column for column in getattr(query_model, "columns", ())])
    return queries


def _check_no_vectors(path: Path, queries: np.ndarray, columns: list[str]) -> None:
    """Refuse vectors for an index that takes raw features; an array of ids may stand for a single column."""
    is_matrix = queries.dtype.kind == "f" and queries.ndim > 1
    if columns and (is_matrix or len(columns) > 1):
        raise ArgumentError(
            must(
                f"--queries {path}",
                f"hold the raw feature columns {columns}",
                got=f"an array of shape {queries.shape}",
                fix="Pass a .parquet or .csv file with these columns",
            )
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
    """Return the columns with text ids, which must stay text even where a CSV holds digits."""
    from shortlist.ids import as_array

    return [
        column.column
        for column in getattr(query_model, "columns", ())
        if isinstance(as_array(column.examples(1)).flat[0], str)
    ]
