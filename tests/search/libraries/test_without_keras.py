"""A server searches with a library and changes candidates without Keras or a backend."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.search.libraries.contract import skip_without

CODE = """
import sys
from pathlib import Path
import numpy as np
from shortlist.search import CandidateStore
from shortlist.search.libraries import FaissSpec

store = CandidateStore(FaissSpec(nprobe=4))
generator = np.random.default_rng(0)
vectors = generator.normal(size=(500, 8)).astype("float32")
store.replace(vectors, [f"i{row}" for row in range(500)], {"price": [float(row) for row in range(500)]})
store.upsert(["new"], 9 * vectors[:1])
store.remove(["i0"])
store.save(Path(sys.argv[1], "candidates"))
loaded = CandidateStore(FaissSpec(nprobe=4))
loaded.load(Path(sys.argv[1], "candidates"))
loaded.compact()
found = loaded.search(vectors[:1, None], 1), loaded.search(vectors[:1, None], 1, where={"price": (None, 9)})
print(found[0].ids.tolist(), found[1].ids.tolist())
print(sorted({"keras", "tensorflow", "jax", "torch"} & set(sys.modules)))
"""


@skip_without("faiss")
@pytest.mark.parametrize("backend", ["tensorflow"])
def test_a_store_needs_no_keras(run_python: Callable[..., str], tmp_path: Path, backend: str) -> None:
    first, second = run_python(CODE.replace("sys.argv[1]", repr(str(tmp_path))), backend=backend).splitlines()
    assert first.startswith("[['new']] [['i")
    assert int(first.rpartition("i")[2].rstrip("]'")) <= 9
    assert second == "[]"
