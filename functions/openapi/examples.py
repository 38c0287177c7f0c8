"""Examples for the API's document, by the function's name: they work on the sample catalogue."""

from __future__ import annotations

from typing import Any

EXAMPLES: dict[str, Any] = {
    "search_by_text": {"query": "red dress", "limit": 3, "filter": {"price": {"lte": 100}}},
    "search_by_picture": {"file": "samples/images/red-dress/front.webp", "limit": 3},
    "search_by_blend": {"product_id": "red-dress", "query": "green", "limit": 3},
    "similar_products": {"product_id": "red-dress", "limit": 3},
    "embed_text": {"text": "running shoe"},
    "embed_image": {"file": ["samples/images/red-dress/front.webp"]},
    "index_product": {
        "product_id": "gift-card",
        "name": "Gift card",
        "description": "Always fits.",
        "metadata": {"price": 25},
    },
    "index_product_with_image": {
        "product_id": "my-dress",
        "name": "My red dress",
        "metadata": '{"price": 59.0, "colour": "red"}',
        "image_file": ["samples/images/red-dress/front.webp"],
    },
    "list_products": {"limit": 5, "sort": "-price"},
    "get_product": {"product_id": "red-dress"},
    "delete_product": {"product_id": "my-dress"},
    "get_image": {"path": "red-dress/front.webp", "size": 320},
    "dashboard_file": {"path": "icon.svg"},
    "index_batch": {"prefix": "red-"},
    "reindex": {"rollback": False},
    "reconcile": {"dry_run": True},
    "save_search": {"name": "Red dresses", "search": {"query": "red dress", "limit": 5}},
    "put_preferences": {"limit": 20, "liked": ["red-dress"]},
    "mark_product": {"mark": "liked", "product_id": "red-dress"},
    "unmark_product": {"mark": "liked", "product_id": "red-dress"},
}
