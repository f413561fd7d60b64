"""Checks of upserts, removals, compaction and saving."""

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
    """Return a catalog with candidates added, or replaced if their ids exist.

    Args:
        catalog: Catalog before the change.
        new: Candidates to add.
    """
    rest = removed(catalog, new.ids)
    attributes = {name: values + new.attributes[name] for name, values in rest.attributes.items()}
    return Catalog([*rest.ids, *new.ids], np.concatenate([rest.vectors, new.vectors]), attributes)


def removed(catalog: Catalog, ids: Sequence[Any]) -> Catalog:
    """Return a catalog without some candidates.

    Args:
        catalog: Catalog before the change.
        ids: Ids to remove; unknown ids are ignored.
    """
    return _of_rows(catalog, [row for row, id_ in enumerate(catalog.ids) if id_ not in ids])


def _of_rows(catalog: Catalog, rows: Sequence[int]) -> Catalog:
    attributes = {name: [values[row] for row in rows] for name, values in catalog.attributes.items()}
    return Catalog([catalog.ids[row] for row in rows], catalog.vectors[rows], attributes)


def check_changes(index: StoredIndex, catalog: Catalog, queries: np.ndarray) -> None:
    """Check all answers after each of several upserts, removals and compactions.

    Args:
        index: Index that holds the catalog; modified.
        catalog: At least ten candidates, with string ids.
        queries: `[num_queries, dim]`, float32.

    Raises:
        AssertionError: If an answer differs from that of an index built from scratch.
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
        require(found == wanted, change, f"got {found} removed candidates, expected {wanted}.")
        return rest
    new = drawn(100 + seed, len(ids))._replace(ids=list(ids))
    new.attributes["color"][-1] = [f"color {seed}"]  # a new value
    index.upsert(new.ids, new.vectors, new.attributes)
    return upserted(catalog, new)


def _check_state(check: str, index: StoredIndex, catalog: Catalog, queries: np.ndarray) -> None:
    """Check the candidates of the index, and its answers with ties in its own order."""
    ids = index.ids.tolist()
    require(
        len(ids) == len(catalog.ids) == index.num_candidates and set(ids) == set(catalog.ids),
        check,
        f"the index holds {ids}, expected {catalog.ids} in any order.",
    )
    catalog = _of_rows(catalog, [catalog.ids.index(id_) for id_ in ids])
    vectors = index.vectors
    require(bool(np.allclose(vectors, catalog.vectors)), check, "got vectors that do not match the ids.")
    wheres = ({"code": 0}, {"code": [1, 2]}, {"price": (None, -0.5)})  # includes values of the last upsert
    of_where = [Wanted(where=where) for where in wheres]
    for wanted in (Wanted(), Wanted(ids[:3]), Wanted(allow=ids[-4:]), *of_where):
        asked = {name: value for name, value in wanted._asdict().items() if value}
        check_answers(f"{check}, {asked}", index, catalog, queries, [wanted] * len(queries), (3,), **asked)


def check_saved(index: StoredIndex, queries: np.ndarray) -> None:
    """Check that a saved and loaded index gives the same answers.

    Args:
        index: Index of a class registered with Keras.
        queries: `[num_queries, dim]`, float32.

    Raises:
        AssertionError: If an answer differs.
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
    """Check that an emptied index returns no candidates and accepts new ones.

    Args:
        index: Index with string ids; modified.
        queries: `[num_queries, dim]`, float32.

    Raises:
        AssertionError: If an answer is wrong.
    """
    index.upsert(["late"], queries[:1])
    index.remove(index.ids)
    for _ in range(2):
        scores, ids = index(queries, 3)
        shape = (len(queries), 0)
        require(
            np.shape(scores) == np.shape(ids) == shape,
            "empty",
            f"got answers of shape {np.shape(ids)}, expected {shape} after removing all candidates.",
        )
        index.compact()
    index.upsert(["back"], queries[:1])
    found = index(queries, 3)[1].tolist()
    require(found == [["back"]] * len(queries), "empty, then upsert", f"got {found}, expected 'back' only.")
