# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What registries say about images: the distribution protocol, asked as a kubelet's runtime would ask.

Knows nothing of Kubernetes. ``client.Client(settings.Settings(...)).ask([settings.Question(...)])`` gives one
``RegistryAnswer`` for each question, in its order; a registry's fault is an answer and never an exception. Nothing is
imported here: a look at a node reads certificates and challenges as the client does, and needs no HTTP for it.
"""
