"""Azure's entry point: registers the blueprints and decides nothing."""

import azure.functions as func

from functions import blob_events as ingest
from functions import (
    bulk,
    dashboard,
    docs,
    embed,
    facets,
    failures,
    products,
    reconcile,
    reindex,
    search,
    users,
)
from functions import health as ops
from functions.openapi import describe

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
for module in (
    search,
    facets,
    embed,
    products,
    bulk,
    ingest,
    failures,
    reconcile,
    reindex,
    users,
    ops,
    docs,
    dashboard,
):
    app.register_functions(module.bp)
    describe(module.bp)
