"""HTTP triggers, and everything about HTTP that Azure's host does before and after a function.

A request passes ``kestrel.py`` (the server's rules), ``cors.py`` and ``triggers.py``, which asks
``routing.py`` for the function and ``keys.py`` whether the caller may use it. The host's own
endpoints, readiness and Event Grid's webhook, are in ``host_endpoints.py``.
"""

from devhost.http.cors import CorsMiddleware
from devhost.http.host_endpoints import HostEndpoints
from devhost.http.kestrel import KestrelProtocol
from devhost.http.keys import Endpoint, FunctionKeys
from devhost.http.routing import RouteTable
from devhost.http.triggers import HttpFunctions, read_body_limit

__all__ = [
    "CorsMiddleware",
    "Endpoint",
    "FunctionKeys",
    "HostEndpoints",
    "HttpFunctions",
    "KestrelProtocol",
    "RouteTable",
    "read_body_limit",
]
