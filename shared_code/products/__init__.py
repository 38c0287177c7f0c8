"""Products that callers put in, read and delete by hand.

Begin with ``catalogue.py``. What is put in is stored like a dropped file and indexed at once, so
the blob trigger finds it current.
"""

from shared_code.products.catalogue import Catalogue

__all__ = [
    "Catalogue",
]
