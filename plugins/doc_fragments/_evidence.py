# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of every module that looks: where what was seen goes, and what an error does."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  evidence_dir:
    description:
      - A folder on the machine where the module runs, for what was seen. It is made with mode V(0700) if it is not
        there, its files with mode V(0600). Each run needs a folder of its own; the modules that look share it.
      - Secrets, tokens and passwords in texts are taken out before anything is written.
      - It is written in check mode as well, because later stages read it.
    type: path
  cluster:
    description:
      - What to call the cluster in the evidence and the report. By default the name of the context, otherwise the host.
    type: str
  on_error:
    description:
      - What to do when the cluster cannot be read, or not to the end.
      - With V(fail) the task fails; what was read until then is returned all the same.
      - With V(record) the task succeeds, RV(error) says what happened, and the evidence says that it is incomplete, so
        that the report of this run says V(unknown) and not V(healthy).
    type: str
    choices: [fail, record]
    default: fail
"""
