# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What status and events say about one container, and which of these texts decides.

The container status is the present state and so the newest word; but kubelets up to 1.31 leave the cause out of
it (``Back-off pulling image "x"``), and a restarted kubelet forgets it. Then the events tell, newest first, as
long as they speak of this container and of the image it wants now, and no later pull succeeded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import (
    Cause,
    Classification,
    Confidence,
    classify,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.images import is_same_image
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import EventFact, PullFailure

STATUS = "status"
EVENT = "event"

_TELLING = frozenset(
    {
        "Failed",
        "InspectFailed",
        "ErrImageNeverPull",
        "FailedCreatePodSandBox",
        "FailedSync",
        "Evicted",
        "FailedMount",
    }
)
_SECRET_WARNING = "FailedToRetrieveImagePullSecret"
# `Error: ErrImagePull` repeats the waiting reason without its message.
_REASON_ONLY = re.compile(
    r"Error: (?:ErrImagePull|ImagePullBackOff|RegistryUnavailable|ImageInspectError)\s*\Z"
)
# Kubelets quote the image with Go's %q. `InspectFailed` has "" there from 1.32 on (kubernetes/kubernetes#141571),
# so an empty name is no other image.
_NAMED_IMAGE = re.compile(
    r"(?:Failed to pull image|Failed to inspect image|Failed to apply default image tag|Container image|"
    r"Successfully pulled image|Pulling image) \"((?:[^\"\\]|\\.)*)\""
)
_CONTAINER_PATH = re.compile(r"spec\.(?:containers|initContainers|ephemeralContainers)\{([^}]*)\}")
_SECRET_NAMES = re.compile(r"pull secrets? \(([^)]*)\)")
# They tell what hindered one try, and nothing about the image or its registry.
_PASSING = frozenset({Cause.PULL_QPS_EXCEEDED, Cause.CANCELLED})
_DRAWN_ANEW = re.compile(
    r"(?<=:)\d+(?=->)|\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Statement:
    """One text about one container. ``at`` is null for the status, which is as old as the reading of it."""

    source: str
    reason: str
    text: str
    at: str | None = None
    count: int = 1


@dataclass(frozen=True, slots=True)
class Decision:
    """The statement that decides, None where there is none, and what it says."""

    classification: Classification
    statement: Statement | None = None


class Reader:
    """Classifies statements, each different text once: thousands of containers repeat the same few.

    Texts that differ only in what is drawn anew for each try (source ports, request ids) count as one.
    """

    def __init__(self, read: Callable[[str, str | None], Classification] = classify) -> None:
        self._read = read
        self._known: dict[tuple[str, str], Classification] = {}

    def __call__(self, statement: Statement) -> Classification:
        key = (_DRAWN_ANEW.sub("*", statement.text), statement.reason)
        if key not in self._known:
            self._known[key] = self._read(statement.text, statement.reason or None)
        return self._known[key]


def statements(failure: PullFailure) -> Iterator[Statement]:
    """Yield what is said about this container and its present image: the status, then events, newest first."""
    if _has_status(failure):
        yield Statement(STATUS, failure.reason, failure.message)
    pulled_at = max(
        (event.last_at or "" for event in failure.events if _is_success(event, failure)), default=""
    )
    telling = [
        event for event in failure.events if _tells(event, failure) and (event.last_at or "~") >= pulled_at
    ]
    for event in sorted(telling, key=lambda event: (event.last_at or "", event.message), reverse=True):
        yield Statement(EVENT, event.reason, event.message, event.last_at, event.count)


def decide(failure: PullFailure, read: Reader) -> Decision:
    """Return the newest statement that names a cause.

    A statement that only says what hindered one try (pulls per second of the kubelet, a cancelled pull) gives way to
    an older one about the image; one that leaves its answer open, to a surer one that it leaves room for.
    """
    undecided: list[Decision] = []
    for statement in statements(failure):
        answer = Decision(read(statement), statement)
        said = answer.classification
        is_open = (
            said.cause == Cause.UNKNOWN or said.confidence == Confidence.POSSIBLE or said.cause in _PASSING
        )
        if not is_open:
            passing = any(other.classification.cause in _PASSING for other in undecided)
            if passing or all(_may_be(said.cause, other.classification) for other in undecided):
                return answer
        undecided.append(answer)
    known = [answer for answer in undecided if answer.classification.cause != Cause.UNKNOWN]
    nothing = Decision(Classification(Cause.UNKNOWN, Confidence.POSSIBLE, unknown_reason=""))
    return next(iter(known or undecided), nothing)


def _may_be(cause: Cause, said: Classification) -> bool:
    """Tell whether an answer that was left open leaves room for ``cause``."""
    return said.cause in (Cause.UNKNOWN, cause) or cause in said.alternatives


def secret_warnings(failure: PullFailure) -> list[tuple[EventFact, tuple[str, ...]]]:
    """Return the kubelet's warnings that it could not read pull secrets, with the names they give."""
    found = []
    for event in failure.events:
        if event.reason == _SECRET_WARNING:
            names = _SECRET_NAMES.search(event.message)
            listed = tuple(name.strip() for name in names[1].split(",") if name.strip()) if names else ()
            found.append((event, listed))
    return found


def _has_status(failure: PullFailure) -> bool:
    """Tell whether reason and message are a status of their own.

    What is said about a whole pod is its newest event, or (``runtime``) a condition of its node, which speaks for
    itself elsewhere.
    """
    if failure.symptom == "runtime" and not failure.events:
        return False
    if not failure.container and any(event.message == failure.message for event in failure.events):
        return False
    return bool(failure.message) or failure.reason not in ("", "ContainerCreating", "PodInitializing")


def _tells(event: EventFact, failure: PullFailure) -> bool:
    if event.reason not in _TELLING or _REASON_ONLY.search(event.message):
        return False
    return _is_about(event, failure)


def _is_success(event: EventFact, failure: PullFailure) -> bool:
    return event.reason == "Pulled" and _is_about(event, failure)


def _is_about(event: EventFact, failure: PullFailure) -> bool:
    container = _CONTAINER_PATH.match(event.field_path)
    if (
        container
        and failure.container
        and failure.container_type != "image_volume"
        and container[1] != failure.container
    ):
        return False
    named = _NAMED_IMAGE.search(event.message[:2000])
    if named is None or not named[1]:
        return True
    image = named[1].replace('\\"', '"').replace("\\\\", "\\")
    return not failure.image or is_same_image(image, failure.image) or failure.container_type == "sandbox"
