"""Catalogue feeds (CSV, or one JSON object a line) as products with their pictures.

Begin with ``reading.py``, which reads a part of a feed: ``rows.py`` cuts its bytes into rows,
``columns.py`` knows what the columns mean, ``items.py`` makes a product of a row. ``intake.py``
stores products and pictures as blobs.
"""

from shared_code.feeds.intake import FeedIntake
from shared_code.feeds.items import FeedItem
from shared_code.feeds.reading import PART_BYTES, FeedFormat, detect_format, read_part

__all__ = [
    "PART_BYTES",
    "FeedFormat",
    "FeedIntake",
    "FeedItem",
    "detect_format",
    "read_part",
]
