"""The fast import gives the same package: every class works, and nothing stays changed."""

import subprocess
import sys

from devhost import ROOT

SCRIPT = """
import gc
from pydantic import BaseModel
rebuild = BaseModel.__dict__["model_rebuild"]

from shared_code.adapters.qdrant.cloud.client_import import import_qdrant_client
import_qdrant_client()
assert BaseModel.__dict__["model_rebuild"] is rebuild
assert gc.isenabled()

from qdrant_client import models
classes = [c for c in vars(models).values() if isinstance(c, type) and issubclass(c, BaseModel)]
classes.remove(BaseModel)
unbuilt = [c for c in classes if not c.__pydantic_complete__]
assert len(unbuilt) > 50, "the package no longer builds its classes while it is imported"

search = {"query": {"fusion": "rrf"}, "filter": {"must": [{"key": "a", "match": {"value": 1}}]}}
assert models.QueryRequest(**search).filter.must[0].match.value == 1
for model in classes:
    model.model_json_schema()
    assert model.__pydantic_complete__
print(len(classes))
"""


def test_classes_are_built_when_they_are_used():
    command = [sys.executable, "-W", "error", "-c", SCRIPT]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert int(run.stdout) > 300
