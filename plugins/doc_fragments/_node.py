# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options and attributes of every action that works on a node through its connection."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  node:
    description:
      - The name of the node in the cluster. By default the host's name in the inventory.
    type: str
  deadline:
    description:
      - The seconds that the whole look may take. The script on the node ends by itself within it. The connection is
        given up two seconds later, whatever hangs.
    type: float
    default: 10.0
notes:
  - Needs a POSIX shell on the node, and no Python. Nothing is installed there. No file is written, unless the
    connection has no standard input (C(aws_ssm), C(paramiko), C(libssh)). Then the script is a temporary file for as
    long as it runs.
  - Use it with C(become). Another user than root sees less, and RV(not_checked) says what.
  - A node that cannot be reached does not fail the task. RV(reached) is then false, and RV(why) says why.
  - What a tool was missing for, or what took too long, stands in RV(not_checked), and is never taken for good.
  - The keyword C(environment) has no effect, and C(async) is not supported.
"""

    ATTRIBUTES = r"""
options: {}
attributes:
  action:
    support: full
    description: Runs on the controller and sends a shell script over the connection of the host.
  async:
    support: none
    description: Supports being used with the C(async) keyword.
  check_mode:
    support: full
    description: Only looks, in check mode as well.
  diff_mode:
    support: none
    description: Changes nothing.
  idempotent:
    support: full
    description: Changes nothing.
  platform:
    support: full
    platforms: linux
    description: Nodes need a POSIX shell. GNU, busybox and toybox tools are understood.
"""
