"""Recommenders on Keras 3: build, evaluate and serve them.

```
interactions -> features -> towers ---> task -----> metrics     evaluation (evaluates lists of ids)
  data/         features/   layers/     tasks/      metrics/          ^
                            models/   = losses/ + metrics/            |
                               |                                      |
                               +-> candidate vectors -> index --------+-> export -> artifact -> server
                                                    search/ indexes/      export/   artifacts/  serving/
```

The parts are loaded on first use, so that `import shortlist` takes no time and no backend is imported before
it is needed.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shortlist import (
        data,
        evaluation,
        export,
        features,
        indexes,
        layers,
        losses,
        metrics,
        models,
        ops,
        optimizers,
        search,
        tasks,
        testing,
    )
    from shortlist.models import Model, load_model

__version__ = "0.1.0"

__all__ = [
    "Model",
    "__version__",
    "data",
    "evaluation",
    "export",
    "features",
    "indexes",
    "layers",
    "load_model",
    "losses",
    "metrics",
    "models",
    "ops",
    "optimizers",
    "search",
    "tasks",
    "testing",
]


def __getattr__(name: str) -> Any:
    if name in ("Model", "load_model"):
        return getattr(importlib.import_module("shortlist.models"), name)
    if name in __all__:
        return importlib.import_module(f"shortlist.{name}")
    raise AttributeError(f"module 'shortlist' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
