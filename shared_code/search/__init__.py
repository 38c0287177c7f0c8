"""From a query to a page of products: embed, retrieve per view, fuse, cut, rerank, hydrate.

Begin with ``search.py``: every search comes down to weighted queries against views, in ``_answer``.
``query.py`` says what can be searched for and with which options; ``facets.py`` says what can be
filtered by. Pure steps (``ranking``, ``cutoff``, ``diversity``) know no engine.
"""

from shared_code.search.embeddings import Embeddings
from shared_code.search.facets import Facet, Facets
from shared_code.search.query import HybridQuery, Mode, Photo, SearchOptions, check_words
from shared_code.search.ranking import Result
from shared_code.search.search import Search, SearchResults

__all__ = [
    "Embeddings",
    "Facet",
    "Facets",
    "HybridQuery",
    "Mode",
    "Photo",
    "Result",
    "Search",
    "SearchOptions",
    "SearchResults",
    "check_words",
]
