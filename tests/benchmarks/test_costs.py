"""docs/costs.md holds what its script printed, and the script follows the rules that it names."""

import json
import math
import re

import pytest

from benchmarks.cost import (
    BEGIN,
    END,
    INSTANCES,
    POLLS_A_MINUTE,
    QUEUES,
    PricedOperation,
    compute_month_usd,
    read_results,
    render_tables,
)
from devhost import ROOT


def test_the_tables_of_the_document_are_those_of_the_results():
    document = (ROOT / "docs" / "costs.md").read_text()
    tables = document.partition(BEGIN)[2].partition(END)[0].strip()
    printed = (ROOT / "benchmarks" / "results" / "cost.md").read_text()
    assert len(tables.splitlines()) > 10
    assert tables in printed


def test_a_lone_call_is_billed_for_a_second_at_least_and_then_by_tenths():
    short = PricedOperation("search", 0.010).price_lone_call(2.0, 1.0)
    assert short == pytest.approx(2 * 0.000026 + 0.4e-6)
    long = PricedOperation("search", 1.23).price_lone_call(2.0, 1.0)
    assert long == pytest.approx(2 * 1.3 * 0.000026 + 0.4e-6)


def test_a_busy_instance_costs_the_same_whatever_its_size():
    costs = [PricedOperation("search", 0.01).price_busy_call(*size) for size in INSTANCES.values()]
    assert math.isclose(*costs)


def test_the_results_follow_from_the_times_in_them_by_todays_prices():
    printed = (ROOT / "benchmarks" / "results" / "cost.md").read_text()
    operations, origin = read_results(printed)
    assert len(operations) == 4
    assert origin.startswith("Measured on ")
    assert render_tables(operations) in printed


def test_a_file_without_results_is_refused():
    with pytest.raises(ValueError, match="no result"):
        read_results("# Costs\n\n| a | b |\n")


def test_the_free_grant_is_taken_off_both_meters():
    assert compute_month_usd(100_000, 250_000) == 0
    assert compute_month_usd(1_100_000, 250_000) == pytest.approx(26)
    assert compute_month_usd(0, 1_250_000) == pytest.approx(0.40)


def test_the_queues_are_polled_as_often_as_host_json_says():
    """Each queue that a function listens to, at ``maxPollingInterval``."""
    interval = json.loads((ROOT / "host.json").read_text())["extensions"]["queues"][
        "maxPollingInterval"
    ]
    assert interval == f"00:00:{60 // POLLS_A_MINUTE:02d}"
    listened = re.findall(r"queue_trigger\(", (ROOT / "functions" / "blob_events.py").read_text())
    assert len(listened) == QUEUES
