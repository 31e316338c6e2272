# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways to mend a fault, as commands. Each builder looks at one case and yields the fixes that apply to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.case import Case
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Fix

FixBuilder = Callable[[Case], Iterable[Fix]]

__all__ = ["FixBuilder"]
