"""Which execution provider runs a model: chosen by what this onnxruntime has, and told."""

import logging

import onnxruntime as ort
import pytest

from shared_code.adapters.clip.bundle import load_bundle
from shared_code.adapters.clip.encoder import ClipEncoder, EncoderOptions
from shared_code.adapters.clip.providers import CPU, CUDA, check_started, select_providers
from shared_code.domain.errors import Misconfigured
from shared_code.settings import Settings


def encoder(*providers):
    bundle = load_bundle(Settings().model_dir)
    return ClipEncoder(bundle, max_pixels=1, options=EncoderOptions(providers=providers))


def test_one_that_is_missing_gives_way_and_is_told(caplog):
    assert CUDA not in ort.get_available_providers()  # where it is, this test says nothing
    with caplog.at_level(logging.WARNING):
        assert len(encoder(CUDA, CPU).encode_texts(["a dress"])) == 1
    assert "CUDAExecutionProvider is not in this onnxruntime" in caplog.text


def test_one_that_is_missing_and_has_no_other_is_refused():
    with pytest.raises(Misconfigured, match=f"ORT_PROVIDERS.*{CPU}"):
        encoder(CUDA).encode_texts(["a dress"])


def test_the_order_is_the_callers():
    built = ort.get_available_providers()
    assert select_providers(built[::-1]) == built[::-1]


class Session:
    """What onnxruntime says of a session whose GPU could not start: the CPU alone."""

    def get_providers(self):
        return [CPU]


def test_a_gpu_that_cannot_start_is_told_or_refused(caplog):
    with caplog.at_level(logging.WARNING):
        check_started(Session(), [CUDA, CPU], "int8")
    assert "could not start: CPUExecutionProvider runs the model" in caplog.text
    with pytest.raises(Misconfigured, match="could not start"):
        check_started(Session(), [CUDA], "int8")


def test_int8_on_another_than_the_cpu_is_told(caplog):
    class OnGpu:
        def get_providers(self):
            return [CUDA, CPU]

    with caplog.at_level(logging.WARNING):
        check_started(OnGpu(), [CUDA, CPU], "fp32")
        assert not caplog.records
        check_started(OnGpu(), [CUDA, CPU], "int8")
    assert "in fp32" in caplog.text


def test_fp16_on_the_cpu_is_told(caplog):
    with caplog.at_level(logging.WARNING):
        check_started(Session(), [CPU], "fp16")
    assert "for GPUs" in caplog.text


def test_a_name_that_is_none_is_refused_when_the_app_starts():
    with pytest.raises(Misconfigured, match="ORT_PROVIDERS"):
        Settings.from_env({"ORT_PROVIDERS": "cuda"})
    found = Settings.from_env({"ORT_PROVIDERS": f"{CUDA}, {CPU}"})
    assert found.ort_providers == (CUDA, CPU)
