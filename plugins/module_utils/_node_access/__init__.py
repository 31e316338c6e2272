# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A shell on a node through the API server alone, and what kubelets tell through it.

``manifest`` is the Job behind a shell, ``images`` chooses what it runs from what the node already holds, ``making``
makes one for each node and waits, ``refusals`` reads who said no, ``ending`` takes them away again, ``execution`` runs
a command in one. ``kubelet`` reads what a kubelet says of itself. Nothing here judges.
"""
