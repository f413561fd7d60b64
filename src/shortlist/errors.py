"""The exceptions Shortlist raises, and the tree they form.

```
Exception
└── ShortlistError
    ├── DataError             (ValueError)    a file, column or row that cannot be read as interactions
    ├── FeatureError          (ValueError)    a feature whose values do not fit what was declared or learnt
    ├── ArgumentError         (ValueError)    an argument out of its range, or a tensor of the wrong shape
    ├── NotIndexedError       (RuntimeError)  an index was asked before it held candidates
    ├── DatasetUnavailable    (RuntimeError)  a dataset that can be found neither on disk nor on the network
    ├── ArtifactError         (RuntimeError)  something saved that is incomplete or changed
    ├── BackendError          (RuntimeError)  what the backend in use cannot do
    └── MissingExtraError     (ImportError)   an optional package that is not installed
```

Every message says what came, what was expected and what to do. Each class also derives from the built-in
exception that a caller would have guarded against anyway, so `except ValueError` keeps working.
"""

__all__ = [
    "ArgumentError",
    "ArtifactError",
    "BackendError",
    "DataError",
    "DatasetUnavailable",
    "FeatureError",
    "MissingExtraError",
    "NotIndexedError",
    "ShortlistError",
]


class ShortlistError(Exception):
    """The base of every exception that Shortlist raises itself."""


class DataError(ShortlistError, ValueError):
    """A file, column or row that cannot be read as interactions."""


class FeatureError(ShortlistError, ValueError):
    """A feature whose values do not fit what was declared or learnt."""


class ArgumentError(ShortlistError, ValueError):
    """An argument out of its range, or a tensor of the wrong shape."""


class NotIndexedError(ShortlistError, RuntimeError):
    """An index was asked before it held candidates."""


class DatasetUnavailable(ShortlistError, RuntimeError):
    """A dataset that can be found neither on disk nor on the network."""


class ArtifactError(ShortlistError, RuntimeError):
    """Something saved that is incomplete, changed or of another version."""


class BackendError(ShortlistError, RuntimeError):
    """What the Keras backend in use cannot do."""


class MissingExtraError(ShortlistError, ImportError):
    """An optional package that is not installed.

    Args:
        package: The name to import, such as `"torch"`.
        extra: The extra of Shortlist that installs it, such as `"torch"`.
        purpose: What it was needed for, to end the sentence "... is needed for".

    Example:
        >>> str(MissingExtraError("faiss", "faiss", "indexes.Faiss"))
        "faiss is needed for indexes.Faiss and is not installed: pip install 'shortlist[faiss]'"
    """

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(
            f"{package} is needed for {purpose} and is not installed: pip install 'shortlist[{extra}]'"
        )
