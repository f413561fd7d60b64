"""A data set: interactions, and what is known about users and items."""

from dataclasses import dataclass

import pyarrow as pa

from shortlist.data._interactions import Interactions

__all__ = ["Dataset"]


@dataclass(frozen=True)
class Dataset:
    """Interactions with the features of their users and items.

    Args:
        name: A short name, such as `"ml-100k"`.
        interactions: Who met what.
        users: One row for each user; has the interactions' column of user ids.
        items: One row for each item; has the interactions' column of item ids.
        title: The column of `items` with a readable title, if there is one.

    Example:
        >>> films = pa.table({"i": [5, 6], "name": ["Up", "Heat"]})
        >>> events = Interactions.from_table({"u": [1, 1], "i": [6, 5]}, user="u", item="i")
        >>> data = Dataset("two films", events, pa.table({"u": [1], "age": [30]}), films, title="name")
        >>> data.joined().column("name").tolist()
        ['Heat', 'Up']
    """

    name: str
    interactions: Interactions
    users: pa.Table
    items: pa.Table
    title: str | None = None

    def joined(self) -> Interactions:
        """Return the interactions with the features of users and items as columns.

        Raises:
            DataError: If an id has no row of features, or two columns have one name.
        """
        return self.interactions.join(users=self.users, items=self.items)
