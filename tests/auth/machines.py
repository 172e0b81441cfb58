"""The machine in between: authorities, encrypted servers and proxies, all real and all on loopback."""

import datetime
import json
import select
import socket
import ssl
import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "service.test"
"""A name that no resolver knows: only the proxy leads there, and what goes to loopback takes no proxy."""


class Authority:
    """Issues certificates; `path` is the file of its own one."""

    def __init__(self, folder, name="Acme's own authority"):
        self._folder, self._key = folder, ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = self._made(self._name, self._key, None, days=(-1, 30), by=None)
        self.path = folder / "authority.pem"
        self.path.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, host=HOST, *, days=(-1, 30), signed_by_itself=False):
        """A file with key and certificate for a host, valid between so many days from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        certificate = self._made(name, key, host, days=days, by=None if signed_by_itself else self)
        path = self._folder / f"{host}-{days[0]}-{days[1]}-{signed_by_itself}.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        return path

    def _made(self, name, key, host, *, days, by):
        now = datetime.datetime.now(datetime.UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(by._name if by else name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + datetime.timedelta(days=days[0]))
            .not_valid_after(now + datetime.timedelta(days=days[1]))
            .add_extension(x509.BasicConstraints(ca=host is None, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )
        if host is None:
            usage = dict.fromkeys(
                [
                    "content_commitment",
                    "key_encipherment",
                    "data_encipherment",
                    "key_agreement",
                    "encipher_only",
                    "decipher_only",
                ],
                False,
            )
            made = made.add_extension(
                x509.KeyUsage(digital_signature=True, key_cert_sign=True, crl_sign=True, **usage), critical=True
            )
        else:
            made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        if by:
            issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(by._key.public_key())
            made = made.add_extension(issuer, critical=False)
        return made.sign(by._key if by else key, hashes.SHA256())


class _Api(BaseHTTPRequestHandler):
    """Everything that psauth asks for, in one place."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self._answer()

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer()

    def _answer(self):
        self.server.asked.append(self.path)
        issuer = f"https://{HOST}:{self.server.server_address[1]}"
        body = json.dumps(
            {
                "access_token": "access-2",
                "issuer": issuer,
                "authorization_endpoint": f"{issuer}/authorize",
                "token_endpoint": f"{issuer}/token",
                "apiKeyLabel": "Acme",
            }
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """A client that breaks off is what these tests are about."""


@contextmanager
def serving(handler, *, certificate=None):
    """A server in a thread; encrypted where it has a certificate. Yields it, with `asked` and `port`."""
    server = _Server(("127.0.0.1", 0), handler)
    server.asked, server.port = [], server.server_address[1]
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def api(certificate=None):
    """An API with its authorization server."""
    return serving(_Api, certificate=certificate)


class _Proxy(BaseHTTPRequestHandler):
    """Lets CONNECT through to the same port of this machine, or answers with `refusal`."""

    protocol_version = "HTTP/1.1"

    def do_CONNECT(self):
        self.server.asked.append((self.path, self.headers.get("Proxy-Authorization")))
        if self.server.refusal:
            self.send_response(self.server.refusal)
            self.send_header("Content-Length", "0")
            self.send_header("Connection", "close")
            self.end_headers()
            return
        if self.server.breaks_off:
            self.close_connection = True
            return
        self.close_connection = True
        with socket.create_connection(("127.0.0.1", int(self.path.rpartition(":")[2])), 5) as there:
            self.send_response(200)
            self.end_headers()
            self._pass_on(self.connection, there)

    def _pass_on(self, one, other):
        ends = {one: other, other: one}
        with suppress(OSError):
            while True:
                for end in select.select([*ends], [], [], 10)[0]:
                    if not (data := end.recv(65_536)):
                        return
                    ends[end].sendall(data)

    def log_message(self, *_):
        """Nothing."""


@contextmanager
def proxy(*, refusal=None, breaks_off=False, certificate=None):
    """A proxy; yields its server, with `asked` (target, credentials) and `port`."""
    with serving(_Proxy, certificate=certificate) as server:
        server.refusal, server.breaks_off = refusal, breaks_off
        yield server


def dead_port():
    """A port of this machine where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]
