"""A service that fails as it is told to, over real HTTP."""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Failing:
    """Answers with these (status, headers, body) in turn, the last one for ever; notes when it
    was asked. A status of None hangs up without a word."""

    def __init__(self, *answers):
        self.asked = []
        self._answers = list(answers)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    @property
    def pauses(self):
        return [late - early for early, late in zip(self.asked, self.asked[1:], strict=False)]

    def _next(self):
        self.asked.append(time.monotonic())
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]

    def _handler(self):
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                status, headers, body = service._next()
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
