"""Caches of query embeddings: the EmbeddingCache port in this process and on Redis.

``memory.py`` is always used; ``redis.py`` is a second one behind it, shared by several instances,
where REDIS_URL is set. Import the module you need: ``redis`` brings numpy and the Redis client.
"""
