"""Lets the component reach one authority through Python's own TLS: its trust store, a private CA, and the proxy variables.

wasmtime's HTTP client for Python can be given none of these. The component may call this machine without TLS, so the
relay listens there, and what it receives goes to the one authority and nowhere else.
"""

from __future__ import annotations

import ssl
import urllib.error
import urllib.request
from http.client import HTTPMessage, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import IO, Any

_LONGEST = 1 << 20
_OF_THE_CONNECTION = {"host", "connection", "content-length", "transfer-encoding", "keep-alive"}


class Relay:
    """A relay to `https://HOST[:PORT]`, open within `with`. Certificates of `cafile` are trusted too."""

    def __init__(self, authority: str, *, cafile: str | None = None, timeout: float = 30) -> None:
        if not authority.startswith("https://"):
            raise ValueError(f"{authority} does not begin with https://")
        self.failure: str | None = None
        """Why the last request did not reach the authority."""
        context = ssl.create_default_context()
        if cafile is not None:
            context.load_verify_locations(cafile)
        opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), _NoRedirects())
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self, opener, authority.rstrip("/"), timeout))

    @property
    def url(self) -> str:
        """The `authority_host` for the component."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Relay:
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """The component judges a redirect itself. Followed here, the ID token would go to another host."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        return None


def _handler(
    relay: Relay, opener: urllib.request.OpenerDirector, authority: str, timeout: float
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._forward(None)

        def do_POST(self) -> None:
            length = int(self.headers.get("content-length", "0"))
            if length > _LONGEST or "origin" in self.headers:
                self.send_error(403)
                return
            self._forward(self.rfile.read(length))

        def _forward(self, body: bytes | None) -> None:
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _OF_THE_CONNECTION}
            request = urllib.request.Request(authority + self.path, body, headers, method=self.command)
            try:
                answer: HTTPResponse | urllib.error.HTTPError = opener.open(request, timeout=timeout)
            except urllib.error.HTTPError as refused:
                answer = refused
            except OSError as error:
                # No answer at all, so that the component does not take it for one of the authority.
                relay.failure = str(error)
                self.close_connection = True
                return
            with answer:
                content = answer.read(_LONGEST)
            self.send_response(answer.status or 502)
            for name, value in answer.headers.items():
                if name.lower() not in _OF_THE_CONNECTION:
                    self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: paths name tenants."""

    return Handler
