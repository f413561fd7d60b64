"""`shortlist quickstart`: the whole way once, from interactions to recommendations by title."""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from shortlist.cli._backends import BACKENDS, start_backend
from shortlist.cli._numbers import positive_integer
from shortlist.cli._quiet import silenced_stderr
from shortlist.errors import ArgumentError, DatasetUnavailable

if TYPE_CHECKING:  # imported where they are used, so that `shortlist --help` takes no time
    from shortlist.data import Dataset, Interactions
    from shortlist.indexes import BruteForce
    from shortlist.models import TwoTower
    from shortlist.typing import ItemId

__all__ = ["add_command", "fit_columns", "run"]

_MODEL_FILE, _INDEX_FILE, _EXPORT_FOLDER = "two_tower.keras", "index.keras", Path("saved_model", "1")
_SEED, _NUM_INTERACTIONS = 42, 100_000
_DATA = ("ml-100k", "ml-1m", "synthetic")


def add_command(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add this command to the command line.

    Args:
        commands: What `ArgumentParser.add_subparsers` returned.
        common: A parser of the options that all commands have.
    """
    help_ = "train, evaluate, save and use a two-tower recommender"
    parser = commands.add_parser("quickstart", parents=[common], help=help_, description=_DESCRIPTION)
    add = parser.add_argument
    add("--data", choices=_DATA, help="default: ml-100k, or synthetic where MovieLens is not to be had")
    add("--backend", choices=BACKENDS, help="default: the one Keras is configured for")
    add("--epochs", type=positive_integer, default=10, metavar="N", help="default: %(default)s")
    add(
        "--num-interactions",
        type=positive_integer,
        metavar="N",
        help=f"size of the synthetic data, which it asks for; default: {_NUM_INTERACTIONS}",
    )
    add(
        "--output",
        type=Path,
        default=Path("shortlist-quickstart"),
        metavar="DIR",
        help="where the model and the index go; that of an earlier run is replaced. Default: %(default)s",
    )
    parser.set_defaults(run=run)


_DESCRIPTION = (
    "Loads interactions, holds out a fifth of them at random, trains a two-tower model on the rest, "
    "compares it with popularity and chance, recommends to three users, and saves the model and index. MovieLens "
    "is looked for in the directory that SHORTLIST_DATA_DIR names and in the cache, and else downloaded."
)


def run(arguments: argparse.Namespace) -> None:
    """Run the command.

    Args:
        arguments: What was parsed.

    Raises:
        ArgumentError: Two options contradict each other.
        ShortlistError: The data, the backend or the output directory cannot be had.
    """
    console = Console()
    _check_size(arguments.data, arguments.num_interactions)
    _check_output(arguments.output)
    _check_writable(arguments.output)
    backend = start_backend(arguments.backend)

    from shortlist.data import random_split

    dataset = _load(arguments, console)
    train, test = random_split(dataset.interactions, seed=_SEED)
    _say(console, f"{dataset.name}: {len(train):,} interactions to learn from, {len(test):,} to evaluate by")

    model = _train(train, arguments.epochs, backend, console)
    index = model.build_index()
    _evaluate(index, train, test, console)
    users = _recommend(index, dataset, train, test, console)
    _save(model, index, arguments.output, backend == "tensorflow")
    _tell_saved(arguments.output, console)
    _show_lines(arguments.output, users[0], console)


def _check_size(data: str | None, num_interactions: int | None) -> None:
    if num_interactions is not None and data not in (None, "synthetic"):
        raise ArgumentError(
            f"--num-interactions {num_interactions} sizes synthetic data, and {data} has a size of its own: "
            "leave it out, or take --data synthetic."
        )


def _check_output(output: Path) -> None:
    """Refuse to replace what no quickstart made, before any work is done."""
    if (
        output.exists()
        and not (output / _INDEX_FILE).is_file()
        and (output.is_file() or any(output.iterdir()))
    ):
        raise ArgumentError(
            f"{output} exists and is not the output of a quickstart, so it is not replaced: "
            "remove it, or name another directory with --output."
        )


def _check_writable(output: Path) -> None:
    """Refuse, before any work is done, what could not be written after it."""
    try:
        standing = next(folder for folder in output.absolute().parents if folder.exists())
        with tempfile.TemporaryDirectory(dir=standing, prefix=".shortlist-"):
            pass
    except OSError as error:
        raise ArgumentError(
            f"--output {output} cannot be written ({error.strerror}): name another directory."
        ) from error


def _load(arguments: argparse.Namespace, console: Console) -> "Dataset":
    from shortlist.data import load_movielens

    if arguments.data == "synthetic" or (arguments.data is None and arguments.num_interactions is not None):
        return _synthetic(arguments.num_interactions or _NUM_INTERACTIONS)
    try:
        return load_movielens((arguments.data or "ml-100k").removeprefix("ml-"))
    except DatasetUnavailable as error:
        if arguments.data is not None:
            raise
        _say(console, f"data: synthetic, because MovieLens is not to be had. {error}")
        return _synthetic(arguments.num_interactions or _NUM_INTERACTIONS)


def _synthetic(num_interactions: int) -> "Dataset":
    from shortlist.data import synthetic

    # As many users and items as make one pair in 15 an interaction, which is about what MovieLens 100K has.
    num_users, num_items = (round(factor * num_interactions**0.5) for factor in (3, 5))
    return synthetic(num_users, num_items, num_interactions, seed=_SEED)


def fit_columns(train: "Interactions", epochs: int, verbose: int = 0) -> "TwoTower":
    """The model of the quickstart, trained.

    Wide vectors of length 1 with a low temperature rank the first ten better than the defaults of `TwoTower`
    do, on MovieLens 100K and 1M, for twice the time; a large batch costs little where items are few.

    Args:
        train: What to learn from.
        epochs: How often it is gone through.
        verbose: As in `keras.Model.fit`.

    Returns:
        The model.
    """
    import keras

    from shortlist.models import TwoTower

    # Keras draws the seeds of its layers from here. Its own `set_random_seed` would import TensorFlow under
    # every backend, where it is installed.
    random.seed(_SEED)
    model = TwoTower.from_interactions(train, embedding_dim=256, temperature=0.16, l2=0.0)
    model.compile(keras.optimizers.Adam(0.005))
    model.fit(train, batch_size=2048, epochs=epochs, verbose=verbose)
    return model


def _train(train: "Interactions", epochs: int, backend: str, console: Console) -> "TwoTower":
    started = time.perf_counter()
    model = fit_columns(train, epochs, verbose=1 if sys.stdout.isatty() else 2)
    seconds = time.perf_counter() - started
    _say(console, f"training on {backend} took {seconds:.1f} s, {seconds / epochs:.1f} s an epoch")
    return model


def _evaluate(index: "BruteForce", train: "Interactions", test: "Interactions", console: Console) -> None:
    from shortlist.evaluation import compare, recommender

    report = compare({"model": recommender(index)}, test, train=train, exclude=train)
    console.print(report.table())
    for line in (report.protocol, *(f"warning: {warning}" for warning in report.warnings)):
        _say(console, line)


def _recommend(
    index: "BruteForce", dataset: "Dataset", train: "Interactions", test: "Interactions", console: Console
) -> "list[ItemId]":
    from shortlist.cli._recommendations import recommendation_tables, users_with_likes

    users = users_with_likes(train, test)
    for table in recommendation_tables(index, dataset, train, users):
        console.print(table)
    return users.tolist()


def _save(model: "TwoTower", index: "BruteForce", output: Path, is_exported: bool) -> None:
    from shortlist.artifacts import publishing

    # Keras looks for TensorFlow while it saves, whichever backend runs, and that tells of missing drivers.
    with silenced_stderr(), publishing(output, overwrite=True) as folder:
        model.save(folder / _MODEL_FILE)
        index.save(folder / _INDEX_FILE)
        if is_exported:
            from shortlist.export import saved_model

            saved_model(index, folder / _EXPORT_FOLDER)


def _tell_saved(output: Path, console: Console) -> None:
    contents: dict[str | Path, str] = {
        _MODEL_FILE: "the model, to go on training",
        _INDEX_FILE: "the index, to recommend from",
        _EXPORT_FOLDER: "the index for wherever TensorFlow runs; the folder above it, which holds version 1, "
        "is what TensorFlow Serving takes",
    }
    for name, what in contents.items():
        if (output / name).exists():
            _say(console, f"saved {output / name}: {what}")


def _show_lines(output: Path, user: "ItemId", console: Console) -> None:
    _say(
        console,
        f"In Python, these lines load the index and recommend to user {user!s} (without exclude=, items that "
        "the user has met may come back):",
    )
    _say(console, "    import shortlist as sl")
    _say(console, f"    index = sl.load_model({str(output / _INDEX_FILE)!r})")
    _say(console, f"    scores, items = index([{user!r}], k=5)")


def _say(console: Console, line: str) -> None:
    """Print a line as it is, however long, so that it can be copied."""
    console.print(line, markup=False, highlight=False, soft_wrap=True)
