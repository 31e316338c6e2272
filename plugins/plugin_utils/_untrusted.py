# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results that come from text of clusters and registries: never to be evaluated as templates."""

from __future__ import annotations

from typing import Any

try:
    from ansible.utils.unsafe_proxy import wrap_var
except ImportError:
    # Newer cores trust only what an author wrote: a text made here is inert without a mark.
    wrap_var = None


def untrusted(value: Any) -> Any:
    """``value`` with every text in it marked as unsafe where the core needs that (up to 2.18)."""
    return value if wrap_var is None else wrap_var(value)
