# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that say how registries are reached."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  registry_ca_file:
    description:
      - A file with certificate authorities for registries, besides those of the system.
    type: path
  registry_client_cert:
    description:
      - A file with a client certificate for registries that want one.
    type: path
  registry_client_key:
    description:
      - The file with the key of O(registry_client_cert), if it is not in the same one.
    type: path
  registry_proxy:
    description:
      - URL of the proxy to registries. By default none.
    type: str
  registry_no_proxy:
    description:
      - Hosts, domains, addresses and networks that are asked without O(registry_proxy).
    type: list
    elements: str
    default: []
  plain_http:
    description:
      - Registries (V(HOST) or V(HOST:PORT)) that are asked without TLS. Credentials go to these in the clear.
    type: list
    elements: str
    default: []
  registry_timeout:
    description:
      - Seconds for one request to a registry.
    type: float
    default: 10
"""
