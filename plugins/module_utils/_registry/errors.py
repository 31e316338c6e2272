# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stopped a question, named by its hop."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.asked import CertificateFact

DNS, TCP, TLS, PROXY, REGISTRY, TOKEN, MANIFEST, BLOB = (
    "dns",
    "tcp",
    "tls",
    "proxy",
    "registry",
    "token",
    "manifest",
    "blob",
)


@dataclass(slots=True, eq=False)
class Stopped(Exception):
    """A question that got no further than ``hop``.

    ``cause`` is one of the causes of the contract, ``text`` one line for a person. ``certain``: nothing else can be
    the cause. ``lasting``: every other question to the same host would end the same way. ``out_of_time``: it was our
    own deadline that ended it.
    """

    hop: str
    cause: str
    text: str
    certain: bool = True
    alternatives: tuple[str, ...] = ()
    settle_by: str = ""
    lasting: bool = False
    out_of_time: bool = False
    certificate: CertificateFact | None = None

    def __str__(self) -> str:
        return self.text
