# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong with an evidence folder or archive."""

from __future__ import annotations


class EvidenceError(Exception):
    """The evidence cannot be written or read; the text is one line that names the file and says what to do."""
