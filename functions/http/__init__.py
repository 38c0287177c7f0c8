"""Reading requests and making responses, for every HTTP trigger.

A handler's signature says what it takes and answers (``arguments.py``, read by ``contract.py``);
``@endpoint`` (endpoints.py) makes an HTTP function of it: it reads the request, maps every error to
a problem, and adds Server-Timing, the request's id and the security headers. Begin there.
"""

from functions.http.access import SHOPPERS
from functions.http.arguments import (
    Binding,
    Body,
    FormBody,
    FormPayload,
    Header,
    JsonBody,
    Path,
    Query,
    QueryString,
    RoutePath,
)
from functions.http.contract import Argument, Contract
from functions.http.endpoints import CONTRACTS, contract_behind, endpoint
from functions.http.responses import JSON, PROBLEM_JSON, SECURITY_HEADERS, respond_with_picture
from functions.http.telemetry import logs_failures, observed_event
from functions.http.user_identity import MaybeUser, SomeUser
from functions.http.website import VIEWER_PAGE, load_website, respond_with_file

__all__ = [
    "CONTRACTS",
    "JSON",
    "PROBLEM_JSON",
    "SECURITY_HEADERS",
    "SHOPPERS",
    "VIEWER_PAGE",
    "Argument",
    "Binding",
    "Body",
    "Contract",
    "FormBody",
    "FormPayload",
    "Header",
    "JsonBody",
    "MaybeUser",
    "Path",
    "Query",
    "QueryString",
    "RoutePath",
    "SomeUser",
    "contract_behind",
    "endpoint",
    "load_website",
    "logs_failures",
    "observed_event",
    "respond_with_file",
    "respond_with_picture",
]
