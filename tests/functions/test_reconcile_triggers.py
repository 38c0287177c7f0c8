"""How a reconcile starts: by hand with its options, or by a timer that a setting makes."""

import os
import subprocess
import sys

import pytest

from functions.reconcile import reconcile, reconcile_on_time
from tests.functions.conftest import assert_problem, call
from tests.functions.reconcile_steps import put_silently


def test_the_timer_does_the_same(app):
    put_silently(app, "p/x.png")
    reconcile_on_time(None)
    assert app.index.counts().images == 1


@pytest.mark.parametrize("params", [{"seconds": "0"}, {"seconds": "1000"}, {"dryrun": "true"}])
def test_wrong_options_are_refused(app, params):
    assert_problem(call(reconcile, params=params), 422)


@pytest.mark.parametrize("cron", ["", "0 0 3 * * *", "wrong"])
def test_the_timer_is_there_only_with_a_schedule(cron):
    """A trigger with an empty schedule would be an error of the host at every start."""
    code = (
        "import json, function_app\n"
        "for f in function_app.app.get_functions():\n"
        "    if f.get_function_name() == 'reconcile_on_time':\n"
        "        print(f.get_bindings()[0].get_dict_repr()['schedule'])"
    )
    completed = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "RECONCILE_CRON": cron},
    )
    assert completed.stdout.strip() == (cron if cron.startswith("0") else "")
