"""Fixtures of the exporter's tests, which need its own requirements (`make test-export`)."""

import json

import pytest

from tests.model_export.configs import CONFIGS

pytest.importorskip("torch", reason="model_export's requirements are not installed here")


@pytest.fixture
def config(tmp_path):
    """A function: the file of a small configuration by its name in configs.py."""

    def write(name, **changes):
        file = tmp_path / f"{name}.json"
        file.write_text(json.dumps({**CONFIGS[name], **changes}))
        return file

    return write
