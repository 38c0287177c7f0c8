"""The dashboard's files: which are served, how browsers cache them, and the page's policy."""

import posixpath
import re
from pathlib import PurePosixPath

import pytest

from functions.dashboard import dashboard, dashboard_file
from functions.http.website import Website, load_website
from tests.functions.conftest import body_of, call

pytestmark = pytest.mark.usefixtures("app")


def page():
    return call(dashboard, method="GET")


def file(path, **headers):
    return call(dashboard_file, method="GET", route_params={"path": path}, headers=headers)


def linked_files():
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


def test_every_linked_file_exists_and_is_cached_for_ever():
    for name in linked_files():
        response = file(name)
        assert response.status_code == 200, name
        assert response.headers["cache-control"] == "public, max-age=31536000, immutable"


def test_the_page_itself_is_revalidated_each_time():
    response = page()
    assert response.headers["cache-control"] == "no-cache"
    again = call(dashboard, method="GET", headers={"if-none-match": response.headers["etag"]})
    assert (again.status_code, again.get_body()) == (304, b"")


@pytest.mark.parametrize(
    ("name", "mime"),
    [("app.js", "text/javascript"), ("style.css", "text/css"), ("icon.svg", "image/svg+xml")],
)
def test_a_file_without_the_tag_is_served_and_revalidated_each_time(name, mime):
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
    """Chat programs and trackers add parameters to shared links."""
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
    """The policy forbids it too; this test names the file."""
    forbidden = re.compile(
        rb"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function"
    )
    assert len(own_scripts()) > 20
    for name in own_scripts():
        assert not forbidden.search(load_website().find(name).content), name


def own_scripts():
    """Returns the names of the scripts that are written here, not copied from a package."""
    return [
        name
        for name in load_website().names
        if name.endswith(".js") and not name.startswith("vendor/")
    ]


def imports_of(name):
    """Returns the static imports of a module, as paths below ``web/``."""
    folder = PurePosixPath(name).parent
    paths = re.findall(r'^import [^;]*?"(\.[^"]+)";', source(name), re.M)
    return [posixpath.normpath(folder / path) for path in paths]


def source(name):
    return load_website().find(name).content.decode()


def test_the_page_preloads_what_its_first_view_imports():
    needed, queue = set(), ["app.js"]
    while queue:
        module = queue.pop()
        if module not in needed:
            needed.add(module)
            queue += imports_of(module)
    preloaded = {name.partition("/")[2] for name in linked_files() if name.endswith(".js")}
    assert preloaded == needed


def test_every_import_of_a_script_leads_to_a_file():
    for name in own_scripts():
        missing = [path for path in imports_of(name) if load_website().find(path) is None]
        assert not missing, f"{name} imports {missing}"


def message_keys(language):
    text = source(f"lang/{language}.js") + source(f"lang/{language}-views.js")
    return set(re.findall(r'^  "?([\w.-]+)"?:', text, re.M))


def test_both_languages_have_the_same_messages():
    assert message_keys("en") == message_keys("fr")
    assert len(message_keys("en")) > 80


def test_every_message_that_a_script_uses_exists():
    """Looks at every string that begins like a key, so that ``t(a ? "x.y" : "x.z")`` counts."""
    keys = message_keys("en")
    areas = "|".join({key.partition(".")[0] for key in keys if "." in key})
    total = 0
    for name in own_scripts():
        if not name.startswith("lang/"):
            used = set(re.findall(r'\bt\("([\w.-]+)"', source(name)))
            used |= set(re.findall(rf'(?<!h\()"((?:{areas})\.[\w.]+)"', source(name)))
            assert used <= keys, f"{name}: {used - keys}"
            total += len(used)
    assert total > 80


def test_every_icon_that_a_script_uses_exists():
    icons = set(re.findall(r'^  "?([\w-]+)"?: \[', source("lib/icons.js"), re.M))
    total = 0
    for name in own_scripts():
        used = set(re.findall(r'\brenderIcon(?:Button)?\("([\w-]+)"', source(name)))
        assert used <= icons, f"{name}: {used - icons}"
        total += len(used)
    assert total > 10
