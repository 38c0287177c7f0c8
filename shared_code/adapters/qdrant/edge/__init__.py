"""Qdrant's engine embedded in this process: ``index`` and ``aliases`` play the ports; ``shard``
opens the engine on first use and ``folder`` keeps other processes out of its folder."""
