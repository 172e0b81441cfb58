"""How a server may repeat a secret, and what is left of one in a text."""

import base64
import html
import json
from urllib.parse import quote, quote_plus


def in_base64(secret, before=b"", after=b""):
    return base64.b64encode(before + secret.encode() + after).decode()


def by_script(secret):
    return "".join(c if c.isalnum() and c.isascii() else f"%u{ord(c):04x}" for c in secret)


PLAIN = {
    "as it is": str,
    "in capitals": str.upper,
    "in small letters": str.lower,
    "a header": lambda s: f"Authorization: Bearer {s}\r\n",
}
QUOTED = {
    "quoted": quote,
    "quoted whole": lambda s: quote(s, safe=""),
    "a form": lambda s: f"a=1&token={quote_plus(s)}&b=2",
    "quoted in small letters": lambda s: quote(s, safe="").replace("%2F", "%2f").replace("%2B", "%2b"),
    "quoted twice": lambda s: quote(quote_plus(s)),
    "every character quoted": lambda s: "".join(f"%{byte:02x}" for byte in s.encode()),
    "JSON": json.dumps,
    "JSON in JSON": lambda s: json.dumps(json.dumps({"token": s})),
    "JSON with slashes escaped": lambda s: json.dumps(s).replace("/", r"\/"),
    "every character as in JSON": lambda s: "".join(f"\\u{ord(c):04X}" for c in s),
    "Python": lambda s: repr(s.encode()),
    "HTML": html.escape,
    "every character as in HTML": lambda s: "".join(f"&#x{ord(c):x};" for c in s),
    "numbers as in HTML": lambda s: "".join(f"&#{ord(c)};" for c in s),
    "HTML of JSON": lambda s: html.escape(json.dumps(s)),
    "a script": by_script,
}
ENCODED = {
    **{f"base64 at {n}": lambda s, n=n: in_base64(s, b"id:"[:n], b" and more") for n in range(4)},
    "base64 without padding": lambda s: in_base64(s).rstrip("="),
    "base64 for addresses": lambda s: base64.urlsafe_b64encode(s.encode()).decode(),
    "base64 in lines": lambda s: base64.encodebytes(b"begin" + s.encode() * 3).decode(),
    "base64 in a form": lambda s: quote_plus(in_base64(s)),
    "Basic of quoted": lambda s: in_base64(quote_plus(s), b"analyst:"),
    "base64 in small letters": lambda s: in_base64(s).lower(),
    "hexadecimal": lambda s: s.encode().hex(),
    "hexadecimal in capitals": lambda s: s.encode().hex().upper(),
    "hexadecimal with gaps": lambda s: s.encode().hex(" "),
}
FORMS = {**PLAIN, **QUOTED, **ENCODED}


def parts(text, size=9):
    return {text[at : at + size] for at in range(max(len(text) - size, 0) + 1)} if len(text) >= size else {text}


def left(text, secret):
    """The parts of a secret, as it is and in the usual forms, that a text still has."""
    core = [secret, quote_plus(secret), quote(secret, safe=""), secret.encode().hex()]
    core += [in_base64(secret, b"\0" * n)[n + 1 if n else 0 :].rstrip("=")[:-1] for n in range(3)]
    return {part for form in core for part in parts(form) if part.lower() in text.lower()}
