"""The chaos test at the size that CI takes; `python -m tests.chaos --help` lists larger ones."""

import os
import time

import pytest

from tests.chaos.outage import OutageOptions, run_outage
from tests.chaos.storm import StormOptions, run_storm
from tests.local_services import azurite

__all__ = ["azurite"]


@pytest.mark.real("azurite")
@pytest.mark.filterwarnings("ignore:Local mode is not recommended")
def test_nothing_is_lost_and_nothing_is_left_over(azurite, tmp_path, capsys):
    """CHAOS_SEED repeats a run, as far as threads and kills allow."""
    seed = int(os.environ.get("CHAOS_SEED") or time.time_ns() % 1_000_000)
    result = run_storm(StormOptions(seed), azurite, tmp_path)
    with capsys.disabled():
        print(f"\n{result.text()}")
    assert result.complaints == [], f"seed {seed}"


@pytest.mark.real("azurite")
@pytest.mark.filterwarnings("ignore:Local mode is not recommended")
def test_an_outage_is_waited_out_without_a_failure_and_without_help(azurite, tmp_path, capsys):
    """Outage and pauses last seconds here; ``python -m tests.chaos --outage 120`` has the full
    length and the pauses that are deployed."""
    seed = int(os.environ.get("CHAOS_SEED") or time.time_ns() % 1_000_000)
    outage = OutageOptions(seed, lasts_s=12, patience_h=60 / 3600, recovery_timeout_s=150)
    result = run_outage(outage, azurite, tmp_path)
    with capsys.disabled():
        print(f"\n{result.text()}")
    assert result.complaints == [], f"seed {seed}"
