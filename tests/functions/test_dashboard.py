"""The dashboard's files: what is served, how it is kept, and what the page may do."""

import posixpath
import re
from pathlib import PurePosixPath

import pytest

from functions.dashboard import dashboard, dashboard_file
from functions.http.website import Website, website
from tests.functions.conftest import body_of, call

pytestmark = pytest.mark.usefixtures("app")


def page():
    return call(dashboard, method="GET")


def file(path, **headers):
    return call(dashboard_file, method="GET", route_params={"path": path}, headers=headers)


def named_by_the_page():
    names = re.findall(r'(?:src|href)="/api/dashboard/([^"]+)"', page().get_body().decode())
    assert len(names) > 3
    return names


def test_the_page_is_html_with_a_strict_policy():
    response = page()
    assert (response.status_code, response.mimetype) == (200, "text/html")
    policy = dict(
        rule.strip().split(" ", 1)
        for rule in response.headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert policy["require-trusted-types-for"] == "'script'"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "no-referrer"


def test_the_page_holds_no_inline_script_or_style():
    text = page().get_body().decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=", text)
    assert "http:" not in text
    assert "https:" not in text


def test_every_file_that_the_page_names_is_there_and_kept_for_ever():
    for name in named_by_the_page():
        response = file(name)
        assert response.status_code == 200, name
        assert response.headers["cache-control"] == "public, max-age=31536000, immutable"


def test_the_page_itself_is_asked_for_each_time():
    response = page()
    assert response.headers["cache-control"] == "no-cache"
    again = call(dashboard, method="GET", headers={"if-none-match": response.headers["etag"]})
    assert (again.status_code, again.get_body()) == (304, b"")


@pytest.mark.parametrize(
    ("name", "mime"),
    [("app.js", "text/javascript"), ("style.css", "text/css"), ("icon.svg", "image/svg+xml")],
)
def test_a_file_without_the_tag_is_served_and_asked_for_each_time(name, mime):
    response = file(name)
    assert (response.status_code, response.mimetype) == (200, mime)
    assert response.headers["cache-control"] == "no-cache"
    assert file(name, **{"if-none-match": response.headers["etag"]}).status_code == 304
    assert file(name, **{"if-none-match": '"another"'}).status_code == 200


def test_nothing_after_the_slash_is_the_page():
    assert file("").get_body() == page().get_body()


@pytest.mark.parametrize(
    "path",
    [
        "../function_app.py",
        "../local.settings.json",
        "..%2ffunction_app.py",
        "/etc/passwd",
        "lib/../../host.json",
        "lib/../app.js",
        "lib\\api.js",
        "app.js\0.css",
        "lib",
        "lib/",
        ".",
        "0123456789ab/app.js",
        "APP.JS",
    ],
)
def test_nothing_else_is_served(path):
    response = file(path)
    assert response.status_code == 404
    assert "Reload the page" in body_of(response)["detail"]


def test_the_address_of_the_page_may_hold_anything():
    """Links that were shared come back with parameters of others."""
    assert call(dashboard, method="GET", params={"utm_source": "chat"}).status_code == 200


def test_a_change_of_any_file_changes_the_tag():
    site = {"index.html": b'<script src="/api/dashboard/@/app.js">', "app.js": b"1"}
    before, after = Website(site), Website({**site, "app.js": b"2"})
    moved = Website({"index.html": site["index.html"], "b.js": b"1"})
    assert len({before.tag, after.tag, moved.tag}) == 3
    assert before.tag.encode() in before.find("index.html").content
    assert after.find(f"{before.tag}/app.js") is None


def test_only_files_of_the_web_are_served():
    site = Website({"index.html": b"", "notes.md": b"", "a.py": b"", "lib/a.js": b""})
    assert site.find("lib/a.js")
    assert not any(map(site.find, ["notes.md", "a.py"]))


def test_scripts_never_make_html_of_text():
    """Held by the policy as well; this says it where it is written."""
    forbidden = re.compile(
        rb"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function"
    )
    scripts = [name for name in website().names if name.endswith(".js")]
    assert len(scripts) > 20
    for name in scripts:
        assert not forbidden.search(website().find(name).content), name


def imports_of(name):
    """Static imports of a module, as paths below ``web/``."""
    folder = PurePosixPath(name).parent
    found = re.findall(r'^import [^;]*?"(\.[^"]+)";', source(name), re.M)
    return [posixpath.normpath(folder / each) for each in found]


def source(name):
    return website().find(name).content.decode()


def test_the_page_names_ahead_what_its_first_view_imports():
    needed, ahead = set(), ["app.js"]
    while ahead:
        module = ahead.pop()
        if module not in needed:
            needed.add(module)
            ahead += imports_of(module)
    named = {name.partition("/")[2] for name in named_by_the_page() if name.endswith(".js")}
    assert named == needed


def test_every_import_of_a_script_leads_to_a_file():
    for name in website().names:
        if name.endswith(".js"):
            missing = [each for each in imports_of(name) if website().find(each) is None]
            assert not missing, f"{name} imports {missing}"


def words(language):
    text = source(f"lang/{language}.js") + source(f"lang/{language}-views.js")
    return set(re.findall(r'^  "?([\w.-]+)"?:', text, re.M))


def test_both_languages_have_the_same_words():
    assert words("en") == words("fr")
    assert len(words("en")) > 80


def test_every_word_that_a_script_asks_for_is_there():
    for name in website().names:
        if name.endswith(".js"):
            asked = set(re.findall(r'\bt\("([\w.-]+)"', source(name)))
            assert asked <= words("en"), f"{name}: {asked - words('en')}"


def test_every_icon_that_a_script_asks_for_is_there():
    drawn = set(re.findall(r'^  "?([\w-]+)"?: \[', source("lib/icons.js"), re.M))
    for name in website().names:
        if name.endswith(".js"):
            asked = set(re.findall(r'\brenderIcon(?:Button)?\("([\w-]+)"', source(name)))
            assert asked <= drawn, f"{name}: {asked - drawn}"
