"""Hold back what native libraries write to stderr."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["silenced_stderr"]

_STDERR = 2


@contextmanager
def silenced_stderr() -> Iterator[None]:
    """Hold back stderr inside the block; show it if the block fails.

    Works on the file descriptor: TensorFlow's C++ code reports missing GPU drivers there before its log level
    can be set.
    """
    sys.stderr.flush()
    original = os.dup(_STDERR)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), _STDERR)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(original, held.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(original, _STDERR)
            os.close(original)
