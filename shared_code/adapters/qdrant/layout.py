"""How a collection is laid out on a Qdrant server, by how many vectors it is made for.

By Qdrant's own formula (capacity planning) vectors held in memory take 1.5 times their bytes, graph
and segments included: 3 KiB for 512 dimensions. Up to what the smallest node has, everything is
held in memory and found whole. Beyond it int8 codes are (a quarter of the bytes), and rank twice
as many points as are wanted, which the originals on disk then rank again. (Figures published by
others: int8 finds .93 of the nearest without that second look, CLIP at 512 dimensions.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared_code.domain.vectors import Quantization

BYTES_PER_NUMBER = 4 * 1.5
FITS_BYTES = 0.9e9
"""Of a node with 1 GB: 300,000 vectors of 512 dimensions."""
LARGE_BYTES = 15e9
"""5 million of them: from here on a graph of the usual care misses more of the nearest."""

USUAL_EF_CONSTRUCT, CAREFUL_EF_CONSTRUCT = 100, 200
"""Neighbours looked at when a point is put into the graph: better edges for a longer build. As
many edges are kept (Qdrant's 16) either way: they are memory, the build is not."""


@dataclass(frozen=True, slots=True)
class Layout:
    int8: bool | None
    """None: nobody said, so it is left as it is."""
    originals_on_disk: bool = False
    ef_construct: int = USUAL_EF_CONSTRUCT


def memory_bytes(vectors: int, dimension: int) -> float:
    """What the vectors take when they are held in memory as they are."""
    return vectors * dimension * BYTES_PER_NUMBER


def write_consistency_for(replication: int) -> int:
    """Returns how many copies must have a write for it to succeed.

    That is a majority, but never all copies, so that writes go on when one node is lost: 1 of 2,
    2 of 3, 3 of 4. With 3 copies or more, a write that succeeded survives the loss of any one
    node. With 2 it may be lost with the node that alone had it; a reconcile mends that, since
    pictures and texts are in storage, whereas requiring both would stop indexing whenever a node
    is down. Reads need one copy only: before a write succeeds, Qdrant takes the copies that missed
    it out of service.
    """
    return max(1, min(replication // 2 + 1, replication - 1))


def layout_for(expected_vectors: int, dimension: int, quantization: Quantization) -> Layout:
    """``expected_vectors``: pictures and texts together; 0: not said, so small."""
    expected = memory_bytes(expected_vectors, dimension)
    if quantization == "auto":
        int8 = expected > FITS_BYTES if expected_vectors else None
    else:
        int8 = quantization == "int8"
    careful = expected > LARGE_BYTES
    return Layout(
        int8,
        originals_on_disk=bool(int8) and expected > FITS_BYTES,
        ef_construct=CAREFUL_EF_CONSTRUCT if careful else USUAL_EF_CONSTRUCT,
    )
