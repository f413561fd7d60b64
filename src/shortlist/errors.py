"""Exceptions raised by Shortlist, and the helper that builds their messages.

```
Exception
└── ShortlistError
    ├── DataError             (ValueError)    a file, column or row cannot be read as interactions
    ├── FeatureError          (ValueError)    feature values do not match the fitted column
    ├── ArgumentError         (ValueError)    an argument is out of range or has the wrong shape
    ├── NotIndexedError       (RuntimeError)  an index was queried before it held candidates
    ├── DatasetUnavailable    (RuntimeError)  a dataset is neither on disk nor reachable over the network
    ├── ArtifactError         (RuntimeError)  a saved file is incomplete, changed or of another version
    ├── BackendError          (RuntimeError)  the backend in use does not support the operation
    └── MissingExtraError     (ImportError)   an optional package is not installed
```

Each class also derives from the matching built-in exception, so `except ValueError` keeps working.
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
    "must",
]


def must(subject: str, requirement: str, *, got: object = None, fix: str = "") -> str:
    """Return the message `<subject> must <requirement>, got <got>. <Fix.>`.

    All messages of Shortlist's exceptions are built here, so that they read alike.

    Args:
        subject: Argument, file, row, column or feature at fault, such as `"temperature"`.
        requirement: What it must be, have or hold, starting with a verb, such as `"be > 0"`.
        got: What was given instead; left out when None. Text is used as written, so pass
            `repr(value)` for a string value.
        fix: What to do about it, a full sentence without the final period.

    Example:
        >>> must("temperature", "be > 0", got=-1.0, fix="Pass None for a temperature of 1")
        'temperature must be > 0, got -1.0. Pass None for a temperature of 1.'
    """
    message = f"{subject} must {requirement}" + ("" if got is None else f", got {got}") + "."
    return f"{message} {fix.rstrip('.')}." if fix else message


class ShortlistError(Exception):
    """Base class of all exceptions raised by Shortlist."""


class DataError(ShortlistError, ValueError):
    """Raised when a file, column or row cannot be read as interactions."""


class FeatureError(ShortlistError, ValueError):
    """Raised when feature values do not match the fitted column."""


class ArgumentError(ShortlistError, ValueError):
    """Raised when an argument is out of range or has the wrong shape."""


class NotIndexedError(ShortlistError, RuntimeError):
    """Raised when an index is queried before it holds candidates."""


class DatasetUnavailable(ShortlistError, RuntimeError):
    """Raised when a dataset is neither on disk nor reachable over the network."""


class ArtifactError(ShortlistError, RuntimeError):
    """Raised when a saved file is incomplete, changed or of another version."""


class BackendError(ShortlistError, RuntimeError):
    """Raised when the Keras backend in use does not support the operation."""


class MissingExtraError(ShortlistError, ImportError):
    """Raised when an optional package is not installed.

    Args:
        package: Import name of the package, such as `"faiss"`.
        extra: Extra of Shortlist that installs it, such as `"faiss"`.
        purpose: Feature that needs it, such as `"indexes.Faiss"`.

    Example:
        >>> str(MissingExtraError("faiss", "faiss", "indexes.Faiss"))
        "faiss must be installed to use indexes.Faiss. Run: pip install 'shortlist[faiss]'."
    """

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        fix = f"Run: pip install 'shortlist[{extra}]'"
        super().__init__(must(package, f"be installed to use {purpose}", fix=fix))
