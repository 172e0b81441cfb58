"""Secret: a text that does not show itself, the door that lets no plain text out, and whether one was copied as it is."""

from __future__ import annotations

import builtins
import os
import re
import traceback
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, Final, NoReturn, ParamSpec, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


class Secret(str):
    """A text whose repr is masked, so that no debugger, log or traceback with local variables shows it.

    Its bytes, and what it is joined with by `+`, are masked again; an f-string, `%`, `join` and a slice give plain text.
    It is not pickled, and so neither is what holds one.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"

    def __add__(self, other: str) -> Secret:
        return Secret(str.__add__(self, other))

    def __radd__(self, other: str) -> Secret:
        return Secret(str.__add__(other, self))

    def strip(self, chars: str | None = None, /) -> Secret:
        """See str."""
        return Secret(str.strip(self, chars))

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> SecretBytes:
        """See str."""
        return SecretBytes(str.encode(self, encoding, errors))

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, _memo: Any) -> Secret:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("A Secret is not pickled: it would leave the vault. Open the vault where it is needed.")


class SecretBytes(bytes):
    """The bytes of a Secret, masked like it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "b'***'"

    def __str__(self) -> str:
        return "b'***'"

    def __add__(self, other: Any) -> SecretBytes:
        return SecretBytes(bytes.__add__(self, other))

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> Secret:
        """See bytes."""
        return Secret(bytes.decode(self, encoding, errors))

    def __copy__(self) -> SecretBytes:
        return self

    def __deepcopy__(self, _memo: Any) -> SecretBytes:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("A secret is not pickled: it would leave the vault. Open the vault where it is needed.")


# Fields ---------------------------------------------------------------------------------------------------------------


def hiding(*names: str) -> Callable[[type[T]], type[T]]:
    """Makes these fields of a dataclass Secrets that `vars` does not hold, so that no encoder finds them there."""

    def hide(cls: type[T]) -> type[T]:
        for name in names:
            setattr(cls, name, _HiddenField(name))
        return cls

    return hide


class _Hidden:
    """The secrets of one object. It has no `__dict__` either."""

    __slots__ = ("values",)

    def __init__(self) -> None:
        self.values: dict[str, Secret | None] = {}

    def __repr__(self) -> str:
        return "***"


