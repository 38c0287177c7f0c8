"""An HTTP service that fails on purpose."""

import itertools
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class FailingService:
    """Sends these responses (status, headers, body) in turn, and the last one from then on.

    ``requested_at`` holds the time of each request. A status of None hangs up without a response.
    """

    def __init__(self, *responses):
        self.requested_at = []
        self._responses = list(responses)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._make_handler())
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    @property
    def pauses(self):
        times = self.requested_at
        return [late - early for early, late in itertools.pairwise(times)]

    def _next_response(self):
        self.requested_at.append(time.monotonic())
        return self._responses.pop(0) if len(self._responses) > 1 else self._responses[0]

    def _make_handler(self):
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                status, headers, body = service._next_response()
                if status is None:
                    self.close_connection = True
                    return
                self.send_response(status)
                for name, value in {"content-length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_DELETE = do_GET

            def log_message(self, *_):
                pass

        return Handler
