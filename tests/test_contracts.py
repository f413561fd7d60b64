"""Every exported class keeps the contract of its kind, or says why it has none."""

import importlib
import importlib.util
import inspect
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from shortlist import features, indexes, layers, losses, metrics, models, optimizers, tasks, tfrs
from shortlist.data import Interactions
from shortlist.testing import (
    check_column,
    check_index,
    check_layer,
    check_loss,
    check_metric,
    check_model,
    check_optimizer,
    check_saved,
    check_task,
)

pytestmark = pytest.mark.contract

PACKAGES = (
    "features",
    "indexes",
    "layers",
    "losses",
    "metrics",
    "models",
    "optimizers",
    "search",
    "tasks",
    "tfrs.tasks",
)
CODES = np.int32([0, 1, 1, 2])
GENERATOR = np.random.default_rng(0)
QUERIES, CANDIDATES = GENERATOR.normal(size=(2, 4, 3)).astype("float32")
CATALOG = [(np.arange(6), GENERATOR.normal(size=(6, 3)).astype("float32"))]
RETRIEVAL = {"query_embeddings": QUERIES, "candidate_embeddings": CANDIDATES, "candidate_ids": CODES}
RATINGS = {"labels": np.float32([[1], [2], [3]]), "predictions": np.float32([[2], [2], [5]])}
NUMBERS = [3.0, 9.0, 0.0, 99.0]
CITY, AGE = features.Category("city").fit(["Bonn", "Oslo"]), features.Number("age").fit([20, 40])
ENCODED = {"city": CITY.encode(["Oslo", "Rome"]), "age": AGE.encode([25, 30])}
EVENTS = {"user": list("aaabbbccdd"), "film": ["Up", "Heat", "Alien", "Up", "Jaws"] * 2}


def top_k() -> keras.metrics.Metric:
    return metrics.FactorizedTopK(CATALOG, ks=(1, 3))


def check_two_tower(folder: Path) -> None:
    data = Interactions.from_table(EVENTS, user="user", item="film")

    def make() -> models.Model:
        model = models.TwoTower.from_interactions(data, embedding_dim=4, temperature=0.1)
        model.compile(optimizer=optimizers.Adam(0.01))
        return model

    refusals = [lambda: make().predict({"user": ["a"]}), lambda: make().fit({"user": ["z"], "film": ["Up"]})]
    check_model(make, data, refusals=refusals, folder=folder)


def optimizer_case(of: Any) -> Callable[[Path], None]:
    refusals = [lambda: of(0.1, weight_decay=0.1), lambda: of(0.1, use_ema=True)]
    return lambda folder: check_optimizer(lambda: of(0.05), row_wise=True, refusals=refusals, folder=folder)


def index_case(of: Any, **settings: Any) -> Callable[[Path], None]:
    def make(vectors: Any, ids: Any, attributes: Any = None, **options: Any) -> indexes.StoredIndex:
        return of(**settings, **options).index(vectors, ids, attributes)

    return lambda folder: check_index(make, folder=folder)


