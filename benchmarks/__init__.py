"""Plain scripts; each prints a table, and ``--out FILE`` keeps it under results/."""
