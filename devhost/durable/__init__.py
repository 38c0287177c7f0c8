"""Plays the host of Durable Functions: history, replay, activities, timers, and its client's HTTP.

The app's orchestrators run on Microsoft's own library, unchanged; this package is the other side.
"""