class _HiddenField:
    """A field whose value is kept in the `_Hidden` of its object. What is no text stays as it is: None, for one."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self
        try:
            return instance.__dict__["_hidden"].values[self._name]
        except KeyError:
            raise AttributeError(self._name) from None

    def __set__(self, instance: Any, value: Any) -> None:
        hidden = instance.__dict__.setdefault("_hidden", _Hidden())
        hidden.values[self._name] = Secret(value) if isinstance(value, str) else value


# The door -------------------------------------------------------------------------------------------------------------


class _Leave:
    """A block that ends on whatever is raised in it: the error and its frames are gone, and what follows goes on.

    Its `__exit__` is written in C (`slice` takes the error's three parts, and what it makes of them is true). So there is
    no line of Python during which the error is still at hand, and no interrupt that could come while it is.
    """

    __slots__ = ()

    def __enter__(self) -> None:
        pass

    __exit__: Any = slice


LEAVE: Final = _Leave()


def door(function: Callable[P, R]) -> Callable[P, R]:
    """The same function, out of which nothing is raised together with the frames that hold plain secrets.

    For functions in which a library must have the plain text: requests, oauthlib, cryptography, json, dotenv, tomllib.
    Whatever is raised inside, an interrupt too, leaves without their frames, without cause and context. Errors of psauth
    leave as they are. Others may hold what could not be read (`doc`, `object`, `request`), so they leave as the built-in
    class that they belong to, with their name and place alone.
    """

    @wraps(function)
    def passing(*args: P.args, **kwargs: P.kwargs) -> R:
        # Out of the local variables at once: an iterator in C shows nothing of what it will give.
        (sealed, args, kwargs) = iter((args, kwargs)), (), {}  # type: ignore[assignment]
        outcome: list[Any] = []
        is_told = False
        with LEAVE:
            next(_run(function, sealed, outcome), None)
            is_told = True
        if not is_told:
            raise KeyboardInterrupt  # nothing else can be raised between the lines of the telling
        result, error = outcome
        if error is not None:
            raise error
        return cast(R, result)

    return passing


def _run(function: Callable[..., Any], sealed: Iterator[Any], outcome: list[Any]) -> Iterator[None]:
    """Call a function, and note what it returns, or what it raises as far as that may be shown.

    It is a generator, which has a memory of its own of the error that is being handled: an interrupt between two lines of a
    handler can leave that error in it, to be the context of all that is raised afterwards.
    """
    try:
        outcome[:] = function(*next(sealed), **next(sealed)), None
    except BaseException as error:  # noqa: BLE001 - it is raised again, outside
        outcome[:] = None, _bare(error)
    return
    yield


def _bare(error: BaseException) -> BaseException:
    """An error without frames, cause and context, and without what a library has put into it."""
    if type(error).__module__.partition(".")[0] == "psauth":
        error.__cause__ = error.__context__ = None
        return error.with_traceback(None)
    known: Any = next(filter(_is_built_in, type(error).__mro__))
    if isinstance(error, OSError) and error.errno is not None:
        return OSError(error.errno, os.strerror(error.errno))
    if isinstance(error, KeyboardInterrupt | GeneratorExit):
        return cast(BaseException, known())
    if isinstance(error, SystemExit):
        return SystemExit(error.code if isinstance(error.code, int) else 1)
    words = f"{type(error).__name__} at {_place(error)} (its words are left out: they may hold a secret)"
    return cast(BaseException, (ValueError if issubclass(known, UnicodeError) else known)(words))


def _is_built_in(kind: type) -> bool:
    return getattr(builtins, kind.__name__, None) is kind


def _place(error: BaseException) -> str:
    """File and line where an error was raised."""
    frames = [*traceback.walk_tb(error.__traceback__)]
    if not frames:
        return "an unknown place"
    frame, line = frames[-1]
    return f"{frame.f_code.co_filename}:{line}"


# What was copied along ------------------------------------------------------------------------------------------------

QUOTES: Final = frozenset("\"'`\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb\u2039\u203a")
"""Straight, typographic and French quotation marks, and the back-tick of Markdown."""
BRACKETS: Final = frozenset({"<>", "[]", "{}", "()"})
HEADER: Final = re.compile(
    r"(?:curl\s.*?)?(?:-H\s*|--header[\s=]+)?[\"']?"
    r"(?:(?P<name>(?:x-)?api[-_ ]?key|(?:proxy-)?authorization|cookie|client[-_ ](?:id|secret)|bearer)\s*:|[a-z][a-z0-9-]*:\s)",
    re.IGNORECASE,
)
"""The begin of a header line, perhaps within a line of curl: a well-known name and a colon, or any name, a colon and a space."""
SCHEME: Final = re.compile(r"(?P<name>bearer|basic|token|(?:x-)?api-?key)\s+\S", re.IGNORECASE)
"""How a header names the kind of a credential."""
ASSIGNMENT: Final = re.compile(
    r"(?:export\s+|set\s+|\$env:)?(?P<name>psauth_[a-z_]+|(?:x-)?api[-_]key|client_id|client_secret|secret_key)\s*=",
    re.IGNORECASE,
)
"""The begin of a line of a shell, of .env or of TOML."""


def copied_wrongly(secret: str) -> str | None:
    """What was copied along with a credential and does not belong to it, as the end of a sentence; None: nothing.

    Looked for are quotation marks and brackets around it, line breaks and invisible characters, whole header lines and
    whole assignments. The credential is not in the sentence.
    """
    bare = secret[1:] if re.match(r"b['\"]", secret) else secret
    if bare and bare[0] in QUOTES and bare[-1] in QUOTES:
        return "stands in quotation marks, which would be a part of it. Take them away"
    if bare and bare[0] + bare[-1] in BRACKETS:
        return "stands in brackets, which would be a part of it. Take them away"
    if not secret.isprintable() or secret.endswith(("\\n", "\\r")):
        return "holds a line break or another character that cannot be seen. Copy it again, whole and alone"
    if line := ASSIGNMENT.match(secret):
        return f"is a whole line, with {line['name']!r} and an equals sign. Take only what stands behind the sign"
    if header := HEADER.match(secret):
        name = f", {header['name']!r} included" if header["name"] else ""
        return f"is a whole header line{name}. Take only the credential in it"
    if scheme := SCHEME.match(secret):
        return f"begins with {scheme['name']!r}, a word of its header. Take only what stands behind it"
    return None


def fits_a_header(secret: str) -> bool:
    """Whether a credential can be sent: visible ASCII and spaces (RFC 6749 appendix A). Others would show in errors."""
    return all(32 <= ord(c) < 127 for c in secret)
