"""The first call about jobs loads Durable Functions' library beside the event loop.

The library takes some 0.2 s to import, and on the loop all other calls would wait for it.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import asyncio, json, sys, threading
import azure.functions as func
import function_app

name, client, method, body = sys.argv[1:]
[function] = [f for f in function_app.app.get_functions() if f.get_function_name() == name]


class Recorder:
    imported = []

    def find_spec(self, name, path=None, target=None):
        self.imported.append((name, threading.get_ident()))


async def call_twice():
    sys.meta_path.insert(0, Recorder())
    responses = []
    for _ in range(2):
        request = func.HttpRequest(
            method, "http://localhost/api", body=body.encode(), route_params={"job_id": "job-1"}
        )
        responses.append(await function.get_user_function()(request, client=client))
    loop = threading.get_ident()
    on_loop = sorted({name for name, thread in Recorder.imported if thread == loop})
    beside = sorted({name for name, thread in Recorder.imported if thread != loop})
    statuses = [response.status_code for response in responses]
    print(json.dumps({"statuses": statuses, "on_loop": on_loop, "beside": beside}))


asyncio.run(call_twice())
"""
CLIENT = {
    "taskHubName": "hub",
    "creationUrls": {"createNewInstancePostUri": "http://127.0.0.1:9/orchestrators/{functionName}"},
    "managementUrls": {"id": "INSTANCEID", "statusQueryGetUri": "http://127.0.0.1:9/INSTANCEID"},
    "baseUrl": "http://127.0.0.1:9",
    "rpcBaseUrl": "http://127.0.0.1:9/",
    "requiredQueryStringParameters": "",
}
"""What the host passes for the binding, of a host that nobody listens at."""
HEAVY = ("azure.durable_functions", "aiohttp", "opentelemetry")


@pytest.mark.parametrize(
    ("name", "method", "body"),
    [
        ("list_jobs", "GET", ""),
        ("get_job", "GET", ""),
        ("cancel_job", "DELETE", ""),
        ("index_batch", "POST", '{"prefix": "p"}'),
    ],
)
def test_the_library_is_imported_beside_the_event_loop(name, method, body, tmp_path):
    completed = subprocess.run(
        [sys.executable, "-c", PROGRAM, name, json.dumps(CLIENT), method, body],
        cwd=Path(__file__).parents[3],
        env={"LOCAL_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert completed.returncode == 0, completed.stderr
    report = json.loads(completed.stdout)
    # the library was used, and nobody listens
    assert report["statuses"] == [503, 503], completed.stderr
    assert [module for module in report["on_loop"] if module.startswith(HEAVY)] == []
    assert "azure.durable_functions" in report["beside"]
