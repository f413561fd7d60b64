"""`shortlist quickstart`: train, evaluate, recommend and save, from start to end."""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from shortlist.cli._backends import BACKENDS, start_backend
from shortlist.cli._quiet import silenced_stderr
from shortlist.errors import ArgumentError, DatasetUnavailable, must

if TYPE_CHECKING:  # imported late, so that `shortlist --help` is instant
    from shortlist.data import Dataset, Interactions
    from shortlist.indexes import BruteForce
    from shortlist.models import TwoTower
    from shortlist.typing import ItemId

__all__ = ["add_command", "positive_integer", "run", "train_model"]

_MODEL_FILE, _INDEX_FILE, _EXPORT_FOLDER = "two_tower.keras", "index.keras", Path("saved_model", "1")
_SEED, _NUM_INTERACTIONS = 42, 100_000
_DATA = ("ml-100k", "ml-1m", "synthetic")


def positive_integer(text: str) -> int:
    """Parse a command-line argument that must be an integer >= 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be an integer >= 1, got {text!r}")
    return int(text)


def add_command(commands: Any, common: argparse.ArgumentParser) -> None:
    """Register the command; `common` holds the options shared by all commands."""
    help_ = "train, evaluate, save and use a two-tower recommender"
    parser = commands.add_parser("quickstart", parents=[common], help=help_, description=_DESCRIPTION)
    add = parser.add_argument
    add("--data", choices=_DATA, help="default: ml-100k, or synthetic if MovieLens is not available")
    add("--backend", choices=BACKENDS, help="default: the backend Keras is configured for")
    add("--epochs", type=positive_integer, default=10, metavar="N", help="default: %(default)s")
    add(
        "--num-interactions",
        type=positive_integer,
        metavar="N",
        help=f"use synthetic data of this size; default: {_NUM_INTERACTIONS}",
    )
    add(
        "--output",
        type=Path,
        default=Path("shortlist-quickstart"),
        metavar="DIR",
        help="directory for model and index; output of an earlier run is replaced. Default: %(default)s",
    )
    parser.set_defaults(run=run)


_DESCRIPTION = (
    "Load interactions, hold out a random fifth, train a two-tower model on the rest, compare it with "
    "popularity and chance, recommend to three users, and save model and index. MovieLens is read from "
    "SHORTLIST_DATA_DIR or the cache, else downloaded."
)


def run(arguments: argparse.Namespace) -> None:
    """Run every step of the quickstart and print its results."""
    console = Console()
    _check_size(arguments.data, arguments.num_interactions)
    _check_output(arguments.output)
    _check_writable(arguments.output)
    backend = start_backend(arguments.backend)

    from shortlist.data import random_split

    dataset = _load(arguments, console)
    train, test = random_split(dataset.interactions, seed=_SEED)
    _say(console, f"{dataset.name}: {len(train):,} interactions for training, {len(test):,} for evaluation")

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
            must(
                "--num-interactions",
                "be left out unless the data is synthetic",
                got=f"{num_interactions} with --data {data}",
                fix="Leave it out, or pass --data synthetic",
            )
        )


def _check_output(output: Path) -> None:
    """Refuse to replace a folder that is not the output of a quickstart, before any work is done."""
    if (
        output.exists()
        and not (output / _INDEX_FILE).is_file()
        and (output.is_file() or any(output.iterdir()))
    ):
        raise ArgumentError(
            must(
                f"--output {output}",
                "be new, empty or the output of a quickstart",
                fix="Remove it, or choose another directory",
            )
        )


def _check_writable(output: Path) -> None:
    """Refuse an output directory that cannot be written, before any work is done."""
    try:
        standing = next(folder for folder in output.absolute().parents if folder.exists())
        with tempfile.TemporaryDirectory(dir=standing, prefix=".shortlist-"):
            pass
    except OSError as error:
        raise ArgumentError(
            must(f"--output {output}", "be writable", got=error.strerror, fix="Choose another directory")
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
        _say(console, f"data: synthetic, because MovieLens is not available. {error}")
        return _synthetic(arguments.num_interactions or _NUM_INTERACTIONS)


def _synthetic(num_interactions: int) -> "Dataset":
    from shortlist.data import synthetic

    # One user-item pair in 15 is an interaction, as in MovieLens 100K.
    num_users, num_items = (round(factor * num_interactions**0.5) for factor in (3, 5))
    return synthetic(num_users, num_items, num_interactions, seed=_SEED)


def train_model(train: "Interactions", epochs: int, verbose: int = 0) -> "TwoTower":
    """Train the model of the quickstart.

    Wide unit vectors with a low temperature have a better recall at 10 than the defaults of `TwoTower` on
    MovieLens 100K and 1M, for twice the training time. A large batch is cheap with few items.
    """
    import keras

    from shortlist.models import TwoTower

    # Keras seeds its layers from `random`. `keras.utils.set_random_seed` would import TensorFlow on every
    # backend.
    random.seed(_SEED)
    model = TwoTower.from_interactions(train, embedding_dim=256, temperature=0.16, l2=0.0)
    model.compile(keras.optimizers.Adam(0.005))
    model.fit(train, batch_size=2048, epochs=epochs, verbose=verbose)
    return model


def _train(train: "Interactions", epochs: int, backend: str, console: Console) -> "TwoTower":
    started = time.perf_counter()
    model = train_model(train, epochs, verbose=1 if sys.stdout.isatty() else 2)
    seconds = time.perf_counter() - started
    _say(console, f"training on {backend} took {seconds:.1f} s, {seconds / epochs:.1f} s per epoch")
    return model


def _evaluate(index: "BruteForce", train: "Interactions", test: "Interactions", console: Console) -> None:
    from shortlist.evaluation import compare

    report = compare({"model": index}, test, train=train, exclude=train)
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

    # Keras imports TensorFlow while saving, on every backend, which prints notes about missing drivers.
    with silenced_stderr(), publishing(output, overwrite=True) as folder:
        model.save(folder / _MODEL_FILE)
        index.save(folder / _INDEX_FILE)
        if is_exported:
            from shortlist.export import saved_model

            saved_model(index, folder / _EXPORT_FOLDER)


def _tell_saved(output: Path, console: Console) -> None:
    contents: dict[str | Path, str] = {
        _MODEL_FILE: "the model, for further training",
        _INDEX_FILE: "the index, for recommendations in Python",
        _EXPORT_FOLDER: "the index for TensorFlow Serving; point it at the parent folder, which holds the "
        "versions",
    }
    for name, what in contents.items():
        if (output / name).exists():
            _say(console, f"saved {output / name}: {what}")


def _show_lines(output: Path, user: "ItemId", console: Console) -> None:
    _say(
        console,
        f"Load the index in Python and recommend to user {user!s} (pass exclude= to leave out seen items):",
    )
    _say(console, "    import shortlist as sl")
    _say(console, f"    index = sl.load_model({str(output / _INDEX_FILE)!r})")
    _say(console, f"    scores, items = index([{user!r}], k=5)")


def _say(console: Console, line: str) -> None:
    """Print a line without wrapping, so that it can be copied."""
    console.print(line, markup=False, highlight=False, soft_wrap=True)
