"""From an event to the index: look again at storage, read, embed, write.

Begin with ``indexing.py``: ``Indexer.sync`` makes the index agree with one blob, whatever the event
said. ``blob_events.py`` decides when a look is repeated or given up, ``words.py`` and ``texts.py``
keep a product's text, ``listing_diff.py`` compares a page of storage with the index.
"""

from shared_code.indexing.blob_events import LOOK_AGAIN, BlobEvents, Look, Notice
from shared_code.indexing.crash_guard import MAX_DEATHS, CrashGuard
from shared_code.indexing.duplicates import Duplicates
from shared_code.indexing.indexing import Indexer
from shared_code.indexing.job_counts import JobCounts, fit_status
from shared_code.indexing.listing_diff import Group, groups_of
from shared_code.indexing.records import image_record, text_record
from shared_code.indexing.recovery import Recovery, RetryReport
from shared_code.indexing.texts import Outcome, ProductTextIndexer, is_current
from shared_code.indexing.word_vectors import embed_many_words, embed_words
from shared_code.indexing.words import Listing, ObservedText, ProductTextReader

__all__ = [
    "LOOK_AGAIN",
    "MAX_DEATHS",
    "BlobEvents",
    "CrashGuard",
    "Duplicates",
    "Group",
    "Indexer",
    "JobCounts",
    "Listing",
    "Look",
    "Notice",
    "ObservedText",
    "Outcome",
    "ProductTextIndexer",
    "ProductTextReader",
    "Recovery",
    "RetryReport",
    "embed_many_words",
    "embed_words",
    "fit_status",
    "groups_of",
    "image_record",
    "is_current",
    "text_record",
]
