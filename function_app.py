"""Azure's entry point: registers the blueprints and decides nothing."""

import azure.functions as func

from functions import (
    blob_events,
    bulk,
    dashboard,
    docs,
    embed,
    facets,
    failures,
    health,
    products,
    reconcile,
    reindex,
    search,
    users,
)
from functions.openapi import describe

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
for module in (
    search,
    facets,
    embed,
    products,
    bulk,
    blob_events,
    failures,
    reconcile,
    reindex,
    users,
    health,
    docs,
    dashboard,
):
    app.register_functions(module.bp)
    describe(module.bp)