CASES: dict[str, Callable[[Path], None]] = {
    "features.Buckets": lambda folder: check_column(
        features.Buckets("age", num_buckets=2),
        NUMBERS,
        unseen=[-1.0, 1e9],
        refusals=[lambda: features.Buckets("age").fit(["old"])],
        folder=folder,
    ),
    "features.Categories": lambda folder: check_column(
        features.Categories("tags"),
        [["a", "b"], ["b"], [], ["c"]],
        unseen=[["z", "a"], ["b"] * 9],
        refusals=[lambda: features.Categories("tags").fit(["a"])],
        folder=folder,
    ),
    "features.Category": lambda folder: check_column(
        features.Category("city"),
        ["Bonn", "Oslo", "Rome", "Bonn"],
        unseen=["Paris", ""],
        refusals=[lambda: CITY.encode([1])],
        folder=folder,
    ),
    "features.FeatureEncoder": lambda folder: check_layer(
        lambda: features.FeatureEncoder([CITY, AGE], 4),
        ENCODED,
        refusals=[
            lambda: features.FeatureEncoder([], 4),
            lambda: features.FeatureEncoder([AGE], 4)({"city": ENCODED["city"]}),
        ],
        folder=folder,
    ),
    "features.Number": lambda folder: check_column(
        features.Number("age"),
        NUMBERS,
        unseen=[-1.0, 1e9],
        refusals=[lambda: features.Number("age").fit(["old"]), lambda: AGE.encode([np.inf])],
        folder=folder,
    ),
    "features.Text": lambda folder: check_column(
        features.Text("title"),
        ["two words", "three more words", "two", "more"],
        unseen=["new", ""],
        refusals=[lambda: features.Text("title", max_length=0), lambda: features.Text("title").fit([1])],
        folder=folder,
    ),
    "indexes.Annoy": index_case(indexes.Annoy),
    "indexes.BruteForce": index_case(indexes.BruteForce),
    "indexes.Faiss": index_case(indexes.Faiss),
    "indexes.Partitioned": index_case(indexes.Partitioned, probes=None),
    "indexes.ScaNN": index_case(indexes.ScaNN),
    "indexes.USearch": index_case(indexes.USearch),
    "layers.Embedding": lambda folder: check_layer(lambda: layers.Embedding(3, 4), CODES, folder=folder),
    "layers.MLP": lambda folder: check_layer(lambda: layers.MLP([4, 2]), QUERIES, folder=folder),
    "layers.MeanEmbedding": lambda folder: check_layer(
        lambda: layers.MeanEmbedding(3, 4), np.int32([[0, 1], [2, -1]]), folder=folder
    ),
    "layers.StreamingFrequency": lambda folder: check_layer(
        lambda: layers.StreamingFrequency(3), CODES, folder=folder
    ),
    "losses.BPR": lambda folder: check_loss(losses.BPR(), folder=folder),
    "losses.CosineContrastive": lambda folder: check_loss(
        losses.CosineContrastive(margin=0.2), folder=folder
    ),
    "losses.GBCE": lambda folder: check_loss(losses.GBCE(), folder=folder),
    "losses.InBatchSoftmax": lambda folder: check_loss(
        losses.InBatchSoftmax(temperature=0.5, label_smoothing=0.1),
        refusals=[lambda: losses.InBatchSoftmax(temperature=0)],
        folder=folder,
    ),
    "losses.OnLogits": lambda folder: check_loss(
        losses.OnLogits(keras.losses.CategoricalCrossentropy(from_logits=True)), drawn=False, folder=folder
    ),
    "losses.SampledSoftmax": lambda folder: check_loss(losses.SampledSoftmax(), folder=folder),
    "metrics.FactorizedTopK": lambda folder: check_metric(
        top_k,
        {"query_embeddings": QUERIES, "true_candidate_ids": CODES},
        refusals=[lambda: metrics.FactorizedTopK(CATALOG, ks=(0,))],
        folder=folder,
    ),
    "models.Tower": lambda folder: check_layer(
        lambda: models.Tower([CITY, AGE], 4, hidden_units=(3,), l2=0.1),
        ENCODED,
        refusals=[lambda: models.Tower([], 4)],
        folder=folder,
    ),
    "models.TwoTower": check_two_tower,
    "optimizers.Adagrad": optimizer_case(optimizers.Adagrad),
    "optimizers.Adam": optimizer_case(optimizers.Adam),
    "optimizers.RowWiseAdagrad": optimizer_case(optimizers.RowWiseAdagrad),
    "optimizers.SGD": optimizer_case(optimizers.SGD),
    "tasks.Ranking": lambda folder: check_task(
        lambda: tasks.Ranking("MeanSquaredError", keras.metrics.MeanAbsoluteError()),
        RATINGS,
        refusals=[lambda: tasks.Ranking(abs)],
        folder=folder,
    ),
    "tasks.Retrieval": lambda folder: check_task(
        lambda: tasks.Retrieval(metrics=top_k()),
        RETRIEVAL,
        refusals=[lambda: tasks.Retrieval()(QUERIES, CANDIDATES[:2])],
        folder=folder,
    ),
    "tfrs.tasks.Ranking": lambda folder: check_task(
        lambda: tfrs.tasks.Ranking(keras.losses.MeanSquaredError()), RATINGS, folder=folder
    ),
    "tfrs.tasks.Retrieval": lambda folder: check_task(
        lambda: tfrs.tasks.Retrieval(remove_accidental_hits=True),
        RETRIEVAL,
        refusals=[lambda: tfrs.tasks.Retrieval(remove_accidental_hits=True)(QUERIES, CANDIDATES)],
        folder=folder,
    ),
}

