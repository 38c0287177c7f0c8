"""The page that shows the OpenAPI document: ``web/docs.html`` with Swagger UI from ``web/vendor``.

Each response gets a nonce of its own. The page's policy allows only the files that carry it: one
stylesheet and two scripts, whatever else the app serves.
"""

from __future__ import annotations

import functools
import secrets

import azure.functions as func

from functions.http import VIEWER_PAGE, load_website

_NONCE = "@nonce@"
"""Stands for the nonce in the page."""

_POLICY = (
    f"default-src 'none'; script-src 'nonce-{_NONCE}'; style-src 'nonce-{_NONCE}'; "
    "img-src 'self' blob: data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""No inline code or style, no eval, no other host. The icons in Swagger UI's stylesheet are
``data:`` URLs; a picture that the API returns is shown from a ``blob:`` URL."""


def render_viewer() -> func.HttpResponse:
    """Returns the page, with a policy for this response alone."""
    nonce = secrets.token_urlsafe(16)
    return func.HttpResponse(
        _read_page().replace(_NONCE, nonce),
        mimetype="text/html",
        headers={
            "content-security-policy": _POLICY.replace(_NONCE, nonce),
            "cross-origin-opener-policy": "same-origin",
        },
    )


@functools.cache
def _read_page() -> str:
    return load_website().insert_tag(VIEWER_PAGE.read_bytes()).decode()
