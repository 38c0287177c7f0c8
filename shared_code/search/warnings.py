"""What an answer says of itself, so that nothing is left out or changed in silence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from shared_code.search.query import WINDOW, SearchOptions

if TYPE_CHECKING:
    from shared_code.domain.ports import Embedding
    from shared_code.domain.products import ScoreCalibration
    from shared_code.search.ranking import Result


def split(embedding: Embedding) -> tuple[str, ...]:
    if embedding.windows == 1:
        return ()
    parts = f"its {embedding.windows} parts were embedded and averaged"
    return (f"The text is over the model's limit: {parts}.",)


def window(in_window: bool, options: SearchOptions) -> Sequence[str]:
    if not in_window or options.wanted <= WINDOW:
        return ()
    return (f"Only the best {WINDOW} of each view are ranked here; mode text or image go deeper.",)


def cutoff(scale: ScoreCalibration | None, options: SearchOptions) -> Sequence[str]:
    if not options.cutoff or scale is not None:
        return ()
    return ("Nothing was cut off: this model's bundle does not tell what its scores mean.",)


def hidden(ranking: Sequence[Result], options: SearchOptions) -> Sequence[str]:
    if not any(result.product.product_id in options.hidden for result in ranking):
        return ()
    return ("Products that this user has hidden are left out.",)
