"""The access level of what shoppers need: a function key, unless PUBLIC_SEARCH opens it to all."""

from __future__ import annotations

import azure.functions as func

from shared_code.settings import trigger_settings

SHOPPERS = func.AuthLevel.ANONYMOUS if trigger_settings().public_search else func.AuthLevel.FUNCTION
"""The level of searching and of reading products and pictures, which a shop's visitors need."""
