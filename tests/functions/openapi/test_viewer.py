"""The page at GET docs: what its policy allows, and that its viewer is the one that npm holds."""

import json
import re

import pytest

from devhost.host_process import ROOT
from functions.dashboard import dashboard_file
from functions.docs import docs
from tests.functions.conftest import call
from tests.local_services import skip_without

VIEWER = ROOT / "web" / "vendor" / "swagger-ui"
NPM_PACKAGE = ROOT / "node_modules" / "swagger-ui-dist"

pytestmark = pytest.mark.usefixtures("app")


def read_policy(response):
    rules = response.headers["content-security-policy"].split("; ")
    return dict(rule.split(" ", 1) for rule in rules)


def read_nonce(response):
    return re.fullmatch(r"'nonce-([\w-]{22})'", read_policy(response)["script-src"])[1]


def test_the_policy_allows_the_files_of_the_page_and_no_other():
    response = call(docs, method="GET")
    nonce = read_nonce(response)
    assert (response.status_code, response.mimetype) == (200, "text/html")
    assert read_policy(response) == {
        "default-src": "'none'",
        "script-src": f"'nonce-{nonce}'",
        "style-src": f"'nonce-{nonce}'",
        "img-src": "'self' blob: data:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    page = response.get_body().decode()
    allowed = re.findall(
        rf'(?:src|href)="/api/dashboard/[0-9a-f]{{12}}/([^"]+)" nonce="{nonce}"', page
    )
    assert allowed == [
        "vendor/swagger-ui/swagger-ui.css",
        "vendor/swagger-ui/swagger-ui-bundle.js",
        "docs.js",
    ]
    assert page.count(nonce) == len(allowed)


def test_no_two_responses_have_the_same_nonce():
    responses = [call(docs, method="GET") for _ in range(20)]
    assert len(set(map(read_nonce, responses))) == len(responses)
    assert {response.headers["cache-control"] for response in responses} == {"no-store"}


def test_the_page_has_no_inline_code_or_style_and_names_no_other_host():
    page = call(docs, method="GET").get_body().decode()
    assert not re.search(
        r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|https?:|@nonce@|/@/", page
    )


def test_every_file_of_the_page_is_served_and_cached_for_good():
    page = call(docs, method="GET").get_body().decode()
    names = re.findall(r'(?:src|href)="/api/dashboard/([^"]+)"', page)
    assert len(names) == 4
    for name in names:
        response = call(dashboard_file, method="GET", route_params={"path": name})
        assert response.status_code == 200, name
        assert response.headers["cache-control"] == "public, max-age=31536000, immutable"


def test_the_page_is_served_nowhere_without_its_own_policy():
    response = call(dashboard_file, method="GET", route_params={"path": "docs.html"})
    assert response.status_code == 404


def test_a_link_to_the_page_may_have_any_parameters():
    assert call(docs, method="GET", params={"utm_source": "chat"}).status_code == 200


def test_the_viewer_is_byte_for_byte_the_one_of_the_npm_package():
    pinned = json.loads((ROOT / "package.json").read_text())["devDependencies"]["swagger-ui-dist"]
    if not NPM_PACKAGE.exists():
        skip_without("Swagger UI's npm package", "run `python -m tests.local_services install`")
    assert json.loads((NPM_PACKAGE / "package.json").read_text())["version"] == pinned
    files = {path.name: path for path in VIEWER.iterdir()}
    assert {"swagger-ui-bundle.js", "swagger-ui.css", "LICENSE"} <= set(files)
    for name, path in files.items():
        assert path.read_bytes() == (NPM_PACKAGE / name).read_bytes(), f"{name}: run `make viewer`"


def test_the_notice_names_the_version_of_the_viewer():
    pinned = json.loads((ROOT / "package.json").read_text())["devDependencies"]["swagger-ui-dist"]
    assert f"swagger-ui-dist {pinned}" in (ROOT / "NOTICE").read_text()
