import io

import numpy as np
import pytest
from hypothesis import given
from rich.console import Console
from tests.evaluation.worlds import interactions, worlds
from tests.oracles.spread import spread

from shortlist.errors import ArgumentError
from shortlist.evaluation import Popularity, Random, Report, compare, evaluate

# Four users; the popular item 1 is known to all, and each has a favorite of his own.
TRAIN = interactions([(user, item) for user in range(4) for item in (1, 10 + user)] + [(9, 20), (9, 21)])
TEST = interactions([(user, 30 + user % 2) for user in range(4)])
ROWS = {"model": {"recall_at_1": 0.5}, "popularity": {"recall_at_1": 0.25}}


def oracle(user_ids, k, exclude):
    return np.array([[30 + user % 2, user + 10, 20, 21][:k] for user in user_ids.tolist()])


def constant(user_ids, k, exclude):
    return np.tile([1, 10, 11, 12][:k], (len(user_ids), 1))


@pytest.mark.filterwarnings("ignore:.* of the test rows .* repeat a")
@given(world=worlds())
def test_every_row_is_what_evaluate_says(world):
    test, train = interactions(world.test), interactions(world.train)
    options = {"ks": world.ks, "metrics": ("recall", "map"), "average": "user"}
    report = compare({"table": world.recommend}, test, train=train, exclude=train, **options)
    recommenders = {
        "table": world.recommend,
        "popularity": Popularity.from_interactions(train),
        "random": Random.from_interactions(train),
    }
    assert list(report.rows) == list(recommenders)
    for name, recommend in recommenders.items():
        expected = evaluate(recommend, test, exclude=train, **options)
        assert {metric: report.rows[name][metric] for metric in expected} == expected


def test_coverage_is_the_share_of_training_items_that_any_list_holds():
    rows = compare({"oracle": oracle}, TEST, train=TRAIN, ks=(1, 3)).rows
    assert rows["oracle"]["coverage_at_1"] == 0  # 30 and 31 are not in train
    assert rows["oracle"]["coverage_at_3"] == 5 / 7
    assert rows["popularity"]["coverage_at_1"] == 1 / 7


def test_spread_over_the_training_items_equals_the_oracle():
    rows = compare({"oracle": oracle}, TEST, train=TRAIN, ks=(1, 3)).rows["oracle"]
    lists = oracle(np.arange(4), 3, None).tolist()
    for k in (1, 3):
        shown = [item for line in lists for item in line[:k]]
        expected = spread(shown, TRAIN.items.tolist())
        assert {name: rows[f"{name}_at_{k}"] for name in expected} == pytest.approx(expected)


def test_a_good_model_gives_no_warning():
    assert compare({"oracle": oracle}, TEST, train=TRAIN, ks=(3,)).warnings == ()


def test_a_model_below_popularity_is_named_with_its_numbers():
    test = interactions([(user, 1) for user in range(4)])
    warnings = compare({"oracle": oracle, "constant": constant}, test, train=TRAIN, ks=(2,)).warnings
    assert (
        warnings[0] == "oracle is below popularity: recall_at_2 0.0000 < 1.0000, ndcg_at_2 0.0000 < 1.0000."
    )
    assert not any("constant is below" in warning for warning in warnings)


def test_a_model_that_covers_less_than_popularity_is_named():
    (warning,) = compare({"oracle": oracle}, TEST, train=TRAIN, exclude=TRAIN, ks=(1,)).warnings
    assert warning.startswith(
        "oracle recommends fewer different items than popularity: coverage_at_1 0.0000 <"
    )


def test_a_model_that_gives_everybody_the_same_is_named_though_exclusions_differ():
    popularity = Popularity.from_interactions(TRAIN)
    (warning,) = compare({"model": popularity}, TEST, train=TRAIN, exclude=TRAIN, ks=(1, 3)).warnings
    assert warning.startswith("model recommends the same items to everybody")


def test_one_user_alone_is_not_everybody():
    test = interactions([(0, 11)])
    assert compare({"model": constant}, test, train=TRAIN, ks=(1,)).warnings == ()


@pytest.mark.parametrize("name", ["popularity", "random"])
def test_a_model_does_not_take_the_name_of_a_baseline(name):
    with pytest.raises(ArgumentError, match=f"models must not use the name of a baseline, got '{name}'"):
        compare({name: oracle}, TEST, train=TRAIN)


def test_the_protocol_is_told():
    kept = compare({"oracle": oracle}, TEST, train=TRAIN, ks=(1,)).protocol
    assert kept == "4 test rows of 4 users, whole catalog, nothing excluded; mean over test rows"
    removed = compare({"oracle": oracle}, TEST, train=TRAIN, exclude=TRAIN, ks=(1,), average="user").protocol
    assert removed.endswith("items already met excluded; mean over users")


def test_text_has_the_numbers_and_then_the_notes():
    lines = str(Report(ROWS, ("w" * 200,), "two rows")).splitlines()
    assert lines[0].split("|")[2].strip() == "model"
    assert [cell.strip() for cell in lines[2].split("|")[1:4]] == ["recall_at_1", "0.500", "0.250"]
    assert lines[3:] == ["two rows", "warning: " + "w" * 200]


def test_the_table_is_for_rich():
    console = Console(file=io.StringIO(), width=80)
    with console.capture() as captured:
        console.print(Report(ROWS).table())
    assert "popularity" in captured.get()
    assert "0.500" in captured.get()


def test_the_same_first_place_for_everybody_is_named() -> None:
    def same_first(user_ids, k, exclude):
        return np.array([[1, 10 + user, 20][:k] for user in user_ids.tolist()])

    warnings = compare({"model": same_first}, TEST, train=TRAIN, ks=(1, 3)).warnings
    assert any("the same items to everybody" in warning for warning in warnings)
