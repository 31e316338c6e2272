# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All rules in the order in which they are tried.

The order is the knowledge: what leaves no doubt stands before what only fits, the inner error of a chain
before its wrapping. ``docs/adding-a-rule.md`` says where a new one goes.
"""

from __future__ import annotations

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.rule import Rule
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.rules import (
    auth,
    content,
    disk,
    dns,
    kubelet,
    limits,
    names,
    network,
    not_found,
    other,
    policy,
    proxy,
    registry,
    runtime,
    tls,
)

RULES: tuple[Rule, ...] = (
    *other.RULES,
    *kubelet.RULES,
    *names.RULES,
    *limits.RULES,
    *policy.RULES,
    *disk.RULES,
    *proxy.RULES,
    *tls.RULES,
    *dns.RULES,
    *content.RULES,
    *runtime.RULES,
    *network.RULES,
    *not_found.RULES,
    *auth.RULES,
    *registry.RULES,
    *not_found.LAST,
    *content.LAST,
    *runtime.LAST,
    *kubelet.LAST,
    *other.LAST,
)
