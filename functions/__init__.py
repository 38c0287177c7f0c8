"""Triggers: parse, one call into ``shared_code``, respond. No decision is made here."""
