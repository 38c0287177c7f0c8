"""Model families: from the names of their weights to towers. The only place that knows them."""
