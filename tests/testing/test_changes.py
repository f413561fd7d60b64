"""The oracle after changes; test_indexes checks that broken changes are caught."""

import numpy as np

from shortlist.testing._catalog import Catalog
from shortlist.testing._changes import removed, upserted

OLD = Catalog(["a", "b", "c"], np.float32([[1], [2], [3]]), {"size": [[1], [2], [3]]})
NEW = Catalog(["d", "b"], np.float32([[4], [5]]), {"size": [[4], []]})


def test_upserts_replace_existing_ids() -> None:
    both = upserted(OLD, NEW)
    assert both.ids == ["a", "c", "d", "b"]
    assert both.vectors.tolist() == [[1], [3], [4], [5]]
    assert both.attributes == {"size": [[1], [3], [4], []]}


def test_removals_ignore_unknown_ids() -> None:
    rest = removed(OLD, ["b", "nowhere", "b"])
    assert rest.ids == ["a", "c"]
    assert rest.vectors.tolist() == [[1], [3]]
    assert rest.attributes == {"size": [[1], [3]]}
