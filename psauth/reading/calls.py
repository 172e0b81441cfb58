"""Calls: a public function that is called with arguments it does not take says which ones it takes."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from difflib import get_close_matches
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from psauth.exceptions import ArgumentError

P = ParamSpec("P")
R = TypeVar("R")
Class = TypeVar("Class", bound=type)


def checked(name: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a function raise ArgumentError where Python raises TypeError; `name` is what people type to call it.

    The signature, the docstring and the types stay those of the function.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)

        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                signature.bind(*args, **kwargs)
            except TypeError:
                raise ArgumentError(_problem(name, signature, args, kwargs)) from None
            return function(*args, **kwargs)

        return call

    return decorate


def checked_methods(variable: str) -> Callable[[Class], Class]:
    """`checked` for every public method of a class, inherited ones included; `variable` is what people call an object."""

    def decorate(cls: Class) -> Class:
        for name in dir(cls):
            method = inspect.getattr_static(cls, name)
            if not name.startswith("_") and inspect.isfunction(method):
                setattr(cls, name, checked(f"{variable}.{name}")(method))
        return cls

    return decorate


def _problem(name: str, signature: inspect.Signature, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """What is wrong with a call that does not fit."""
    parameters = {n: p for n, p in signature.parameters.items() if n != "self"}
    if len(parameters) < len(signature.parameters):
        args = args[1:]
    named = [n for n, p in parameters.items() if p.kind is not p.VAR_KEYWORD]
    by_position = [n for n, p in parameters.items() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    takes_any = len(named) < len(parameters)
    call = f"{name}()"
    if unknown := [n for n in kwargs if n not in parameters and not takes_any]:
        close = get_close_matches(unknown[0], named, n=1)
        hint = f"Did you mean {close[0]!r}?" if close else _expected(named)
        return f"{call} takes no {unknown[0]!r}. {hint}"
    if twice := [n for n, _ in zip(by_position, args, strict=False) if n in kwargs]:
        return f"{call} was given {twice[0]!r} twice, by its place and by its name. Expected it once."
    if len(args) > len(by_position):
        others = [n for n in named if n not in by_position]
        takes = f"only {' and '.join(by_position)} without a name" if by_position else "nothing without a name"
        hint = f"Name the others, as in {name}({others[0]}=…)." if others else f"It was given {len(args)}."
        return f"{call} takes {takes}. {hint}"
    needed = [n for n, p in parameters.items() if p.default is p.empty and n in named]
    missing = [n for n in needed if n not in by_position[: len(args)] and n not in kwargs]
    return f"{call} needs {missing[0]!r}. Expected {name}({', '.join(f'{n}=…' for n in needed)})."


def _expected(names: list[str]) -> str:
    return f"Expected one of {', '.join(names)}." if names else "Expected nothing at all."
