# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is looked at on a node: sh that runs there, and the parsers of what it prints. Nothing is installed on it."""
