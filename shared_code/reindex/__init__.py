"""Moving to another model without downtime: the plan of the orchestration, and the comparison of
the two collections before the alias changes. Begin with ``plan.py``.
"""

from shared_code.reindex.plan import CATCH_UP_ROUNDS, ReindexPlan, build_id, find_shortfall

__all__ = [
    "CATCH_UP_ROUNDS",
    "ReindexPlan",
    "build_id",
    "find_shortfall",
]
