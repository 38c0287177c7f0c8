"""What the app reports about itself: the Telemetry port on Application Insights, and its logs.

Begin with ``azure_monitor.py``: it records calls on a thread of its own, so that nobody waits for
it, and ``emitter.py`` turns each into a span and metrics. ``json_logs.py`` formats log lines as
JSON. Import the module you need: ``emitter`` brings OpenTelemetry.
"""
