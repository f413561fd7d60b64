"""Checks of an index that changes, and of one that was saved."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from shortlist.indexes import StoredIndex
from shortlist.models import load_model
from shortlist.testing._answers import check_answers, require
from shortlist.testing._catalog import Catalog, Wanted, drawn

__all__ = ["check_changes", "check_emptied", "check_saved", "removed", "upserted"]


def upserted(catalog: Catalog, new: Catalog) -> Catalog:
    """The catalog with candidates added, and with those replaced whose ids it has.

    Args:
        catalog: With the old ones.
        new: With the new ones.
    """
    rest = removed(catalog, new.ids)
    attributes = {name: values + new.attributes[name] for name, values in rest.attributes.items()}
    return Catalog([*rest.ids, *new.ids], np.concatenate([rest.vectors, new.vectors]), attributes)


def removed(catalog: Catalog, ids: Sequence[Any]) -> Catalog:
    """The catalog without some candidates.

    Args:
        catalog: With them.
        ids: Theirs; those that it has not are ignored.
    """
    return _of_rows(catalog, [row for row, id_ in enumerate(catalog.ids) if id_ not in ids])


def _of_rows(catalog: Catalog, rows: Sequence[int]) -> Catalog:
    attributes = {name: [values[row] for row in rows] for name, values in catalog.attributes.items()}
    return Catalog([catalog.ids[row] for row in rows], catalog.vectors[rows], attributes)


def check_changes(index: StoredIndex, catalog: Catalog, queries: np.ndarray) -> None:
    """Candidates come, go, are replaced and come again; after each change all answers are right.

    Args:
        index: Holds the catalog; it is changed.
        catalog: At least ten candidates, with ids of text.
        queries: `[num_queries, dim]`, float32.

    Raises:
        AssertionError: An answer is not that of an index built from scratch.
    """
    old, names = catalog.ids, ["new 0", "new 1", *catalog.ids[:2]]
    changes = [
        ("upsert", names),
        ("remove", [names[0], old[0], old[5], "nowhere", old[5]]),
        ("upsert", [names[0], old[0], old[5]]),
        ("compact", []),
        ("remove", old[6:8]),
        ("upsert", [old[6], "new 2"]),
        ("remove", old[8:9]),
    ]
    for number, (change, ids) in enumerate(changes):
        catalog = _changed(index, catalog, change, ids, number)
        _check_state(f"after {change}, change {number}", index, catalog, queries)
    check_saved(index, queries)
    index.compact()
    _check_state("after compact, the last change", index, catalog, queries)


def _changed(index: StoredIndex, catalog: Catalog, change: str, ids: Sequence[Any], seed: int) -> Catalog:
    if change == "compact":
        index.compact()
        return catalog
    if change == "remove":
        rest = removed(catalog, ids)
        found, wanted = index.remove(ids), len(catalog.ids) - len(rest.ids)
        require(found == wanted, change, f"it told of {found} removed candidates, expected {wanted}.")
        return rest
    new = drawn(100 + seed, len(ids))._replace(ids=list(ids))
    new.attributes["color"][-1] = [f"color {seed}"]  # a value that is new, too
    index.upsert(new.ids, new.vectors, new.attributes)
    return upserted(catalog, new)


def _check_state(check: str, index: StoredIndex, catalog: Catalog, queries: np.ndarray) -> None:
    """The candidates that are there, in the index's own order, and what it answers in this order."""
    ids = index.ids.tolist()
    require(
        len(ids) == len(catalog.ids) == index.num_candidates and set(ids) == set(catalog.ids),
        check,
        f"the index holds {ids}, expected {catalog.ids} in any order.",
    )
    catalog = _of_rows(catalog, [catalog.ids.index(id_) for id_ in ids])
    vectors = index.vectors
    require(bool(np.allclose(vectors, catalog.vectors)), check, "the vectors are not those of the ids.")
    of_codes = [Wanted(where={"code": code}) for code in (0, [1, 2])]  # those of the last upsert among them
    for wanted in (Wanted(), Wanted(ids[:3]), Wanted(allow=ids[-4:]), *of_codes):
        asked = {name: value for name, value in wanted._asdict().items() if value}
        check_answers(f"{check}, {asked}", index, catalog, queries, [wanted] * len(queries), (3,), **asked)


def check_saved(index: StoredIndex, queries: np.ndarray) -> None:
    """A saved index that is loaded answers the same.

    Args:
        index: Of a class that Keras can load.
        queries: `[num_queries, dim]`, float32.

    Raises:
        AssertionError: It answers otherwise.
    """
    with tempfile.TemporaryDirectory() as folder:
        index.save(Path(folder, "index.keras"))
        loaded = load_model(Path(folder, "index.keras"))
    for asked in ({}, {"exclude": index.ids[:2]}, {"where": {"color": "red"}}):
        (scores, ids), (old_scores, old_ids) = (one(queries, 3, **asked) for one in (loaded, index))
        require(
            ids.tolist() == old_ids.tolist() and bool(np.allclose(scores, old_scores)),
            f"saved and loaded, {asked}",
            f"got {ids.tolist()}, expected {old_ids.tolist()} as before.",
        )


def check_emptied(index: StoredIndex, queries: np.ndarray) -> None:
    """An index all of whose candidates were removed answers nothing, and takes new ones.

    Args:
        index: With candidates whose ids are text; it is changed.
        queries: `[num_queries, dim]`, float32.

    Raises:
        AssertionError: It does otherwise.
    """
    index.upsert(["late"], queries[:1])
    index.remove(index.ids)
    for _ in range(2):
        scores, ids = index(queries, 3)
        shape = (len(queries), 0)
        require(
            np.shape(scores) == np.shape(ids) == shape,
            "empty",
            f"got answers of shape {np.shape(ids)}, expected {shape} when all candidates are removed.",
        )
        index.compact()
    index.upsert(["back"], queries[:1])
    found = index(queries, 3)[1].tolist()
    require(found == [["back"]] * len(queries), "empty, then upsert", f"got {found}, expected 'back' only.")
