"""Stands for the servers of the recipes: runs a command beside them, with their ports in variables.

STS answers `AssumeRoleWithWebIdentity`, PostgreSQL asks for a password in clear text, a feed has one
package for npm and one for pip. Each takes only a token with its own audience.
"""

import base64
import http.server
import io
import json
import os
import socketserver
import struct
import subprocess
import sys
import threading
import urllib.parse
import zipfile


def audience(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["aud"]


def wheel():
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("web.py", "")
        archive.writestr("web-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: web\nVersion: 1.0\n")
        archive.writestr("web-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("web-1.0.dist-info/RECORD", "")
    return made.getvalue()


class Http(http.server.BaseHTTPRequestHandler):
    def answer(self, status, body, kind="application/json"):
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="feed"')
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        if audience(form["WebIdentityToken"][0]) != "sts.amazonaws.com":
            error = "<Error><Type>Sender</Type><Code>InvalidIdentityToken</Code><Message>Incorrect token audience</Message></Error>"
            return self.answer(400, f"<ErrorResponse>{error}</ErrorResponse>".encode(), "text/xml")
        keys = "<AccessKeyId>AKIDEXAMPLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"
        result = f"<Credentials>{keys}<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>"
        whole = f"<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult>{result}"
        end = "</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
        self.answer(200, (whole + end).encode(), "text/xml")

    def do_GET(self):
        scheme, _, credential = self.headers.get("Authorization", "").partition(" ")
        if scheme == "Basic":
            credential = base64.b64decode(credential).decode().partition(":")[2]
        try:
            is_good = audience(credential) == "499b84ac-1321-427f-aa17-267ca6975798"
        except Exception:
            is_good = False
        if not is_good:
            return self.answer(401, b"{}")
        if self.path == "/-/whoami":
            return self.answer(200, b'{"username":"web"}')
        if self.path.endswith(".whl"):
            return self.answer(200, wheel(), "application/zip")
        self.answer(200, b'<a href="/web-1.0-py3-none-any.whl">web-1.0-py3-none-any.whl</a>', "text/html")

    def log_message(self, *_):
        pass


class Postgres(socketserver.StreamRequestHandler):
    def send(self, kind, body):
        self.wfile.write(kind + struct.pack(">i", len(body) + 4) + body)

    def message(self):
        kind = self.rfile.read(1)
        return kind, self.rfile.read(struct.unpack(">i", self.rfile.read(4))[0] - 4)

    def handle(self):
        self.rfile.read(struct.unpack(">i", self.rfile.read(4))[0] - 4)
        self.send(b"R", struct.pack(">i", 3))
        password = self.message()[1].rstrip(b"\0").decode()
        if audience(password) != "https://ossrdbms-aad.database.windows.net":
            return self.send(b"E", b"SFATAL\0C28P01\0Mwrong audience\0\0")
        self.send(b"R", struct.pack(">i", 0))
        self.send(b"Z", b"I")
        while self.message()[0] == b"Q":
            self.send(b"C", b"SELECT 0\0")
            self.send(b"Z", b"I")


socketserver.ThreadingTCPServer.daemon_threads = True
for name, server in [
    ("HTTP_PORT", http.server.ThreadingHTTPServer(("127.0.0.1", 0), Http)),
    ("POSTGRES_PORT", socketserver.ThreadingTCPServer(("127.0.0.1", 0), Postgres)),
]:
    os.environ[name] = str(server.server_address[1])
    threading.Thread(target=server.serve_forever, daemon=True).start()
sys.exit(subprocess.run(sys.argv[1:]).returncode)
