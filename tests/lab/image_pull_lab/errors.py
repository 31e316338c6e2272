# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors of the lab: one line that says what happened and what to do."""

from __future__ import annotations


class LabError(Exception):
    """The lab could not do what was asked."""


class LabUnavailable(LabError):
    """The lab cannot run on this machine; the text names each thing that is missing."""
