"""The built wheel: what it holds, and that it works where nothing else is installed."""

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

import shortlist

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "shortlist"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    environment = os.environ | {"SOURCE_DATE_EPOCH": "0"}
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def test_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    version = shortlist.__version__
    assert wheel.name == f"shortlist-{version}-py3-none-any.whl"
    packed = set(zipfile.ZipFile(wheel).namelist())
    metadata = {name for name in packed if name.startswith(f"shortlist-{version}.dist-info/")}
    files = [path for path in SOURCE.rglob("*") if path.suffix in (".py", ".typed")]
    assert packed - metadata == {path.relative_to(SOURCE.parent).as_posix() for path in files}


@pytest.mark.slow  # installs JAX from the package index
def test_wheel_trains_on_jax_without_tensorflow(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=False)
    python = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}

    def run(*command: str | Path) -> str:
        finished = subprocess.run(
            command,
            cwd=tmp_path,
            env=environment | {"KERAS_BACKEND": "jax"},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert finished.returncode == 0, finished.stdout
        return finished.stdout

    pip = [sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check"]
    run(*pip, "install", "--quiet", f"{wheel}[jax]", "--constraint", ROOT / "lock" / "dev.txt")
    installed = run(*pip, "list", "--format", "freeze")
    assert "shortlist==" in installed
    assert "tensorflow" not in installed
    assert "torch" not in installed

    options = ["--data", "synthetic", "--num-interactions", "1000", "--epochs", "1", "--output", "out"]
    printed = run(python, "-m", "shortlist", "quickstart", *options)
    assert "recall_at_10" in printed
    assert "tensorflow" not in printed.lower()
    lines = [line.strip() for line in printed.splitlines() if line.startswith("    ")][-3:]
    ids = run(python, "-c", "\n".join([*lines, "print(*items[0])"])).splitlines()[-1].split()
    assert len(set(ids)) == 5
    assert all(item.startswith("i") for item in ids)
