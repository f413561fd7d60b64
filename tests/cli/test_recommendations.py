import numpy as np
import pyarrow as pa
from rich.console import Console

from shortlist.cli._recommendations import recommendation_tables, users_with_likes
from shortlist.data import Dataset, Interactions

ROLES = {"user": "user", "item": "item", "rating": "stars", "timestamp": "day"}
ROWS = [("ann", 1, 5, 30), ("ann", 2, 4, 10), ("ann", 3, 3, 20), ("bob", 2, 5, 10), ("eve", 1, 1, 10)]
FILMS = pa.table({"item": [1, 2, 3, 4], "name": ["Up", "Heat", "Alien", "Brazil"]})


def interactions(rows):
    users, items, stars, days = zip(*rows, strict=True)
    columns = {"user": list(users), "item": list(items), "stars": np.float32(stars), "day": list(days)}
    return Interactions.from_table(columns, **ROLES)


class Index:
    """Recommends 4 and then nothing, and keeps what it was asked."""

    def __call__(self, users, k, exclude):
        self.asked = (users.tolist(), k, [ids.tolist() for ids in exclude])
        return None, np.array([[4, -1]] * len(users))


def tables_of(title="name", num_users=3, num_titles=5):
    train, test = interactions(ROWS), interactions([("eve", 2, 3, 40), ("ann", 4, 4, 40), ("bob", 1, 4, 40)])
    dataset, index = Dataset("films", train, pa.table({"user": ["ann"]}), FILMS, title=title), Index()
    users = users_with_likes(train, test, num_users=num_users, num_titles=num_titles)
    tables = list(recommendation_tables(index, dataset, train, users, num_titles=num_titles))
    return index, [[list(column.cells) for column in table.columns] for table in tables], tables


def test_latest_likes_stand_next_to_recommendations_by_title():
    _, cells, tables = tables_of(num_users=1, num_titles=2)
    assert cells == [[["Heat", "Up"], ["Brazil", ""]]]
    assert tables[0].title == "user ann"


def test_users_with_likes_come_first_in_their_order():
    index, cells, _ = tables_of(num_users=3, num_titles=1)
    assert index.asked == (["ann", "bob", "eve"], 1, [[2, 3, 1], [2], [1]])
    assert [liked for liked, _ in cells] == [["Up"], ["Heat"], [""]]


def test_without_titles_ids_are_shown():
    assert tables_of(title=None, num_users=1, num_titles=1)[1] == [[["1"], ["4"]]]


def test_titles_are_not_read_as_markup(capsys):
    films = pa.table({"item": [1, 2, 3, 4], "name": ["[b]Up", "[REC]", "x", "[REC] 2"]})
    train = interactions(ROWS)
    dataset = Dataset("films", train, pa.table({"user": ["ann"]}), films, title="name")
    for table in recommendation_tables(Index(), dataset, train, train.users[:1], num_titles=2):
        Console(width=80).print(table)
    shown = capsys.readouterr().out
    assert "[REC]" in shown
    assert "[b]Up" in shown
    assert "[REC] 2" in shown
