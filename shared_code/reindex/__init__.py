"""Moving to another model without downtime.

Begin with ``plan.py``: what the orchestration remembers, and how it compares the two collections
before the alias changes. ``model_switch.py`` owns the apps of both models and follows the alias.
"""

from shared_code.reindex.model_switch import LOOK_EVERY_S, ModelSwitch
from shared_code.reindex.plan import CATCH_UP_ROUNDS, ReindexPlan, build_id, find_shortfall

__all__ = [
    "CATCH_UP_ROUNDS",
    "LOOK_EVERY_S",
    "ModelSwitch",
    "ReindexPlan",
    "build_id",
    "find_shortfall",
]
