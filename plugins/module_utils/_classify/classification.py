# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a classification says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.causes import (
    Cause,
    Confidence,
    Hop,
)


@dataclass(frozen=True, slots=True)
class Classification:
    """The cause that one message names, and on what grounds.

    All texts are plain and free of control characters, so that they can be printed.

    host: the host that failed (registry, token service, blob store, mirror or proxy), with its port
    where the message gives one. image: the reference as the message names it. matched: the id of
    the rule that decided, null when none did. quote: the words that decided, at most 300 characters.
    parts: the answers for the single errors of an aggregated message, in its order; empty otherwise.
    unknown_reason: why there is no cause, set only when ``cause`` is ``unknown``.
    """

    cause: Cause
    confidence: Confidence
    alternatives: tuple[Cause, ...] = ()
    host: str | None = None
    image: str | None = None
    matched: str | None = None
    hop: Hop | None = None
    quote: str = ""
    why: str = ""
    parts: tuple[Classification, ...] = ()
    unknown_reason: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The contract's keys first, then the evidence; plain types only, ready for JSON."""
        return {
            "cause": str(self.cause),
            "confidence": str(self.confidence),
            "alternatives": [str(cause) for cause in self.alternatives],
            "host": self.host,
            "image": self.image,
            "matched": self.matched,
            "hop": None if self.hop is None else str(self.hop),
            "quote": self.quote,
            "why": self.why,
            "parts": [part.to_dict() for part in self.parts],
            "unknown_reason": self.unknown_reason,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Classification:
        """The inverse of :meth:`to_dict`. Raises KeyError or ValueError for anything else."""
        hop = data["hop"]
        return cls(
            cause=Cause(data["cause"]),
            confidence=Confidence(data["confidence"]),
            alternatives=tuple(Cause(name) for name in data["alternatives"]),
            host=data["host"],
            image=data["image"],
            matched=data["matched"],
            hop=None if hop is None else Hop(hop),
            quote=data.get("quote", ""),
            why=data.get("why", ""),
            parts=tuple(cls.from_dict(part) for part in data.get("parts", ())),
            unknown_reason=data.get("unknown_reason"),
        )
