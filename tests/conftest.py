"""Fixtures of every suite, and the rule that nothing is skipped where everything is installed."""

import os

import pytest

from tests.local_services import azurite as azurite
from tests.local_services import redis_server as redis_server


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Under REQUIRE_REAL=1, as in CI, a skipped test fails the run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = len(reporter.stats.get("skipped", [])) if reporter else 0
    if skipped and os.environ.get("REQUIRE_REAL") == "1":
        reporter.write_line(f"{skipped} skipped, and REQUIRE_REAL=1 forbids that", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
