"""What the product needs from the world. Adapters implement these Protocols; tests bring twins.

Every method may raise ``errors.Unavailable`` when the technology behind it is down. There is a
file for each neighbour: ``encoder`` is the model, ``index`` the search engine, ``storage`` the
blobs, ``queue`` the blob events, ``cache`` the embeddings of queries, ``pictures`` what is done
with a picture's bytes, ``users`` the rows of users, ``telemetry`` what is measured; ``paging``
holds the page that listings return. Others import from this package, not from its files.
"""

from shared_code.domain.ports.cache import EmbeddingCache
from shared_code.domain.ports.encoder import Embedding, Encoder
from shared_code.domain.ports.index import Collections, ProductIndex, VectorQuery, WordQuery
from shared_code.domain.ports.paging import Page
from shared_code.domain.ports.pictures import FetchImage, MakeThumbnail, PictureFormat
from shared_code.domain.ports.queue import EventQueue
from shared_code.domain.ports.storage import Blob, BlobInfo, BlobStore, etag_of, every_blob
from shared_code.domain.ports.telemetry import IMPORTED_NS, NoTelemetry, Operation, Telemetry
from shared_code.domain.ports.users import MAX_ROW_BYTES, Row, StoredRow, UserRows, encode_row

__all__ = [
    "IMPORTED_NS",
    "MAX_ROW_BYTES",
    "Blob",
    "BlobInfo",
    "BlobStore",
    "Collections",
    "Embedding",
    "EmbeddingCache",
    "Encoder",
    "EventQueue",
    "FetchImage",
    "MakeThumbnail",
    "NoTelemetry",
    "Operation",
    "Page",
    "PictureFormat",
    "ProductIndex",
    "Row",
    "StoredRow",
    "Telemetry",
    "UserRows",
    "VectorQuery",
    "WordQuery",
    "encode_row",
    "etag_of",
    "every_blob",
]
