# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text to cause: what a kubelet, runtime or registry message says about why a pull failed.

``prepare`` makes the message readable, ``split`` finds the single errors of an aggregate, ``extract`` the
image and the host, the ordered ``rules`` the cause, ``combine`` the decisive one of several, ``hints`` what
the gRPC status and the reason add. ``engine`` runs them.
"""

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
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.engine import classify

__all__ = ["CAUSES", "Cause", "Classification", "Confidence", "Hop", "classify"]
