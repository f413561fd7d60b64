"""`FeatureEncoder` equals the rows of its tables, averaged by hand."""

import keras
import numpy as np
import pytest
from keras import ops

from shortlist.errors import ArgumentError, FeatureError
from shortlist.features import Buckets, Categories, Category, FeatureEncoder, Number, Text

pytestmark = [
    pytest.mark.contract,
    pytest.mark.filterwarnings(
        "ignore:__array__ implementation:DeprecationWarning"
    ),  # Keras' variables, NumPy 2.4
]

RAW = {
    "film": [7, 8, 9],
    "year": [1990.0, 2000.0, 2010.0],
    "genres": [["a", "b", "?"], [], ["b"]],
    "title": ["x y", "z", ""],
    "time": [1, 2, 3],
}
COLUMNS = [
    Category("film").fit([8, 7]),
    Number("year").fit(RAW["year"]),
    Categories("genres", max_length=4).fit([["a", "b"]]),
    Text("title").fit(RAW["title"]),
    Buckets("time", num_buckets=2).fit(RAW["time"]),
]


@pytest.fixture
def encoded():
    return {column.column: column.encode(RAW[column.column]) for column in COLUMNS}


def mean_of_rows(table, rows):
    present = [table[row] for row in rows if row != -1]
    return np.mean(present, axis=0) if present else np.zeros(table.shape[1])


def test_vectors_equal_the_tables_rows(encoded):
    encoder = FeatureEncoder(COLUMNS, embedding_dim=3)
    vectors = ops.convert_to_numpy(encoder(encoded))
    films, genres, titles, times = encoder.get_weights()
    expected = np.concatenate(
        [
            films[encoded["film"]],
            encoded["year"][:, None],
            [mean_of_rows(genres, rows) for rows in encoded["genres"]],
            [mean_of_rows(titles, rows) for rows in encoded["title"]],
            times[encoded["time"]],
        ],
        axis=1,
    )
    assert vectors.shape == (3, 13)
    np.testing.assert_allclose(vectors, expected, rtol=1e-6, atol=1e-7)
    assert encoder.compute_output_shape({name: array.shape for name, array in encoded.items()}) == (3, 13)


def test_tables_have_the_size_of_the_vocabulary(encoded):
    encoder = FeatureEncoder(COLUMNS, embedding_dim=3)
    encoder(encoded)
    assert [tuple(weight.shape) for weight in encoder.trainable_weights] == [(3, 3), (3, 3), (4, 3), (2, 3)]


def test_one_category_is_its_embedding(encoded):
    encoder = FeatureEncoder(COLUMNS[:1], embedding_dim=5)
    vectors = ops.convert_to_numpy(encoder({"film": encoded["film"]}))
    np.testing.assert_array_equal(vectors, encoder.get_weights()[0][[2, 1, 0]])


def test_padding_trains_nothing(encoded):
    encoder = FeatureEncoder([COLUMNS[2]], embedding_dim=2)
    shorter = {"genres": encoded["genres"][:, :3]}
    longer = {"genres": np.pad(encoded["genres"], [(0, 0), (0, 9)], constant_values=-1)}
    np.testing.assert_allclose(
        ops.convert_to_numpy(encoder(shorter)), ops.convert_to_numpy(encoder(longer)), rtol=1e-6
    )


def test_a_config_makes_the_same_layer(encoded):
    encoder = FeatureEncoder(COLUMNS, embedding_dim=3)
    encoder(encoded)
    again = FeatureEncoder.from_config(encoder.get_config())
    again(encoded)
    again.set_weights(encoder.get_weights())
    np.testing.assert_array_equal(
        ops.convert_to_numpy(again(encoded)), ops.convert_to_numpy(encoder(encoded))
    )


def test_symbolic_shapes_equal_eager_ones_and_the_model_is_saved(encoded, tmp_path):
    inputs = {
        name: keras.Input(array.shape[1:], dtype=array.dtype.name, name=name)
        for name, array in encoded.items()
    }
    model = keras.Model(inputs, FeatureEncoder(COLUMNS, embedding_dim=3)(inputs))
    assert model.output_shape == (None, 13)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.predict(encoded, verbose=0), model.predict(encoded, verbose=0))


def test_mixed_precision(encoded):
    encoder = FeatureEncoder(COLUMNS, embedding_dim=3, dtype="mixed_float16")
    vectors = encoder(encoded)
    assert keras.backend.standardize_dtype(vectors.dtype) == "float16"
    assert all(
        keras.backend.standardize_dtype(weight.dtype) == "float32" for weight in encoder.trainable_weights
    )


def test_what_does_not_fit_is_refused(encoded):
    encoder = FeatureEncoder(COLUMNS, embedding_dim=3)
    with pytest.raises(FeatureError, match="features must have the column 'genres'"):
        encoder({name: array for name, array in encoded.items() if name != "genres"})
    with pytest.raises(FeatureError, match=r"encoded column 'film' must have rank 1.* got shape \(3, 1\)"):
        encoder({**encoded, "film": encoded["film"][:, None]})


@pytest.mark.parametrize(
    ("columns", "width", "error", "message"),
    [
        ([], 3, ArgumentError, "columns must be at least one"),
        ([COLUMNS[0], COLUMNS[0]], 3, ArgumentError, "with distinct names"),
        (COLUMNS, 0, ArgumentError, "embedding_dim must be >= 1, got 0"),
        ([Category("film")], 3, FeatureError, "column 'film' must be fitted before it is used"),
    ],
)
def test_declarations_that_make_no_sense_are_refused(columns, width, error, message):
    with pytest.raises(error, match=message):
        FeatureEncoder(columns, embedding_dim=width)
