"""Serves the files of ``web/``: read once, with ETags and a content security policy.

Only files that were below ``web/`` when the process began are served, by their exact names: a path
is looked up and never opened, so none can lead elsewhere.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import azure.functions as func

from functions.http.responses import respond_not_modified
from shared_code.domain.errors import NotFound

FOLDER = Path(__file__).parents[2] / "web"
VIEWER_PAGE = FOLDER / "docs.html"
"""Not among the files: it is served with a policy of its own, at another address."""
_MIME = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",  # licences of what is below vendor/
}
_TAG_PLACE = "/@/"
"""Stands for the site's tag in the page."""

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "trusted-types 'none'; require-trusted-types-for 'script'"
)
"""Own files only, no inline code, no framing; and no text can become HTML by script."""

_FOREVER = "public, max-age=31536000, immutable"
_REVALIDATE = "no-cache"


@dataclass(frozen=True, slots=True)
class WebFile:
    content: bytes
    mime: str
    etag: str
    cache: str

    @property
    def headers(self) -> dict[str, str]:
        headers = {"etag": self.etag, "cache-control": self.cache}
        if self.mime == _MIME[".html"]:
            headers["content-security-policy"] = _POLICY
            headers["cross-origin-opener-policy"] = "same-origin"
        return headers


class Website:
    """Files under a tag that changes whenever any of them does.

    ``index.html`` names the others below the tag, and they name one another relatively. So a
    browser keeps them for ever, asks a scaled-down app for the page alone, and never mixes the
    files of two versions.
    """

    def __init__(self, files: Mapping[str, bytes]) -> None:
        """``files``: contents by path below the site's root, with slashes."""
        self._files = {name: files[name] for name in sorted(files) if _mime_type(name)}
        self.tag = _hash_contents(*self._files, *self._files.values())[:12]

    @property
    def names(self) -> list[str]:
        """The names of all files, without the tag."""
        return list(self._files)

    def find(self, path: str) -> WebFile | None:
        """Finds a file by its name, or by tag and name; None for one that is missing or of another
        version."""
        tagged, _, name = path.partition("/")
        if tagged == self.tag:
            return self._file(name, _FOREVER)
        return self._file(path, _REVALIDATE)

    def insert_tag(self, page: bytes) -> bytes:
        """Returns the page with the tag in the addresses of its files."""
        return page.replace(_TAG_PLACE.encode(), f"/{self.tag}/".encode())

    def _file(self, name: str, cache: str) -> WebFile | None:
        content = self._files.get(name)
        if content is None:
            return None
        if name.endswith(".html"):
            content = self.insert_tag(content)
        return WebFile(content, _mime_type(name), f'"{_hash_contents(content)[:24]}"', cache)


@functools.cache
def load_website() -> Website:
    return Website(
        {
            file.relative_to(FOLDER).as_posix(): file.read_bytes()
            for file in FOLDER.rglob("*")
            if file.is_file() and file != VIEWER_PAGE
        }
    )


def respond_with_file(path: str, known_etag: str) -> func.HttpResponse:
    """Returns the file, or 304 without a body when the caller has it already. Raises NotFound."""
    file = load_website().find(path)
    if file is None:
        raise NotFound("The dashboard has no such file. Reload the page: it may have been updated.")
    if file.etag in known_etag:
        return respond_not_modified(file.headers)
    return func.HttpResponse(file.content, mimetype=file.mime, headers=file.headers)


def _mime_type(name: str) -> str:
    """Returns an empty text for a file that is not served."""
    return _MIME.get(Path(name).suffix, "")


def _hash_contents(*parts: str | bytes) -> str:
    whole = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        whole.update(len(data).to_bytes(8, "big") + data)
    return whole.hexdigest()
