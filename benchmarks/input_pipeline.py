"""Train on files ten times larger than the allowed memory: `python -m benchmarks.input_pipeline`.

Each training runs in its own process. Its peak on a few rows is that of TensorFlow, the program and the
model; what it needs beyond that on all rows belongs to the input pipeline. Prints a table.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

NUM_USERS, NUM_ITEMS, NUM_NUMBERS = 20_000, 5_000, 8
ROWS_OF_A_FILE, FEW_ROWS = 500_000, 200_000
BYTES_OF_A_ROW = 2 * 8 + 8 * NUM_NUMBERS  # two int64 ids and the numbers in float64, as arrays in memory
BATCH_SIZE = 1024
ALLOWANCE_MB = 60


def write_files(folder: Path, num_rows: int) -> None:
    """Write the same rows as Parquet and CSV, sorted by user like many logs."""
    generator = np.random.default_rng(0)
    for number, start in enumerate(range(0, num_rows, ROWS_OF_A_FILE)):
        size = min(ROWS_OF_A_FILE, num_rows - start)
        users = (np.arange(start, start + size) * NUM_USERS) // num_rows
        columns = {"user": users, "item": generator.integers(NUM_ITEMS, size=size)}
        columns |= {f"number_{n}": generator.normal(size=size).round(4) for n in range(NUM_NUMBERS)}
        table = pa.table(columns)
        pq.write_table(table, folder / f"part_{number:03}.parquet")
        pa_csv.write_csv(table, folder / f"part_{number:03}.csv")


def train(pattern: str) -> dict[str, float]:
    """Fit, encode and train one epoch; return peak megabytes and seconds of each."""
    import keras

    import shortlist as sl

    keras.utils.set_random_seed(0)
    columns = sl.features.columns
    query = [columns.Category("user"), *(columns.Number(f"number_{n}") for n in range(NUM_NUMBERS))]
    spec = sl.features.FeatureSpec(query, [columns.Category("item")], query_id="user", candidate_id="item")
    events = sl.data.InteractionFiles(
        pattern, user="user", item="item", csv=sl.data.CsvFormat(id_type="int64")
    )
    start = time.perf_counter()
    spec = spec.fit(events)
    learned = time.perf_counter()
    model = sl.models.TwoTower(spec, embedding_dim=8)
    model.compile()
    began: list[float] = []
    note = keras.callbacks.LambdaCallback(on_epoch_begin=lambda *_: began.append(time.perf_counter()))
    model.fit(events, epochs=1, batch_size=BATCH_SIZE, verbose=0, callbacks=[note])
    return {
        "peak_mb": peak_mb(),
        "learn_s": learned - start,
        "encode_s": began[0] - learned,
        "epoch_s": time.perf_counter() - began[0],
    }


def peak_mb() -> float:
    """Return the peak memory of this process; `getrusage` would include its parent's."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) / 1024


def in_a_process(pattern: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.input_pipeline", "--train", pattern]
    environment = os.environ | {"PYTHONPATH": "src", "TF_CPP_MIN_LOG_LEVEL": "3"}
    finished = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if finished.returncode:
        raise RuntimeError(finished.stderr)
    return json.loads(finished.stdout.splitlines()[-1])


def compare(num_rows: int) -> None:
    megabytes = num_rows * BYTES_OF_A_ROW / 2**20
    print(f"{num_rows:,} rows, {megabytes:.0f} MB as arrays; allowance {ALLOWANCE_MB} MB")
    print("| files | peak, few rows | peak, all rows | more | learn | encode | epoch |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as few, tempfile.TemporaryDirectory() as many:
        write_files(Path(few), FEW_ROWS)
        write_files(Path(many), num_rows)
        for kind in ("parquet", "csv"):
            small, large = (in_a_process(f"{folder}/*.{kind}") for folder in (few, many))
            more = large["peak_mb"] - small["peak_mb"]
            peaks = f"{small['peak_mb']:.0f} MB | {large['peak_mb']:.0f} MB | {more:.0f} MB"
            times = " | ".join(f"{large[name]:.1f} s" for name in ("learn_s", "encode_s", "epoch_s"))
            print(f"| {kind} | {peaks} | {times} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10 * ALLOWANCE_MB * 2**20 // BYTES_OF_A_ROW)
    parser.add_argument("--train", help="train on the files of this pattern and print what it took")
    arguments = parser.parse_args()
    if arguments.train:
        print(json.dumps(train(arguments.train)))
    else:
        compare(arguments.rows)
