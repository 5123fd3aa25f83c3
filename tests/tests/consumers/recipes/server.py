"""Stands for the servers of the recipes: runs a command beside them, with their ports in variables.

STS answers `AssumeRoleWithWebIdentity` and Vault a login with a JWT, PostgreSQL and MySQL ask for a
password in clear text, Redis takes `AUTH`, a feed has one package for npm, one for pip and one for Maven.
Each takes only a token with its own audience.
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
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path == "/v1/auth/jwt/login":
            return self.vault(json.loads(body))
        form = urllib.parse.parse_qs(body)
        if audience(form["WebIdentityToken"][0]) != "sts.amazonaws.com":
            error = "<Error><Type>Sender</Type><Code>InvalidIdentityToken</Code><Message>Incorrect token audience</Message></Error>"
            return self.answer(400, f"<ErrorResponse>{error}</ErrorResponse>".encode(), "text/xml")
        keys = "<AccessKeyId>AKIDEXAMPLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"
        result = f"<Credentials>{keys}<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>"
        whole = f"<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult>{result}"
        end = "</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
        self.answer(200, (whole + end).encode(), "text/xml")

    def vault(self, login):
        if login["role"] != "ci" or audience(login["jwt"]) != "https://vault.example":
            return self.answer(400, b'{"errors":["error validating token: invalid audience (aud) claim"]}')
        self.answer(200, b'{"auth":{"client_token":"hvs.EXAMPLE"}}')

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
        if self.path.startswith("/maven/"):
            parent = "<groupId>web</groupId><artifactId>base</artifactId><version>1</version><packaging>pom</packaging>"
            pom = f"<project><modelVersion>4.0.0</modelVersion>{parent}</project>" if self.path.endswith(".pom") else ""
            return self.answer(200 if pom else 404, pom.encode(), "text/xml")
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


class MySql(socketserver.StreamRequestHandler):
    OK = b"\0\0\0\2\0\0\0"

    def send(self, number, body):
        self.wfile.write(struct.pack("<I", len(body))[:3] + bytes([number]) + body)

    def packet(self):
        head = self.rfile.read(4)
        return head[3] if head else 0, self.rfile.read(int.from_bytes(head[:3], "little"))

    def handle(self):
        # Version 10, with the protocol of MySQL 4.1, its authentication by plugins, and long passwords.
        abilities = 0x0008_8200 | 0x0020_0000
        start = b"\x0a8.0.0\0" + bytes(4) + b"saltsalt\0" + struct.pack("<H", abilities & 0xFFFF) + b"\x2d\2\0"
        rest = struct.pack("<H", abilities >> 16) + bytes([21]) + bytes(10) + b"saltsaltsalt\0"
        self.send(0, start + rest + b"caching_sha2_password\0")
        number, _ = self.packet()
        self.send(number + 1, b"\xfemysql_clear_password\0")
        number, password = self.packet()
        if audience(password.rstrip(b"\0").decode()) != "https://ossrdbms-aad.database.windows.net":
            return self.send(number + 1, b"\xff" + struct.pack("<H", 9109) + b"#28000wrong audience")
        self.send(number + 1, self.OK)
        # The number of the command `COM_QUIT`.
        while (packet := self.packet())[1] not in (b"", b"\1"):
            self.send(packet[0] + 1, self.OK)


class Redis(socketserver.StreamRequestHandler):
    def command(self):
        count = self.rfile.readline()
        words = [self.rfile.read(int(self.rfile.readline()[1:]) + 2)[:-2] for _ in range(int(count[1:] or 0))]
        return [word.decode() for word in words]

    def handle(self):
        while words := self.command():
            if words[0] != "AUTH":
                self.wfile.write(b"+PONG\r\n" if words[0] == "PING" else b"+OK\r\n")
            elif words[1] == "web" and audience(words[2]) == "https://redis.azure.com":
                self.wfile.write(b"+OK\r\n")
            else:
                self.wfile.write(b"-WRONGPASS wrong audience\r\n")


socketserver.ThreadingTCPServer.daemon_threads = True
for name, server in [
    ("HTTP_PORT", http.server.ThreadingHTTPServer(("127.0.0.1", 0), Http)),
    ("POSTGRES_PORT", socketserver.ThreadingTCPServer(("127.0.0.1", 0), Postgres)),
    ("MYSQL_PORT", socketserver.ThreadingTCPServer(("127.0.0.1", 0), MySql)),
    ("REDIS_PORT", socketserver.ThreadingTCPServer(("127.0.0.1", 0), Redis)),
]:
    os.environ[name] = str(server.server_address[1])
    threading.Thread(target=server.serve_forever, daemon=True).start()
sys.exit(subprocess.run(sys.argv[1:]).returncode)
