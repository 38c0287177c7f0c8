"""Which of onnxruntime's execution providers runs a model, in the order asked for.

onnxruntime itself falls back to the CPU without a word when a provider that it was built with
cannot start, for lack of a GPU or a driver; here that is said, or refused.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import onnxruntime as ort

from shared_code.domain.errors import Misconfigured

log = logging.getLogger(__name__)

CPU = "CPUExecutionProvider"
CUDA = "CUDAExecutionProvider"


def usable(asked: Sequence[str]) -> list[str]:
    """Those asked for that this onnxruntime was built with. Raises Misconfigured if it is none."""
    built = ort.get_available_providers()
    found = [provider for provider in asked if provider in built]
    if not found:
        raise Misconfigured(
            f"ORT_PROVIDERS asks for {', '.join(asked)}; this onnxruntime has {', '.join(built)}. "
            f"Install the onnxruntime that has it (see docs/deploy.md), or add {CPU}."
        )
    if CUDA in found:
        ort.preload_dlls()  # its libraries, where they came as Python packages
    for provider in asked:
        if provider not in built:
            log.warning("%s is not in this onnxruntime: %s is next", provider, found[0])
    return found


def check_started(session: ort.InferenceSession, asked: Sequence[str], precision: str) -> None:
    """``asked``: as ``usable`` gave them. Raises Misconfigured where none of them runs it."""
    runs = session.get_providers()  # the CPU is always the last, asked for or not
    started = [provider for provider in asked if provider in runs]
    if not started:
        raise Misconfigured(
            f"{asked[0]} could not start: is there a GPU, and its driver? Add {CPU} to "
            "ORT_PROVIDERS to go on without."
        )
    if started[0] != asked[0]:
        log.warning("%s could not start: %s runs the model", asked[0], started[0])
    if started[0] != CPU and precision.startswith("int8"):
        log.warning("int8 products have no operator but the CPU's: export it in fp32, or in fp16")
    if started[0] == CPU and precision.startswith("fp16"):
        log.warning("fp16 is for GPUs: the CPU converts it back; a bundle in int8 is quicker there")
