# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why an entry does not fit, and which of several comes nearest."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._credentials.docker_config import Entry
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._credentials.keys import (
    HUB_KEY,
    Place,
    glob_matches,
    normal_form,
    place_of,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import printable

_HUB_KEY_WRITTEN = "https://index.docker.io/v1/"
_HUB_HOSTS = ("docker.io", "docker.com")
_LONGEST_KEY = 200
_LONGEST_HOST = 253
_MOST_COMPARED = 300
_BEHIND_THE_PATH = re.compile(r"[?#].*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Near:
    """An entry that does not fit, what is off in one clause, and how far off it is (less is nearer)."""

    entry: Entry
    why: str
    distance: float


def nearest(entries: Iterable[Entry], repository: str) -> Near | None:
    """Return the entry that comes nearest to ``repository`` without fitting it; None where there is no entry."""
    target = place_of(repository.encode("utf-8", "surrogateescape"))
    if target is None:
        return None
    found = [_near(entry, target, repository) for entry in islice(entries, _MOST_COMPARED)]
    return min(found, key=lambda near: near.distance, default=None)


def shown(key: str) -> str:
    """Return a key fit to be printed, without what someone may have hidden in it: user, query and fragment.

    A kubelet leaves them out as well.
    """
    scheme, separator, rest = key.rpartition("://")
    authority, slash, path = _BEHIND_THE_PATH.sub("", rest).partition("/")
    return printable(scheme + separator + authority.rpartition("@")[2] + slash + path, _LONGEST_KEY)


def _near(entry: Entry, target: Place, repository: str) -> Near:
    key = normal_form(entry.written)
    place = place_of(key) if key is not None else None
    if key is None or place is None:
        return Near(entry, "the key is no host name or URL that a kubelet can read; it is dropped", 50)
    host, wanted = b".".join(place.labels), b".".join(target.labels)
    if repository.startswith("docker.io/") and _is_of_hub(host):
        why = f"kubelets do not take this key for Docker Hub: write {_HUB_KEY_WRITTEN} or docker.io"
        if key == HUB_KEY:
            why = "not used, because another key fits docker.io itself"
        return Near(entry, why, 1)
    host_fits = len(place.labels) == len(target.labels) and all(
        map(glob_matches, place.labels, target.labels)
    )
    if host_fits and place.port == target.port:
        return Near(entry, f"the key is for {_text(place.path)}, the image lies in {_text(target.path)}", 2)
    if host_fits:
        return Near(entry, f"{_port(place, 'the key')}, {_port(target, 'the image')}", 3)
    if host.lower() == wanted.lower():
        return Near(entry, "upper and lower case differ, and kubelets tell them apart", 4)
    if b"*" in host and _would_fit_deeper(place, target):
        return Near(entry, "a * stands for one label of a host name only, never for dots", 5)
    return _other_host(entry, _text(host), _text(wanted))


def _other_host(entry: Entry, host: str, wanted: str) -> Near:
    why = f"the key is for {host or 'no host'}, the image comes from {wanted}"
    return Near(entry, why, 10 + 10 * (1 - _likeness(host[:_LONGEST_HOST], wanted[:_LONGEST_HOST])))


@lru_cache(maxsize=4096)
def _likeness(host: str, wanted: str) -> float:
    import difflib

    return difflib.SequenceMatcher(None, host, wanted).ratio()


def _is_of_hub(host: bytes) -> bool:
    text = host.decode("ascii", "replace").lower()
    return any(text == name or text.endswith("." + name) for name in _HUB_HOSTS)


def _would_fit_deeper(place: Place, target: Place) -> bool:
    """Return whether the labels behind the stars are those of the target: ``*.example.com`` for a host below it."""
    tail = [label for label in place.labels if b"*" not in label]
    return bool(tail) and list(target.labels[-len(tail) :]) == tail


def _port(place: Place, what: str) -> str:
    return f"{what} has port {_text(place.port)}" if place.port else f"{what} has no port"


def _text(content: bytes) -> str:
    return printable(content.decode("utf-8", "replace"), _LONGEST_KEY) or "/"
