# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that is said to the API server: who we are, how we ask, and what the answers mean.

``kubeconfig`` and ``connection`` say where the server is and with which credentials, ``client`` asks, the other
files turn answers into the nouns of ``_model``. ``triage`` and ``access`` are the two questions that modules ask.
Nothing here judges: causes belong to ``_classify`` and ``_diagnosis``.
"""
