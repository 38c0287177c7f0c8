"""Just enough of the product's API for ``devhost.start``; its index forgets when it ends."""

import json

import azure.functions as func

from samples.catalogue import Sample

app = func.FunctionApp()
index: dict[str, str] = {}


def answer(body: object) -> func.HttpResponse:
    return func.HttpResponse(json.dumps(body), mimetype="application/json")


def hits(limit: int) -> list[dict[str, object]]:
    return [{"id": i, "name": n, "score": 0.5} for i, n in sorted(index.items())][:limit]


@app.blob_trigger("blob", "images/{name}", "AzureWebJobsStorage", data_type=func.DataType.BINARY)
def blob_changed(blob: func.InputStream) -> None:
    _, product_id, file = str(blob.name).split("/")
    if file == "product.json":
        index[product_id] = json.loads(blob.read())["name"]


@app.route("v1/stats", methods=["GET"])
def stats(req: func.HttpRequest) -> func.HttpResponse:
    return answer({"products": len(index)})


@app.route("v1/products/{id}", methods=["GET"])
def product(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(status_code=200 if req.route_params["id"] in index else 404)


@app.route("v1/search", methods=["POST"])
def search(req: func.HttpRequest) -> func.HttpResponse:
    return answer({"results": hits(req.get_json()["limit"])})


@app.route("v1/search-image", methods=["POST"])
def search_image(req: func.HttpRequest) -> func.HttpResponse:
    if req.files["file"].read() != Sample("shoe").images[0].read_bytes():
        return func.HttpResponse("another picture", status_code=400)
    return answer({"results": hits(int(req.params["limit"]))})
