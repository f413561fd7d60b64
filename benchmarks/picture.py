"""Draw the recall of the quickstart model and its baselines: `python -m benchmarks.picture`."""

from pathlib import Path

import matplotlib as mpl
import numpy as np

import shortlist as sl
from shortlist.cli._quickstart import train_model

OUTPUT = Path("docs/images/recall.svg")
EASE_L2 = 300.0
COLORS = {10: "#1f6feb", 100: "#9ec5fe"}


def ease(train: sl.data.Interactions) -> sl.evaluation.Recommend:
    """Fit EASE, the closed-form linear model of Steck (WWW 2019).

    `B = -P / diag(P)` with `P = (X^T X + l2 I)^-1` and a zero diagonal; scores are `X B`.
    """
    users, user_rows = np.unique(train.users, return_inverse=True)
    items, item_rows = np.unique(train.items, return_inverse=True)
    seen = np.zeros((len(users), len(items)))
    seen[user_rows, item_rows] = 1.0
    inverse = np.linalg.inv(seen.T @ seen + EASE_L2 * np.eye(len(items)))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    rows = {user: row for row, user in enumerate(users.tolist())}

    def recommend(user_ids: np.ndarray, k: int, exclude: list[np.ndarray] | None) -> np.ndarray:
        known = np.array([rows.get(user, -1) for user in user_ids.tolist()])
        scores = np.where(known[:, None] < 0, 0.0, seen[known]) @ weights
        for row, ids in enumerate(exclude or []):
            scores[row, np.isin(items, ids)] = -np.inf
        return items[np.argsort(-scores, axis=1)[:, :k]]

    return recommend


def measure() -> dict[str, tuple[float, float]]:
    """Return recall at 10 and 100 on a random 80/20 split of MovieLens 100K, by recommender."""
    data = sl.data.load_movielens("100k")
    train, test = sl.data.random_split(data.interactions, test_fraction=0.2, seed=42)
    index = train_model(train, epochs=10).build_index()
    models = {"EASE": ease(train), "Shortlist quickstart": sl.evaluation.recommender(index)}
    rows = sl.evaluation.compare(models, test, train=train, exclude=train).rows
    names = ("random", "popularity", "EASE", "Shortlist quickstart")
    return {name: (rows[name]["recall_at_10"], rows[name]["recall_at_100"]) for name in names}


def draw(recalls: dict[str, tuple[float, float]], path: Path) -> None:
    """Write a bar chart of the recalls."""
    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "shortlist"  # the same picture gives the same file
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 2.6), layout="constrained")
    heights = np.arange(len(recalls))
    for column, k in reversed(list(enumerate((10, 100)))):
        values = [recall[column] for recall in recalls.values()]
        bars = axes.barh(heights, values, height=0.62, color=COLORS[k], label=f"recall@{k}")
        axes.bar_label(bars, fmt="%.3f", padding=3, fontsize=8)
    axes.set_yticks(heights, list(recalls))
    axes.set_xlim(0, 0.75)
    axes.set_title("MovieLens 100K, full catalog, training items excluded", fontsize=9, loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8, loc="lower right")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    recalls = measure()
    print(*(f"{name}: {ten:.4f} / {hundred:.4f}" for name, (ten, hundred) in recalls.items()), sep="\n")
    draw(recalls, OUTPUT)
