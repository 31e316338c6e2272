# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kubelet's keyring, emulated: which credentials it would offer for an image, in which order, and why not others.

Follows pkg/credentialprovider of Kubernetes 1.31 to 1.36. A test compares it with the original. Passwords stay in
memory: no record, message or repr here holds one.
"""

from __future__ import annotations

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._credentials.checking import (
    FORBIDDEN,
    MISSING,
    check,
    fits,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._credentials.pull import (
    Checked,
    PodPull,
    PullSecret,
)

__all__ = ["FORBIDDEN", "MISSING", "Checked", "PodPull", "PullSecret", "check", "fits"]
