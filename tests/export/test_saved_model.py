"""A SavedModel answers as its index does, in a process that knows neither Shortlist nor Keras."""

import ast
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from shortlist.artifacts import next_version, read_manifest, verify
from shortlist.errors import ArtifactError
from shortlist.export import saved_model
from shortlist.export._operators import operators
from shortlist.features import Categories, Category, Lookup, Number, Vocabulary
from shortlist.indexes import BruteForce
from shortlist.models import Tower

USERS = ["42", "né", "", "a\0b"]
IDS = {
    "str": ["Amélie", "", "a\0b", "a", "7", "07", "é", "\0"],
    "bytes": [b"\xff\xfe", b"", b"a\0b", b"a", b"7", b"07", b"\x00", b"z"],
    "int64": [7, 2**32 + 7, 2**53, 2**53 + 1, -5, 2**63 - 1, -(2**63), 0],
    "rows": None,
}
VECTORS = np.random.default_rng(0).normal(size=(8, 4)).astype("float32")


def tower() -> Tower:
    user = Category("user").fit(USERS)
    genres = Categories("genres", max_length=3).fit([["Drama", "War"]])
    return Tower([user, genres, Number("age").fit([20, 40])], embedding_dim=4)


def sequential() -> keras.Sequential:
    lookup = Lookup(Vocabulary(USERS))
    return keras.Sequential([lookup, keras.layers.Embedding(lookup.num_rows, 4)])


def several_vectors() -> keras.Model:
    user = keras.Input((1,), name="user", dtype="string")
    rows = Lookup(Vocabulary(USERS))(user)
    heads = keras.layers.Reshape((2, 4))(keras.layers.Embedding(5, 8)(rows))
    return keras.Model({"user": user}, heads)


NUM_QUERIES = 7
NAMES = [*USERS, "unknown", "42", "É"]
TOWER_QUERIES = {
    "user": NAMES,
    "genres": [
        ["War", "Drama"],
        ["", ""],
        ["Drama", ""],
        ["?", "War"],
        ["", "War"],
        ["War", "War"],
        ["Drama", "?"],
    ],
    "age": [20, 30, 40, 0, -5, 100, 31],
}
QUERIES = {
    "tower": TOWER_QUERIES,
    "sequential": {"queries": NAMES},
    "several_vectors": {"user": [[name] for name in NAMES]},
    "vectors": {"queries": np.random.default_rng(1).normal(size=(NUM_QUERIES, 4)).astype("float32").tolist()},
}
MODELS = {
    "tower": tower,
    "sequential": sequential,
    "several_vectors": several_vectors,
    "vectors": lambda: None,
}
CASES = [
    ("tower", "str"),
    ("sequential", "bytes"),
    ("several_vectors", "rows"),
    ("vectors", "int64"),
]

ELSEWHERE = """
import ast, functools, sys
sys.modules["keras"] = None  # importing it now raises
import tensorflow as tf

load = functools.cache(tf.saved_model.load)

def ask(path, name, inputs):
    signature = load(path).signatures[name]
    specs = signature.structured_input_signature[1]
    assert set(specs) == set(inputs), (set(specs), set(inputs))
    answer = signature(**{key: tf.constant(value, specs[key].dtype) for key, value in inputs.items()})
    return answer["scores"].numpy().tolist(), answer["ids"].numpy().tolist()

with open("questions", encoding="utf-8") as file:
    questions = ast.literal_eval(file.read())
print([ask(*question) for question in questions])
assert [name for name in ("keras", "shortlist") if sys.modules.get(name)] == []
"""


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """Index and path of each case."""
    keras.utils.set_random_seed(0)
    folder = tmp_path_factory.mktemp("exported")
    indexes = {case: BruteForce(MODELS[case[0]](), k=3).index(VECTORS, IDS[case[1]]) for case in CASES}
    return {case: (index, saved_model(index, folder / "_".join(case))) for case, index in indexes.items()}


def of_index(model: str, inputs: dict):
    """Raw features as the index takes them in Python."""
    if model in ("sequential", "vectors"):
        return np.array(inputs["queries"], dtype=object if model == "sequential" else "float32")
    return {
        name: np.array(values, dtype=None if name == "age" else object) for name, values in inputs.items()
    }


def part(inputs: dict, rows: slice) -> dict:
    return {name: values[rows] for name, values in inputs.items()}


def as_bytes(ids: np.ndarray) -> list:
    return [[one.encode() if isinstance(one, str) else one for one in row] for row in ids.tolist()]


