"""Downloads pictures that a feed names by URL: the FetchImage port on ``http.client``.

Begin with ``image_urls.py``, the download; ``public_urls.py`` decides where it may go, so that no
URL in somebody's feed reaches a server inside our network. Import the module you need.
"""
