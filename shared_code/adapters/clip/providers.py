"""Chooses which of onnxruntime's execution providers runs a model, in the order of the setting.

onnxruntime itself falls back to the CPU silently when a provider that it was built with cannot
start, for lack of a GPU or a driver; here that is logged, or is an error.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import onnxruntime as ort

from shared_code.domain.errors import Misconfigured

log = logging.getLogger(__name__)

CPU = "CPUExecutionProvider"
CUDA = "CUDAExecutionProvider"


def select_providers(requested: Sequence[str]) -> list[str]:
    """Returns those that this onnxruntime was built with. Raises Misconfigured if there is none."""
    built = ort.get_available_providers()
    available = [provider for provider in requested if provider in built]
    if not available:
        raise Misconfigured(
            f"ORT_PROVIDERS names {', '.join(requested)}; this onnxruntime has {', '.join(built)}. "
            f"Install the onnxruntime that has it (see docs/deploy.md), or add {CPU}."
        )
    if CUDA in available:
        ort.preload_dlls()  # CUDA's libraries, where they are installed as Python packages
    for provider in requested:
        if provider not in built:
            log.warning("%s is not in this onnxruntime: %s is next", provider, available[0])
    return available


def check_started(session: ort.InferenceSession, requested: Sequence[str], precision: str) -> None:
    """Checks which of the providers that ``select_providers`` returned runs the model, and logs a
    warning where it is not the best one. Raises Misconfigured where none of them does."""
    running = session.get_providers()  # the CPU is always the last, requested or not
    started = [provider for provider in requested if provider in running]
    if not started:
        raise Misconfigured(
            f"{requested[0]} could not start: is there a GPU, and its driver? Add {CPU} to "
            "ORT_PROVIDERS to go on without."
        )
    if started[0] != requested[0]:
        log.warning("%s could not start: %s runs the model", requested[0], started[0])
    if started[0] != CPU and precision.startswith("int8"):
        log.warning("only the CPU multiplies in int8: export the bundle in fp32, or in fp16")
    if started[0] == CPU and precision.startswith("fp16"):
        log.warning("fp16 is for GPUs: the CPU converts it back; a bundle in int8 is quicker there")
