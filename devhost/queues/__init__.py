"""Queue triggers: the queues of a storage account, or local ones that behave alike."""
