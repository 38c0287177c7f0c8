"""The parts that benchmarks share: running a host or the package, and printing a page of results.

Begin with ``report`` (arguments, table, machine) and ``host`` (the development host for one block).
``packaged`` starts the built package, in which ``serving`` runs as a program of its own.
"""
