import pandas as pd
import pytest

from shortlist.data import Histories, leave_last_out, random_split, time_split
from shortlist.errors import ArgumentError

FRAME = pd.DataFrame({"user": [1, 1, 2], "film": [4, 5, 4]})


@pytest.mark.parametrize("use", [random_split, time_split, leave_last_out, Histories.from_interactions])
@pytest.mark.parametrize("value", [FRAME, FRAME.to_dict("list"), None])
def test_a_frame_is_refused_with_the_way_to_make_interactions(use, value):
    message = rf"a {type(value).__name__}, expected Interactions: make them with Interactions\.from_table\("
    with pytest.raises(ArgumentError, match=message):
        use(value)
