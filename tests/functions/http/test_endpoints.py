"""Headers and problems of every response; embeddings, health and stats."""

import json

import pytest

from functions.embed import embed_image, embed_text
from functions.health import health, stats
from functions.http.endpoints import endpoint
from functions.products import index_product, list_products
from shared_code.app import App, use_models
from shared_code.domain.errors import Misconfigured, Unavailable
from shared_code.reindex.model_switch import ModelSwitch
from shared_code.settings import Settings
from tests.functions.conftest import BrokenPart, as_form, as_json, assert_problem, body_of, call
from tests.pictures import picture


def test_stages_and_request_id_on_every_answer(app):
    response = call(embed_text, **as_json({"text": "red"}))
    assert len(response.headers["x-request-id"]) == 32
    mine = call(embed_text, **{**as_json({"text": "red"}), "headers": {"x-request-id": "mine-1"}})
    assert mine.headers["x-request-id"] == "mine-1"


def test_stages_are_reported(app):
    response = call(index_product, **as_json({"product_id": "a", "name": "A"}))
    stages = [part.split(";")[0] for part in response.headers["server-timing"].split(", ")]
    assert set(stages) >= {"search", "store"}


def test_a_request_id_that_could_harm_a_log_is_replaced(app):
    request = {**as_json({"text": "red"}), "headers": {"x-request-id": "a\nb"}}
    assert "\n" not in call(embed_text, **request).headers["x-request-id"]


def test_a_bug_tells_the_caller_nothing(app, caplog):
    @endpoint
    def buggy(req):
        raise RuntimeError("the secret path /etc/shadow")

    body = assert_problem(call(buggy), 500)
    assert "secret" not in json.dumps(body)
    assert "the secret path" in caplog.text


def test_a_dependency_that_is_down_is_a_503_with_retry_after(app):
    app.adapters.index = BrokenPart(Unavailable("qdrant did not answer", retry_after_s=7))
    response = call(list_products, method="GET")
    assert_problem(response, 503, says="qdrant did not answer")
    assert response.headers["retry-after"] == "7"


def test_embeddings(app):
    single = body_of(call(embed_text, **as_json({"text": "red"})))
    batch = body_of(call(embed_text, **as_json({"texts": ["red", "blue"]})))
    assert single["embedding"] == batch["embeddings"][0]
    assert len(single["embedding"]) == single["dimension"] == app.encoder.model.dimension


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": "a", "texts": ["b"]},
        {"texts": []},
        {"texts": ["a"] * 65},
        {"texts": [""]},
        {"text": None},
    ],
)
def test_bad_texts(app, body):
    assert_problem(call(embed_text, **as_json(body)), 422)


def test_picture_embeddings(app):
    files = [("file", "a.png", picture("red")), ("file", "b.png", picture("blue"))]
    single = body_of(call(embed_image, **as_form(files=files[:1])))
    both = body_of(call(embed_image, **as_form(files=files)))
    assert single["image"] == "a.png"
    assert single["embedding"] == pytest.approx(both["images"][0]["embedding"], abs=1e-5)


def test_health(app):
    body = body_of(call(health, method="GET"))
    assert (body["status"], body["model"]) == ("running", app.encoder.model.name)
    deep = body_of(call(health, method="GET", params={"deep": "true"}))
    assert deep["checks"] == dict.fromkeys(["model", "index", "storage", "users", "events"], "ok")


def test_deep_health_says_what_is_down(app):
    app.adapters.index = BrokenPart(Unavailable("qdrant did not answer"))
    response = call(health, method="GET", params={"deep": "true"})
    assert response.status_code == 503
    assert "qdrant did not answer" in body_of(response)["checks"]["index"]
    assert call(health, method="GET").status_code == 200


def test_health_shows_why_a_bundle_cannot_be_served(tmp_path):
    previous = use_models(ModelSwitch(App(Settings(model_dir=tmp_path / "nowhere"))))
    try:
        response = call(health, method="GET")
        assert response.status_code == 503
        assert "nowhere" in body_of(response)["checks"]["model"]
    finally:
        use_models(previous)


def test_wrong_settings_are_named_all_together():
    wrong = {"MAX_UPLOAD_MB": "lots", "QDRANT_DISTANCE": "dot", "ORT_THREADS": "-1"}
    with pytest.raises(Misconfigured) as caught:
        Settings.from_env(wrong)
    assert all(name in str(caught.value) for name in wrong)


def test_stats(app):
    call(index_product, **as_json({"product_id": "a", "name": "A"}))
    body = body_of(call(stats, method="GET"))
    assert (body["products"], body["images"], body["vectors"], body["failures"]) == (1, 0, 1, 0)
    assert body["model"]["dimension"] == app.encoder.model.dimension
    assert body["collection"] == app.index.collection


def test_stats_are_available_while_the_index_is_down(app):
    """During an outage somebody wants to know what failed, and what waits."""
    name = app.index.collection
    app.adapters.index = BrokenPart(Unavailable("it did not answer"), collection=name)
    app.event_queue.send("{}", delay_s=3600)
    body = body_of(call(stats, method="GET"))
    assert (body["products"], body["images"], body["vectors"]) == (None, None, None)
    assert (body["events_waiting"], body["failures"], body["collection"]) == (1, 0, name)


def test_stats_count_what_waits_and_say_so_when_nobody_knows(app):
    assert body_of(call(stats, method="GET"))["events_waiting"] == 0
    app.event_queue.send("{}", delay_s=3600)
    assert body_of(call(stats, method="GET"))["events_waiting"] == 1
    app.adapters.event_queue = BrokenPart(Unavailable("it did not answer"))
    del app.blob_events
    assert body_of(call(stats, method="GET"))["events_waiting"] is None


def test_deep_health_names_the_outage_that_events_wait_for(app):
    app.event_queue.send("{}", delay_s=3600)
    assert body_of(call(health, method="GET", params={"deep": "true"}))["checks"]["events"] == "ok"
    app.adapters.index = BrokenPart(Unavailable("it did not answer"))
    checks = body_of(call(health, method="GET", params={"deep": "true"}))["checks"]
    assert checks["events"] == "1 wait for: index (Unavailable: it did not answer)"
    app.adapters.event_queue = BrokenPart(Unavailable("it did not answer"))
    checks = body_of(call(health, method="GET", params={"deep": "true"}))["checks"]
    assert checks["events"] == "Unavailable: it did not answer"
