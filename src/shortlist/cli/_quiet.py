"""Holding back what native libraries write to stderr."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["silenced_stderr"]

_STDERR = 2


@contextmanager
def silenced_stderr() -> Iterator[None]:
    """Hold back what is written to stderr in the block; show it after all when the block fails.

    It works on the file descriptor, because TensorFlow's C++ code writes notes about missing GPU drivers
    there before any setting of its log can be made.
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
