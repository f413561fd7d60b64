import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortlist.errors import FeatureError
from shortlist.ids import DistinctIds, Vocabulary


@pytest.mark.contract
@given(parts=st.lists(st.lists(st.integers(0, 9)), min_size=1), as_text=st.booleans())
def test_parts_give_the_vocabulary_of_the_whole(parts, as_text):
    parts = [[str(value) for value in part] if as_text else part for part in parts]
    whole = [value for part in parts for value in part]
    ids = DistinctIds()
    for part in parts:
        ids.add(part)
    if whole:
        assert ids.vocabulary() == Vocabulary.from_values(whole)
    else:
        with pytest.raises(FeatureError, match="at least one row to fit on"):
            ids.vocabulary()


def test_a_part_of_another_kind_is_refused():
    ids = DistinctIds()
    ids.add(np.array([1, 2]))
    ids.add([])
    with pytest.raises(FeatureError, match="must be int64 such as 1, as in the rows before, got str"):
        ids.add(["a"])
