import numpy as np

from shortlist.data.encoded import ArrayRows


def test_arrays_in_an_order_that_the_seed_decides():
    rows = ArrayRows({"a": np.arange(20), "b": np.arange(40).reshape(20, 2)})
    assert len(rows) == 20
    assert rows.in_order(None)(3, 6)["a"].tolist() == [3, 4, 5]
    found, again, other = (rows.in_order(seed)(0, 20) for seed in ((1, 2), (1, 2), (1, 3)))
    assert sorted(found["a"].tolist()) == list(range(20))
    np.testing.assert_array_equal(found["b"][:, 1], 2 * found["a"] + 1)
    np.testing.assert_array_equal(found["a"], again["a"])
    assert found["a"].tolist() not in (other["a"].tolist(), list(range(20)))
