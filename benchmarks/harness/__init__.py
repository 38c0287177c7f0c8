"""What the benchmarks share: they start a host or the package, and print a table.

Begin with ``report`` (arguments, table, machine) and ``host`` (the development host for one block).
``packaged`` starts the built package, in which ``serving`` runs as a program of its own.
"""
