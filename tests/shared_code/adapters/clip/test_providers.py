"""The execution provider that runs a model depends on this onnxruntime, and is logged."""

import logging

import onnxruntime as ort
import pytest

from shared_code.adapters.clip.bundle import load_bundle
from shared_code.adapters.clip.encoder import ClipEncoder, EncoderOptions
from shared_code.adapters.clip.providers import CPU, CUDA, check_started, select_providers
from shared_code.domain.errors import Misconfigured
from shared_code.settings import Settings


def make_encoder(*providers):
    bundle = load_bundle(Settings().model_dir)
    return ClipEncoder(bundle, max_pixels=1, options=EncoderOptions(providers=providers))


def test_a_missing_provider_gives_way_and_is_logged(caplog):
    assert CUDA not in ort.get_available_providers()  # where it is, this test says nothing
    with caplog.at_level(logging.WARNING):
        assert len(make_encoder(CUDA, CPU).encode_texts(["a dress"])) == 1
    assert "CUDAExecutionProvider is not in this onnxruntime" in caplog.text


def test_a_missing_provider_without_another_is_refused():
    with pytest.raises(Misconfigured, match=f"ORT_PROVIDERS.*{CPU}"):
        make_encoder(CUDA).encode_texts(["a dress"])


def test_the_order_is_the_callers():
    built = ort.get_available_providers()
    assert select_providers(built[::-1]) == built[::-1]


class CpuSession:
    """A session whose GPU could not start: onnxruntime lists the CPU alone."""

    def get_providers(self):
        return [CPU]


def test_a_gpu_that_cannot_start_is_logged_or_refused(caplog):
    with caplog.at_level(logging.WARNING):
        check_started(CpuSession(), [CUDA, CPU], "int8")
    assert "could not start: CPUExecutionProvider runs the model" in caplog.text
    with pytest.raises(Misconfigured, match="could not start"):
        check_started(CpuSession(), [CUDA], "int8")


def test_int8_on_a_gpu_is_logged(caplog):
    class GpuSession:
        def get_providers(self):
            return [CUDA, CPU]

    with caplog.at_level(logging.WARNING):
        check_started(GpuSession(), [CUDA, CPU], "fp32")
        assert not caplog.records
        check_started(GpuSession(), [CUDA, CPU], "int8")
    assert "in fp32" in caplog.text


def test_fp16_on_the_cpu_is_logged(caplog):
    with caplog.at_level(logging.WARNING):
        check_started(CpuSession(), [CPU], "fp16")
    assert "for GPUs" in caplog.text


def test_an_unknown_provider_is_refused_when_the_app_starts():
    with pytest.raises(Misconfigured, match="ORT_PROVIDERS"):
        Settings.from_env({"ORT_PROVIDERS": "cuda"})
    settings = Settings.from_env({"ORT_PROVIDERS": f"{CUDA}, {CPU}"})
    assert settings.ort_providers == (CUDA, CPU)
