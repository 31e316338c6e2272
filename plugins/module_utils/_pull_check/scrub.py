# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The last line of defence: what a registry says must not hold the password that was sent to it."""

from __future__ import annotations

import base64
import dataclasses
from typing import Any, TypeVar

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Login, Record

MARK = "<redacted>"
_SHORTEST = 6
"""A shorter password would take apart ordinary words, and tells nothing by being in one."""

R = TypeVar("R", bound=Record)


def without(record: R, login: Login | None) -> R:
    """Return ``record`` with the password of ``login`` taken out of all its texts, plain and as Basic credentials."""
    if login is None or len(login.password) < _SHORTEST:
        return record
    pair = f"{login.username}:{login.password}".encode("utf-8", "surrogateescape")
    encoded = base64.b64encode(pair).decode()
    return _clean(record, (login.password, encoded, encoded.rstrip("=")))


def _clean(value: Any, secrets: tuple[str, ...]) -> Any:
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, MARK)
        return value
    if isinstance(value, tuple):
        return tuple(_clean(item, secrets) for item in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changed = {
            field.name: cleaned
            for field in dataclasses.fields(value)
            if (cleaned := _clean(old := getattr(value, field.name), secrets)) != old
        }
        return dataclasses.replace(value, **changed) if changed else value
    return value
