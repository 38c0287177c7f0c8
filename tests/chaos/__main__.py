"""``python -m tests.chaos --pictures 2000 --kills 40 --seed 7`` or ``--outage 120``: prints the
tally, and what is wrong; exit status 1 then."""

import argparse
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.chaos.outage import Outage, run_outage
from tests.chaos.storm import Options, Result, storm
from tests.real import Azurite, running_azurite


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=300)
    parser.add_argument("--kills", type=int, default=8)
    parser.add_argument("--outages", type=int, default=3)
    parser.add_argument("--per-second", type=float, default=8.0, help="pictures dropped")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    parser.add_argument("--runs", type=int, default=1, help="with seed, seed + 1, …")
    parser.add_argument("--keep", type=Path, help="where the host's logs and state stay")
    parser.add_argument("--source", default="Queue", help="BLOB_TRIGGER_SOURCE")
    parser.add_argument(
        "--outage", type=float, metavar="SECONDS", help="instead: one outage of the index, so long"
    )
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # ends what was started here, too
    warnings.filterwarnings("ignore", message="Local mode is not recommended")
    failed = 0
    for run in range(asked.runs):
        seed = asked.seed + run
        if asked.outage:
            outage = Outage(seed, asked.outage)
            failed += not passed(seed, asked.keep, partial(run_outage, outage))
            continue
        options = Options(
            seed,
            asked.pictures,
            asked.kills,
            asked.outages,
            asked.per_second,
            source=asked.source,
        )
        failed += not passed(seed, asked.keep, partial(storm, options))
    print(f"{asked.runs - failed} of {asked.runs} runs ended as they should")
    return 1 if failed else 0


def passed(seed: int, keep: Path | None, run: Callable[[Azurite, Path], Result]) -> bool:
    with tempfile.TemporaryDirectory() as temporary, running_azurite() as azurite:
        result = run(azurite, keep / str(seed) if keep else Path(temporary))
    print(result.text())
    for complaint in result.complaints:
        print(f"WRONG: {complaint}")
    return not result.complaints


if __name__ == "__main__":
    sys.exit(main())
