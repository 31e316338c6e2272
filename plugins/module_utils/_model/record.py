# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Base of all nouns: a dataclass that turns into JSON and back, and says which field is wrong."""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, Union

R = TypeVar("R", bound="Record")
T = TypeVar("T")


def _once(function: Callable[[type], T]) -> Callable[[type], T]:
    """Remember what ``function`` found out about a class."""
    return functools.cache(function)


class Record:
    """Base of everything that is written to a file: a dataclass that turns into JSON and back."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values, every field present, in the order of the class."""
        return {name: _plain(getattr(self, name)) for name in _field_names(type(self))}

    def to_compact_dict(self) -> dict[str, Any]:
        """Return plain JSON values without fields at their default; ``from_dict`` restores the same value."""
        pairs = ((name, getattr(self, name), default) for name, default in _defaults(type(self)))
        return {name: _compact(value) for name, value, default in pairs if value != default}

    @classmethod
    def from_dict(cls: type[R], data: Mapping[str, Any]) -> R:
        """Return the value that ``data`` describes.

        Unknown keys are ignored, because fields may be added within a schema version.
        Raises ``ValueError`` naming class and field when one is missing or has another shape.
        """
        if not isinstance(data, Mapping):
            raise ValueError(f"{cls.__name__}: expected an object, got {type(data).__name__}")
        values = {}
        for name, read in _readers(cls):
            if name in data:
                try:
                    values[name] = read(data[name])
                except ValueError as error:
                    raise ValueError(f"{cls.__name__}.{name}: {error}") from None
        try:
            return cls(**values)
        except TypeError as error:
            raise ValueError(f"{cls.__name__}: {error}") from None


@_once
def _field_names(cls: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(cls))


@_once
def _defaults(cls: type) -> tuple[tuple[str, Any], ...]:
    found = []
    for field in dataclasses.fields(cls):
        factory = field.default_factory
        found.append((field.name, field.default if factory is dataclasses.MISSING else factory()))
    return tuple(found)


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return value.to_dict()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _compact(value: Any) -> Any:
    if isinstance(value, Record):
        return value.to_compact_dict()
    if isinstance(value, tuple):
        return [_compact(item) for item in value]
    return value


@_once
def _readers(cls: type) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
    hints = typing.get_type_hints(cls)
    return tuple((name, _reader(hints[name])) for name in _field_names(cls))


def _reader(hint: Any) -> Callable[[Any], Any]:
    origin = typing.get_origin(hint)
    arguments = typing.get_args(hint)
    if origin in (Union, types.UnionType):
        inner = _reader(next(argument for argument in arguments if argument is not types.NoneType))
        return lambda value: None if value is None else inner(value)
    if origin is tuple:
        item = _reader(arguments[0])
        return lambda value: tuple(item(entry) for entry in _expect(list, value))
    if origin is dict:
        return lambda value: dict(_expect(dict, value))
    if isinstance(hint, type) and issubclass(hint, Record):
        return hint.from_dict
    if hint is Any:
        return lambda value: value
    return functools.partial(_expect, hint)


def _expect(kind: type, value: Any) -> Any:
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ValueError(f"expected {kind.__name__}, got {type(value).__name__}")
    return value
