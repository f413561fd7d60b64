"""The stages are run by name, their tables written, and a broken side is told by the exit status."""

from types import SimpleNamespace

import pytest
from benchmarks.run import STAGES, main
from benchmarks.side import Outcome
from benchmarks.table import Row

WELL = Row("work", Outcome("ours", [1.0]))


@pytest.mark.parametrize(
    ("row", "status"),
    [
        (WELL, 0),
        (Row("work", WELL.ours, Outcome("peer", trouble="no faiss: make bench-peers")), 0),
        (Row("work", WELL.ours, Outcome("peer").failed("broke")), 1),
    ],
)
def test_tables_are_written_and_failures_told(row, status, monkeypatch, tmp_path):
    stage = SimpleNamespace(__doc__="A stage.\n\nMore.", rows=lambda quick: [row] if quick else [])
    monkeypatch.setitem(STAGES, "start", stage)
    output = tmp_path / "RESULTS.md"
    assert main(["--quick", "--stage", "start", "--output", str(output)]) == status
    text = output.read_text()
    assert text.startswith("# Benchmarks\n\n- Machine: ")
    assert "## A stage\n\n| what" in text


def test_unknown_stages_are_refused(capsys):
    with pytest.raises(SystemExit):
        main(["--stage", "nonesuch"])
    assert "invalid choice: 'nonesuch'" in capsys.readouterr().err