def test_a_process_without_shortlist_and_keras_gets_the_same_answers(exported, run_python, tmp_path):
    questions, expected = [], []
    for (model, _), (index, path) in exported.items():
        for rows in (slice(0, 1), slice(None)):
            inputs = part(QUERIES[model], rows)
            best = index(of_index(model, inputs), k=2)[1]
            signatures = {
                "serving_default": ({}, {}),
                "top_k": ({"k": 5}, {"k": 5}),
                "serving_with_exclusions": ({"exclude": best.tolist()}, {"exclude": best}),
            }
            for name, (more, options) in signatures.items():
                questions.append((str(path), name, inputs | more))
                expected.append(index(of_index(model, inputs), **options))
    (tmp_path / "questions").write_text(repr(questions), "utf-8")
    answers = ast.literal_eval(run_python(ELSEWHERE, package=False))
    for (scores, ids), (expected_scores, expected_ids) in zip(answers, expected, strict=True):
        np.testing.assert_allclose(scores, expected_scores, atol=1e-5)
        assert ids == as_bytes(expected_ids)


def ask(path: Path, name: str = "serving_default", **inputs) -> dict[str, np.ndarray]:
    signature = tf.saved_model.load(path).signatures[name]
    specs = signature.structured_input_signature[1]
    answer = signature(**{key: tf.constant(values, specs[key].dtype) for key, values in inputs.items()})
    return {key: values.numpy() for key, values in answer.items()}


@pytest.mark.parametrize(
    "case", [("tower", "str"), ("several_vectors", "rows"), ("sequential", "bytes")], ids=str
)
def test_one_value_a_row_may_come_in_a_list_of_its_own(exported, case):
    _, path = exported[case]
    inputs = {name: np.array(values) for name, values in QUERIES[case[0]].items()}
    flat = {name: array.reshape(7) if array.size == 7 else array for name, array in inputs.items()}
    wrapped = {name: array.reshape(7, 1) if array.size == 7 else array for name, array in inputs.items()}
    np.testing.assert_array_equal(ask(path, **flat)["ids"], ask(path, **wrapped)["ids"])


@pytest.mark.parametrize("k", [1, 5, 8, 50])
def test_any_k_gives_the_head_of_the_ranking(exported, k):
    index, path = exported["vectors", "int64"]
    queries = of_index("vectors", QUERIES["vectors"])
    scores, ids = index(queries, k=k)
    answer = ask(path, "top_k", queries=queries, k=k)
    np.testing.assert_allclose(answer["scores"], scores, atol=1e-5)
    assert answer["ids"].tolist() == as_bytes(ids)
    assert answer["ids"].shape == (NUM_QUERIES, min(k, 8))


def test_only_core_operators_are_needed(exported):
    for _, path in exported.values():
        assert [name for name in operators(path) if not hasattr(tf.raw_ops, name) or "Py" in name] == []


def test_the_manifest_tells_how_to_ask(exported):
    index, path = exported["tower", "str"]
    description = verify(path).description
    (instance,) = description["example_request"]["instances"]
    assert set(description["signatures"]["serving_default"]["inputs"]) == {"user", "genres", "age"}
    inputs = {name: [value] for name, value in instance.items()}
    assert ask(path, **inputs)["ids"].tolist() == as_bytes(index(of_index("tower", inputs))[1])
    assert (description["k"], description["num_candidates"]) == (3, 8)


def test_the_index_is_as_it_was_before(exported):
    index, _ = exported["tower", "str"]
    for loss in index.query_model.losses:
        assert np.isfinite(float(loss))
    assert len(index(of_index("tower", TOWER_QUERIES))[1]) == NUM_QUERIES


@pytest.mark.slow
def test_vectors_and_ids_lie_next_to_the_graph(tmp_path):
    vectors, sizes = np.random.default_rng(0).normal(size=(40_000, 64)).astype("float32"), []
    for number in (20_000, 40_000):
        index = BruteForce(k=2).index(vectors[:number], [f"candidate number {one}" for one in range(number)])
        path = saved_model(index, tmp_path / str(number), k=4)
        sizes.append((path / "saved_model.pb").stat().st_size)
    assert abs(sizes[1] - sizes[0]) < 10_000  # of 5 MB more of vectors and 0.4 MB of ids
    assert sum(file.stat().st_size for file in (path / "variables").iterdir()) > vectors.nbytes
    assert ask(path, queries=vectors[:3])["ids"].shape == (3, 4)


def vectors_index(model=None) -> BruteForce:
    return BruteForce(model, k=2).index(VECTORS)


@pytest.mark.slow
def test_versions_stand_side_by_side_and_are_replaced_only_when_asked(tmp_path):
    first = saved_model(vectors_index(), next_version(tmp_path / "films"))
    second = saved_model(vectors_index(), next_version(tmp_path / "films"), k=1)
    assert [first.name, second.name] == ["1", "2"]
    with pytest.raises(ArtifactError, match="must not exist yet"):
        saved_model(vectors_index(), first)
    saved_model(vectors_index(), first, k=5, overwrite=True)
    assert read_manifest(first).description["k"] == 5
