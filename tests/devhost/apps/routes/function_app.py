"""The functions of routes.json; each answers what it was called with."""

import json
from pathlib import Path

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


def register_echo(name: str, route: str, methods: list[str]) -> None:
    def echo(req: func.HttpRequest) -> func.HttpResponse:
        call = {
            "function": name,
            "params": dict(req.route_params),
            "query": dict(req.params),
            "headers": dict(req.headers),
            "body_length": len(req.get_body()),
        }
        return func.HttpResponse(json.dumps(call), mimetype="application/json")

    app.function_name(name)(app.route(route=route, methods=methods)(echo))


for entry in json.loads(Path(__file__).with_name("routes.json").read_text(encoding="utf-8")):
    register_echo(entry["name"], entry["route"], entry["methods"])