IS_A_BASE = "abstract, or a protocol; its implementations have cases"
HOLDS_DATA = "holds data, and is tested with the classes that take it"
IS_IN_AN_INDEX = "part of each index, which has a case"
IS_A_SOURCE = "draws rows for a loss: tests/losses/test_negative_sources.py"
IS_A_MODEL_BASE = "abstract; tests/testing/test_models.py checks a subclass"

REASONS = {
    "features.Column": IS_A_BASE,
    "features.FeatureSpec": "check_column saves and loads one for each column",
    "features.Lookup": "takes text, which not every backend has: tests/features/test_lookup.py",
    "features.Vocabulary": HOLDS_DATA,
    "features.VocabularySize": HOLDS_DATA,
    "indexes.Index": IS_A_BASE,
    "indexes.QueryEncoder": IS_A_BASE,
    "indexes.StoredIndex": "the indexes with cases derive from it, and docs/extending.md checks one",
    "indexes.Streaming": "keeps no candidates, so it has no changes: tests/indexes/test_streaming.py",
    "losses.ColumnNegatives": IS_A_SOURCE,
    "losses.DrawContext": HOLDS_DATA,
    "losses.FrequencyNegatives": IS_A_SOURCE,
    "losses.InBatchNegatives": IS_A_SOURCE,
    "losses.IndexNegatives": IS_A_SOURCE,
    "losses.NegativeSource": IS_A_BASE,
    "losses.Negatives": HOLDS_DATA,
    "losses.RetrievalLoss": IS_A_BASE,
    "losses.UniformNegatives": IS_A_SOURCE,
    "losses.Vectors": HOLDS_DATA,
    "metrics.CatalogMetric": IS_A_BASE,
    "metrics.RankingMetric": IS_A_BASE,
    "metrics.TrueRanks": HOLDS_DATA,
    "models.CatalogModel": IS_A_BASE,
    "models.InteractionBatches": HOLDS_DATA,
    "models.Model": IS_A_MODEL_BASE,
    "models.TabularModel": IS_A_MODEL_BASE,
    "optimizers.RowWise": IS_A_BASE,
    "search.Answer": HOLDS_DATA,
    "search.Attributes": IS_IN_AN_INDEX,
    "search.CandidateStore": IS_IN_AN_INDEX,
    "search.Engine": IS_A_BASE,
    "search.EngineSpec": IS_A_BASE,
    "search.ExactSpec": IS_IN_AN_INDEX,
    "search.PartitionedSpec": IS_IN_AN_INDEX,
    "search.RowFilter": HOLDS_DATA,
    "tasks.Task": IS_A_BASE,
    "tfrs.tasks.Task": IS_A_BASE,
}


def exported_classes() -> list[str]:
    """Return `package.Class` for each exported class; a class with two names is listed once."""
    found: dict[Any, str] = {}
    for package in PACKAGES:
        module = importlib.import_module(f"shortlist.{package}")
        for name in module.__all__:
            if inspect.isclass(getattr(module, name)):
                found.setdefault((package, getattr(module, name)), f"{package}.{name}")
    return list(found.values())


def differences(exported: Iterable[str]) -> dict[str, set[str]]:
    """Return the classes without a case or a reason, those with both, and those that are not exported."""
    exported, cases, reasons = set(exported), set(CASES), set(REASONS)
    return {
        "needs a case or a reason": exported - cases - reasons,
        "has a case and a reason": cases & reasons,
        "is not exported": (cases | reasons) - exported,
    }


def test_every_exported_class_has_a_case_or_a_reason() -> None:
    problems = {problem: sorted(names) for problem, names in differences(exported_classes()).items() if names}
    assert not problems, f"correct CASES or REASONS in this file: {problems}"


def test_an_export_without_a_case_is_reported() -> None:
    assert differences([*exported_classes(), "losses.New"])["needs a case or a reason"] == {"losses.New"}
    assert differences(set(exported_classes()) - {"losses.BPR"})["is not exported"] == {"losses.BPR"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder that the checks save to, and that one new process loads."""
    return tmp_path_factory.mktemp("saved")


@pytest.mark.parametrize("name", CASES)
def test_contract(name: str, folder: Path) -> None:
    CASES[name](folder)


def test_a_new_process_loads_what_was_saved(folder: Path) -> None:
    """Load what the tests above saved; this one must stay last."""
    if not list(folder.iterdir()):
        pytest.skip("no test before this one has saved anything")
    check_saved(folder)
