"""The live API against its own document: whatever is sent, what comes back is as declared."""

import html
import os
import re
import shutil
import subprocess
from urllib.parse import parse_qsl, urlsplit

import pytest
import schemathesis
from hypothesis import HealthCheck, assume, settings
from schemathesis.checks import (
    allow_header_conformance,
    ignored_auth,
    negative_data_rejection,
    positive_data_acceptance,
    unsupported_method,
)

import function_app
from devhost.child import ROOT
from functions.openapi import described
from samples.catalogue import load
from tests.host import Host, eventually

assert function_app.app  # its import says what the document tells of
EXAMPLES = int(os.environ.get("SCHEMA_EXAMPLES", "60"))
"""Of each operation, beside those that try every boundary of its schema."""

DOCUMENT = schemathesis.openapi.from_dict(described())


NOT_ASKED = [
    allow_header_conformance,  # Azure's host answers a wrong method with 404: see devhost.routing
    unsupported_method,
    ignored_auth,  # keys are Azure's to check
    positive_data_acceptance,  # no schema knows the words of the model, or who gave a cursor
]


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    """A host with a few products, so that searches and listings have something to answer."""
    host = Host(tmp_path_factory.mktemp("host"))
    for product in load()[:3]:
        shutil.copytree(product.images[0].parent, host.images / product.product_id)
    eventually(lambda: host.stats()["products"] == 3, "indexed")
    yield host
    host.stop()


@DOCUMENT.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,  # the same requests every time
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
def test_whatever_is_sent_is_answered_as_declared(api, case):
    response = case.call(base_url=api.url, timeout=60)  # the jobs begun before go on meanwhile
    # the host's server answers these, before the app and without a problem
    assume("%00" not in urlsplit(response.request.url).path)
    assume(response.status_code not in (414, 431))
    # a parameter without a value does not reach the app: the host leaves it out
    query = parse_qsl(urlsplit(response.request.url).query, keep_blank_values=True)
    unseen = [negative_data_rejection] if any(not value for _, value in query) else []
    case.validate_response(response, excluded_checks=NOT_ASKED + unseen)


def test_the_live_document_is_the_one_tested(api):
    assert api.client.get("/api/v1/openapi.json").json() == described()


def test_every_curl_line_of_the_docs_page_works(api):
    """Run in the order of the page, by a shell, from the repository's root as the page says."""
    shown = re.findall(r"<pre>(.*?)</pre>", api.client.get("/api/v1/docs").text, re.DOTALL)
    assert len(shown) == sum(len(methods) for methods in described()["paths"].values())
    for line in map(html.unescape, shown):
        assert api.url in line
        if "{" in line.partition(api.url)[2].split()[0]:
            continue  # the id of what only its caller knows
        silent = line.replace("curl -s ", "curl -s -o /dev/null -w '%{http_code}' ", 1)
        done = subprocess.run(["bash", "-c", silent], capture_output=True, text=True, cwd=ROOT)
        fine = {"422"} if "/v1/reindex" in line else {"200", "201", "202"}  # has no other model
        assert done.stdout in fine, f"{line}\nanswered {done.stdout}"
