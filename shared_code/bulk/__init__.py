"""Bulk jobs: everything below a prefix, a whole feed, or all failures, indexed in segments.

Begin with ``jobs.py``: what a job is, and what its orchestration remembers. ``work.py`` holds what
the activities do, with ``listing.py`` for listing a segment and ``indexing.py`` for indexing a
batch of products; ``report.py`` says how far a job is.
"""

from shared_code.bulk.indexing import BulkIndexer
from shared_code.bulk.jobs import BulkJob, BulkSegment, BulkSource, part_id
from shared_code.bulk.listing import BulkLister
from shared_code.bulk.manifests import ManifestStore
from shared_code.bulk.report import (
    JobFacts,
    JobReport,
    State,
    has_ended,
    is_cancellable,
    summarize_job,
)
from shared_code.bulk.sources import SourceRequest, choose_source
from shared_code.bulk.work import BulkWork

__all__ = [
    "BulkIndexer",
    "BulkJob",
    "BulkLister",
    "BulkSegment",
    "BulkSource",
    "BulkWork",
    "JobFacts",
    "JobReport",
    "ManifestStore",
    "SourceRequest",
    "State",
    "choose_source",
    "has_ended",
    "is_cancellable",
    "part_id",
    "summarize_job",
]
