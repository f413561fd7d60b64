"""TensorFlow Recommenders' names over Shortlist's parts: `import shortlist.tfrs as tfrs`.

Classes and argument orders are those of TensorFlow Recommenders 0.7.7, with `layers.ann` and
`tasks.RetrievalTask` of its first release next to them, so that a program written for it runs on Keras 3 by
changing its import line. They hold names and argument orders; everything is done by the parts of Shortlist
that they wrap. What differs on purpose: catalog metrics are computed in evaluation, not while training; and
an id that stands for two different vectors is refused.
"""

from shortlist.models import Model
from shortlist.tfrs import layers, metrics, models, tasks

__all__ = ["Model", "layers", "metrics", "models", "tasks"]
