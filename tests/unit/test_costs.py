"""The document of costs says what its script printed, by the rules that it names."""

import math

import pytest

from benchmarks.cost import BEGIN, END, INSTANCES, Operation
from devhost.child import ROOT


def test_the_documents_tables_are_those_of_the_results():
    document = (ROOT / "docs" / "costs.md").read_text()
    tables = document.partition(BEGIN)[2].partition(END)[0].strip()
    printed = (ROOT / "benchmarks" / "results" / "cost.md").read_text()
    assert len(tables.splitlines()) > 10
    assert tables in printed


def test_a_lone_call_is_billed_for_a_second_at_least_and_then_by_tenths():
    short = Operation("search", 0.010).lone_usd(2.0, 1.0)
    assert short == pytest.approx(2 * 0.000026 + 0.4e-6)
    long = Operation("search", 1.23).lone_usd(2.0, 1.0)
    assert long == pytest.approx(2 * 1.3 * 0.000026 + 0.4e-6)


def test_a_busy_instance_costs_the_same_whatever_its_size():
    costs = [Operation("search", 0.01).busy_usd(*size) for size in INSTANCES.values()]
    assert math.isclose(*costs)
