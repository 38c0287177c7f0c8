"""``python -m tests.chaos --pictures 2000 --kills 40 --seed 7`` or ``--outage 120``: prints the
tally and the complaints; exits with 1 when there are any."""

import argparse
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.chaos.outage import OutageOptions, run_outage
from tests.chaos.storm import ChaosResult, StormOptions, run_storm
from tests.local_services import Azurite, running_azurite


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=300)
    parser.add_argument("--kills", type=int, default=8)
    parser.add_argument("--outages", type=int, default=3)
    parser.add_argument("--per-second", type=float, default=8.0, help="pictures dropped")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    parser.add_argument("--runs", type=int, default=1, help="with seed, seed + 1, …")
    parser.add_argument("--keep", type=Path, help="a folder for the host's logs and state")
    parser.add_argument("--source", default="Queue", help="BLOB_TRIGGER_SOURCE")
    parser.add_argument(
        "--outage", type=float, metavar="SECONDS", help="instead: one outage of the index, so long"
    )
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # ends Azurite and the hosts too
    warnings.filterwarnings("ignore", message="Local mode is not recommended")
    failed = 0
    for run in range(arguments.runs):
        seed = arguments.seed + run
        if arguments.outage:
            outage = OutageOptions(seed, arguments.outage)
            failed += not run_once(seed, arguments.keep, partial(run_outage, outage))
            continue
        storm_options = StormOptions(
            seed,
            arguments.pictures,
            arguments.kills,
            arguments.outages,
            arguments.per_second,
            source=arguments.source,
        )
        failed += not run_once(seed, arguments.keep, partial(run_storm, storm_options))
    print(f"{arguments.runs - failed} of {arguments.runs} runs ended as they should")
    return 1 if failed else 0


def run_once(seed: int, keep: Path | None, run: Callable[[Azurite, Path], ChaosResult]) -> bool:
    with tempfile.TemporaryDirectory() as temporary, running_azurite() as azurite:
        result = run(azurite, keep / str(seed) if keep else Path(temporary))
    print(result.text())
    for complaint in result.complaints:
        print(f"WRONG: {complaint}")
    return not result.complaints


if __name__ == "__main__":
    sys.exit(main())
