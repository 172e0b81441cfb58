"""Ctrl-C at every line: a tracer that interrupts, and a search of all that a traceback with local variables holds."""

import base64
import dataclasses
import dis
import gc
import logging
import sys
import types
import warnings
from collections.abc import Mapping
from contextlib import contextmanager
from urllib.parse import quote, quote_plus

DEEPEST = 5
"""How far into the things that stand in a local variable the search goes."""
OURS = "/tests/"
"""Frames of the tests themselves hold what they hold."""
IMPORTS = "<frozen importlib"
"""Between two of its lines a lock of a module is taken or freed, which all threads share."""
ATOMS = (int, float, complex, bool, type(None), type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType)


class Interrupted:
    """One run of a function with an interrupt at its k-th line: what was raised, and where the interrupt was.

    `places` are the lines that it passed, each as its file and number.
    Lines of files in whose path one of `passing_by` stands are not counted.

    Where a `with` is about to be left, the interrupt comes at the next line: between a block and the release of its lock a
    tracer can interrupt, and no signal does, so the lock would stay taken as it never does.
    """

    def __init__(self, function, at=None, *, passing_by=()):
        self.places = []
        self.place = None
        self.error = None
        self._at = at
        self._passing_by = (OURS, IMPORTS, *passing_by)
        before = sys.gettrace()
        # Held here: CPython 3.11 only borrows it, and falls where what is collected meanwhile is interrupted.
        tracer = self._call
        with _quiet():
            sys.settrace(tracer)
            try:
                next(_call(function), None)
            except BaseException as error:  # noqa: BLE001 - that is what is searched
                sys.settrace(None)
                self.error = error
            finally:
                sys.settrace(before)
                _free_the_locks_of_logging()

    def _call(self, frame, event, arg):
        return None if any(part in frame.f_code.co_filename for part in self._passing_by) else self._line

    def _line(self, frame, event, arg):
        if event == "line":
            place = (frame.f_code.co_filename, frame.f_lineno)
            self.places.append(place)
            is_due = self._at is not None and len(self.places) >= self._at and self.place is None
            if is_due and not _leaves_a_with(frame):
                self.place = place
                raise KeyboardInterrupt
        return self._line


def _leaves_a_with(frame):
    """Whether what comes next is the call of `__exit__`: with three times None after the block, or with what was raised."""
    code, at = frame.f_code, frame.f_lasti
    operations = code.co_code[at : at + 6 : 2]
    arguments = code.co_code[at + 1 : at + 6 : 2]
    if operations == bytes([dis.opmap["LOAD_CONST"]] * 3):
        return all(code.co_consts[argument] is None for argument in arguments)
    return operations[:2] == bytes([dis.opmap["PUSH_EXC_INFO"], dis.opmap["WITH_EXCEPT_START"]])


def _free_the_locks_of_logging():
    """An interrupt within logging leaves its locks with this thread, and every other one would wait for them for good."""
    handlers = [handler for handler in (kept() for kept in logging._handlerList) if handler is not None]
    for lock in (logging._lock, *(handler.lock for handler in handlers)):
        while lock is not None and lock._is_owned():
            lock.release()


def _call(function):
    """In a generator: an interrupt between two lines of a handler can leave its error as the context of the next run's."""
    function()
    return
    yield


@contextmanager
def _quiet():
    """No garbage of others is collected, whose finalizers have lines of their own; and what is interrupted in a finalizer,
    or leaves a socket to one, is nothing to warn of here.
    """
    before, collects = sys.unraisablehook, gc.isenabled()
    sys.unraisablehook = lambda _: None
    gc.disable()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            sys.unraisablehook = before
            if collects:
                gc.enable()


class Search:
    """Looks for secrets, in each of their forms, in errors and all that hangs on them."""

    def __init__(self, secrets):
        self._forms = {form: name for name, secret in secrets.items() for form in _forms(secret)}
        self._seen = set()
        self._kept = []
        self.found = []

    def error(self, error, path="error"):
        """The error, its frames, and those of its cause and context."""
        if error is None or self._is_known(error):
            return
        self._text(repr(error), f"repr of {path}")
        self._text(str(error), f"str of {path}")
        self.value(error.args, f"{path}.args")
        self.value(vars(error), f"vars of {path}")
        for name in ("doc", "object", "filename", "strerror"):
            self.value(getattr(error, name, None), f"{path}.{name}")
        at = error.__traceback__
        while at is not None:
            code = at.tb_frame.f_code
            if OURS not in code.co_filename:
                place = f"{code.co_filename.rpartition('/')[2]}:{at.tb_lineno} {code.co_name}"
                for name, value in dict(at.tb_frame.f_locals).items():
                    self.value(value, f"{place}: {name}")
            at = at.tb_next
        self.error(error.__cause__, f"cause of {path}")
        self.error(error.__context__, f"context of {path}")

    def value(self, value, path, depth=0):
        """A value as a debugger shows it, and what it is made of."""
        if isinstance(value, ATOMS) or self._is_known(value):
            return
        self._text(_shown(value), path)
        if depth == DEEPEST:
            return
        if isinstance(value, BaseException):
            self.error(value, path)
        elif isinstance(value, Mapping):
            for name, part in _items(value):
                self.value(name, f"key of {path}", depth + 1)
                self.value(part, f"{path}[{_shown(name)}]", depth + 1)
        elif isinstance(value, (list, tuple, set, frozenset)):
            for part in value:
                self.value(part, f"part of {path}", depth + 1)
        elif isinstance(value, types.MethodType):
            self.value(value.__self__, f"self of {path}", depth + 1)
        if dataclasses.is_dataclass(value):
            for field in dataclasses.fields(value):
                self.value(getattr(value, field.name, None), f"{path}.{field.name}", depth + 1)
        if not isinstance(value, type):
            self.value(_fields(value), f"vars of {path}", depth + 1)

    def _is_known(self, value):
        if id(value) in self._seen:
            return True
        self._seen.add(id(value))
        self._kept.append(value)  # so that its id stays its own
        return False

    def _text(self, text, path):
        self.found += [f"{name} in {path}" for form, name in self._forms.items() if form in text]


def _items(mapping):
    try:
        return [*mapping.items()]
    except Exception:  # noqa: BLE001 - half made
        return ()


def _fields(value):
    """What an object holds; what it makes up when it is asked, half made, may have no end."""
    try:
        return object.__getattribute__(value, "__dict__")
    except AttributeError:
        return None


def _shown(value):
    try:
        return repr(value)
    except Exception as error:  # noqa: BLE001 - half made
        return type(error).__name__


def _forms(secret):
    secret = str(secret)
    encoded = base64.b64encode(secret.encode())
    return {secret, quote(secret, safe=""), quote_plus(secret), encoded.decode().rstrip("=")[:-1]}
