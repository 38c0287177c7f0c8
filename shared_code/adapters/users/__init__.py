"""What is stored for a user (saved searches, preferences): the UserRows port in two technologies.

Begin with ``folder.py``, a JSON file per row. ``table.py`` stores rows in Azure Tables, and makes
its requests through ``table_calls.py``, which retries them and has the circuit breaker. Import the
module you need: ``table`` brings the Azure SDK.
"""
