"""Pictures for whoever shows products: the originals, and thumbnails in a container of their own.

Begin with ``serving.py``, which answers a request for a picture; ``thumbnails.py`` makes and keeps
the small copies.
"""

from shared_code.pictures.serving import Pictures, StoredPicture
from shared_code.pictures.thumbnails import Side, Thumbnails

__all__ = [
    "Pictures",
    "Side",
    "StoredPicture",
    "Thumbnails",
]
