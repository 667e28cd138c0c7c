"""Options of a command as one value, where there are more of them than a function should take."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar, get_type_hints

T = TypeVar("T")


def taking(options: type[T]) -> Callable[[Callable[[T], None]], Callable[..., None]]:
    """Let a command take a frozen value whose fields are its options and arguments.

    Parameters
    ----------
    options : type
        Data class; its fields are annotated as the parameters of a command are.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Given:
    ...     name: str = "toy"
    >>> @taking(Given)
    ... def greet(given: Given) -> None:
    ...     print(given.name)
    >>> greet(name="county")
    county
    """
    hints = get_type_hints(options, include_extras=True)
    signature = inspect.signature(options)
    parameters = [part.replace(annotation=hints[part.name]) for part in signature.parameters.values()]

    def wrap(work: Callable[[T], None]) -> Callable[..., None]:
        def command(**given: Any) -> None:
            work(options(**given))

        command.__name__, command.__doc__ = work.__name__, work.__doc__
        command.__annotations__ = {part.name: part.annotation for part in parameters}
        command.__signature__ = signature.replace(parameters=parameters, return_annotation=None)  # type: ignore[attr-defined]
        return command

    return wrap
