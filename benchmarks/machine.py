"""Describe the machine: processor, memory and versions."""

import os
import platform
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from benchmarks.side import NUM_CORES, TFRS_PYTHON

_PACKAGES = ("shortlist", "keras", "tensorflow", "jax", "torch", "numpy", "keras-rs")
_LIBRARIES = ("faiss-cpu", "scann", "usearch", "annoy")
_TFRS_PACKAGES = ("tensorflow-recommenders", "tf-keras", "tensorflow", "numpy")
_VERSIONS = """
import importlib.metadata, sys
for name in sys.argv[1:]:
    try:
        print(name, importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        print("no", name)
"""


def machine() -> str:
    """Return a Markdown list."""
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    tfrs = _versions(TFRS_PYTHON, _TFRS_PACKAGES) if TFRS_PYTHON.is_file() else "not made: make bench-peers"
    return (
        f"- Machine: {_processor()}; {NUM_CORES} cores, used by each side; {gigabytes:.0f} GiB of memory\n"
        f"- Python {platform.python_version()}: {_versions(Path(sys.executable), _PACKAGES + _LIBRARIES)}\n"
        f"- TFRS, in an environment of its own: {tfrs}\n"
    )


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.is_file() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _versions(python: Path, packages: Iterable[str]) -> str:
    command = [str(python), "-c", _VERSIONS, *packages]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return ", ".join(told.splitlines())
