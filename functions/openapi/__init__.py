"""The API's OpenAPI document, made of the registered functions, and the page that shows it.

Begin with ``api.py``, which collects the functions. ``document.py`` describes each by its contract,
with ``requests.py`` and ``responses.py`` for its two sides; ``examples.py`` holds requests that
work on the sample catalogue, and ``viewer.py`` serves the page.
"""

from functions.openapi.api import api_document, describe
from functions.openapi.viewer import render_viewer

__all__ = ["api_document", "describe", "render_viewer"]
