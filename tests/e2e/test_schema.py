"""The live API against its own document: every response to any request is as declared."""

import os
import shutil
from pathlib import Path
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
from devhost import ROOT
from functions.http import JSON
from functions.openapi.api import api_document
from samples.catalogue import load
from tests.host import Host, eventually

assert function_app.app  # importing it registers what the document describes
EXAMPLES = int(os.environ.get("SCHEMA_EXAMPLES", "60"))
"""Requests per operation, beside those that try every boundary of its schema."""

DOCUMENT = schemathesis.openapi.from_dict(api_document())


SKIPPED_CHECKS = [
    allow_header_conformance,  # Azure's host answers a wrong method with 404: devhost.http.routing
    unsupported_method,
    ignored_auth,  # keys are Azure's to check
    positive_data_acceptance,  # no schema knows the words of the model, or who gave a cursor
]


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    """A host with a few products, so that searches and listings have results."""
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
def test_every_response_is_as_declared(api, case):
    response = case.call(base_url=api.url, timeout=60)  # the jobs begun before go on meanwhile
    # the host's server answers these, before the app and without a problem
    assume("%00" not in urlsplit(response.request.url).path)
    assume(response.status_code not in (414, 431))
    # a parameter without a value does not reach the app: the host leaves it out
    query = parse_qsl(urlsplit(response.request.url).query, keep_blank_values=True)
    unseen = [negative_data_rejection] if any(not value for _, value in query) else []
    case.validate_response(response, excluded_checks=SKIPPED_CHECKS + unseen)


def test_the_live_document_is_the_one_tested(api):
    assert api.client.get("/api/v1/openapi.json").json() == api_document()


def test_every_example_of_the_document_works(api):
    """Sent in the order of the document, since the later ones need what the earlier ones index."""
    document = api.client.get("/api/v1/openapi.json").json()
    refused = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            request = example_request(path, method, operation)
            if "{" in request["url"]:
                continue  # an id that only its caller knows
            status = api.client.request(**request).status_code
            expected = {422} if path == "/api/v1/reindex" else {200, 201, 202}  # no second model
            if status not in expected:
                refused[operation["operationId"]] = (request, status)
    assert refused == {}


def example_request(path, method, operation):
    """Returns the arguments of ``httpx.Client.request``, with the examples filled in."""
    request = {"method": method.upper(), "url": path, "params": {}, "headers": {}}
    for parameter in operation.get("parameters", ()):
        if "example" in parameter:
            value = str(parameter["example"])
            if parameter["in"] == "path":
                request["url"] = request["url"].replace(f"{{{parameter['name']}}}", value)
            elif parameter["in"] == "query":
                request["params"][parameter["name"]] = value.lower()
            else:
                request["headers"][parameter["name"]] = value
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        if "example" in content:
            request |= example_body(media, content)
    return request


def example_body(media, content):
    if media == JSON:
        return {"json": content["example"]}
    fields = content["schema"]["properties"]
    files, texts = [], {}
    for name, value in content["example"].items():
        if "binary" in (fields[name].get("format"), fields[name].get("items", {}).get("format")):
            paths = value if isinstance(value, list) else [value]
            files += [(name, (Path(each).name, (ROOT / each).read_bytes())) for each in paths]
        else:
            texts[name] = str(value)
    return {"data": texts, "files": files}
