"""Exactly the same numbers on the host and in a graph, which is exported with its tables."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shortlist.errors import FeatureError
from shortlist.features import Buckets, Categories, Category, Number, Text, Vocabulary

if keras.config.backend() != "tensorflow":
    pytest.skip("graphs are TensorFlow's", allow_module_level=True)

import tensorflow as tf

from shortlist.export.graph import FeatureGraphEncoder, to_graph
from shortlist.features.columns._text import tokenize

INT64 = st.integers(-(2**63), 2**63 - 1)
FLOATS = st.floats(-1e30, 1e30, width=64)
TEXT = st.text(max_size=40) | st.sampled_from(["a b", "A-B c", "é É", "x\0y", " ", "a " * 50])
LABEL = st.sampled_from(["a", "b", "c", "", "é", "\0"])


def rows(size):
    return st.fixed_dictionaries(
        {
            "user": st.lists(st.text(max_size=2) | LABEL, min_size=size, max_size=size),
            "film": st.lists(INT64 | st.integers(0, 9), min_size=size, max_size=size),
            "blob": st.lists(st.binary(max_size=2), min_size=size, max_size=size),
            "genres": st.lists(st.lists(LABEL, max_size=5), min_size=size, max_size=size),
            "tags": st.lists(st.lists(st.integers(-2, 3), max_size=4), min_size=size, max_size=size),
            "title": st.lists(TEXT, min_size=size, max_size=size),
            "year": st.lists(FLOATS | st.integers(1900, 2000).map(float), min_size=size, max_size=size),
            "time": st.lists(
                st.integers(0, 2**40) | st.sampled_from(range(0, 6 * 2**37, 2**37)),
                min_size=size,
                max_size=size,
            ),
        }
    )


FITTED_ON = {
    "user": ["a", "é", "", "\0", "a\0"],
    "film": [1, 2, 2**40, -7],
    "blob": [b"", b"\0", b"a", b"\xff"],
    "genres": [["a", "b", "é"], []],
    "tags": [[1, 2], [3]],
    "title": ["a b c é x", "a b"],
    "year": [1900.5, 1950.0, 2000.0],
    "time": list(range(0, 6 * 2**37, 2**37)),  # with five buckets, each but the ends is an edge
}
COLUMNS = [
    Category("user").fit(FITTED_ON["user"]),
    Category("film").fit(FITTED_ON["film"]),
    Category("blob").fit(FITTED_ON["blob"]),
    Categories("genres").fit(FITTED_ON["genres"]),
    Categories("tags").fit(FITTED_ON["tags"]),
    Text("title", max_length=4).fit(FITTED_ON["title"]),
    Number("year").fit(FITTED_ON["year"]),
    Buckets("time", num_buckets=5).fit(FITTED_ON["time"]),
]


@pytest.fixture(scope="module")
def encode():
    encoder = FeatureGraphEncoder(COLUMNS)
    return tf.function(encoder, input_signature=[encoder.input_signature()])


def tensors(raw):
    lists = {
        "genres": tf.ragged.constant(raw["genres"], dtype=tf.string, ragged_rank=1).to_tensor(),
        "tags": tf.ragged.constant(raw["tags"], dtype=tf.int64, ragged_rank=1).to_tensor(default_value=-1),
    }
    kinds = {"film": tf.int64, "year": tf.float64, "time": tf.int64}
    scalars = {
        name: tf.constant(values, kinds.get(name, tf.string))
        for name, values in raw.items()
        if name not in lists
    }
    return scalars | lists


@settings(max_examples=100, deadline=None)
@given(raw=st.integers(1, 4).flatmap(rows))
def test_graph_equals_host(raw, encode):
    encoded = encode(tensors(raw))
    assert list(encoded) == [column.column for column in COLUMNS]
    for column in COLUMNS:
        host_array, graph_fn = column.encode(raw[column.column]), encoded[column.column].numpy()
        assert graph_fn.dtype == host_array.dtype
        np.testing.assert_array_equal(graph_fn, host_array, err_msg=column.column)


def test_the_exported_graph_holds_its_tables(tmp_path, run_python):
    class Exported(tf.Module):
        def __init__(self):
            super().__init__()
            self.encoder = FeatureGraphEncoder(COLUMNS)
            self.encode = tf.function(self.encoder, input_signature=[self.encoder.input_signature()])

    tf.saved_model.save(Exported(), str(tmp_path / "exported"))
    raw = {
        "user": ["é", "?"],
        "film": [2**40, 3],
        "blob": [b"\xff", b"?"],
        "genres": [["b"], []],
        "tags": [[3], [9]],
    }
    raw |= {"title": ["C b!", ""], "year": [1950.0, 1.5], "time": [5, 2**39]}
    expected = {column.column: column.encode(raw[column.column]).tolist() for column in COLUMNS}
    run_python(
        f"""
import numpy as np, tensorflow as tf
raw = {dict(raw, genres=[["b"], [""]])!r}
kinds = {{"film": tf.int64, "tags": tf.int64, "time": tf.int64, "year": tf.float64}}
tensors = {{name: tf.constant(values, kinds.get(name, tf.string)) for name, values in raw.items()}}
encoded = tf.saved_model.load("exported").encode(tensors)
for name, values in {expected!r}.items():
    np.testing.assert_allclose(encoded[name], values, rtol=1e-6, err_msg=name)
""",
        package=False,
    )


def test_an_unfitted_column_is_refused():
    with pytest.raises(FeatureError, match="column 'user' must be fitted before it is used"):
        FeatureGraphEncoder([Category("user")])


@given(texts=st.lists(st.text(max_size=3) | st.sampled_from(["é", "\0", "a"]), min_size=1, max_size=5))
def test_text_asked_of_bytes_is_utf8_on_both_sides(texts):
    column = Category("blob").fit([b"a", b"\xc3\xa9", b"\0", b"\xff"])
    graph_fn = FeatureGraphEncoder([column])({"blob": tf.constant(texts)})["blob"]
    np.testing.assert_array_equal(graph_fn, column.encode(texts))


def test_the_graph_takes_the_seconds_of_a_time():
    times = np.array(["2024-02-29T12:30:01", "1969-12-31", "2031-07-01"], "datetime64[ms]")
    seconds = times.astype("int64") / 1000
    columns = [Number("number").fit(times), Buckets("bucket", num_buckets=3).fit(times)]
    encoder = FeatureGraphEncoder(columns)
    assert {spec.dtype for spec in encoder.input_signature().values()} == {tf.float64}
    encoded = encoder(dict.fromkeys(("number", "bucket"), tf.constant(seconds)))
    for column in columns:
        np.testing.assert_array_equal(encoded[column.column], column.encode(times))


def graph_words(texts):
    """The words that the graph encoder splits, told apart by a vocabulary of all words there are."""
    words = sorted({word for text in texts for word in tokenize(text)}) or ["none"]
    column = Text("title", max_length=max(1, *(len(text) for text in texts)), vocabulary=Vocabulary(words))
    rows = to_graph(column)(tf.constant(texts)).numpy()
    return [[words[row - 1] if row else "?" for row in rows_of_text if row >= 0] for rows_of_text in rows]


@settings(max_examples=100, deadline=None)
@given(texts=st.lists(st.text(), min_size=1, max_size=20))
def test_words_of_any_text(texts):
    assert graph_words(texts) == [tokenize(text) for text in texts]


def test_every_character_of_the_basic_plane_between_letters():
    characters = [chr(code) for code in range(0x10000) if not 0xD800 <= code <= 0xDFFF]
    texts = [f"A{character}B" for character in characters]
    assert graph_words(texts) == [tokenize(text) for text in texts]
