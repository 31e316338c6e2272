# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that say where the API server is and who asks."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
requirements:
  - python >= 3.11
  - kubernetes (the Python package, which brings urllib3 and PyYAML)
notes:
  - The connection options have the names, aliases and environment variables of C(kubernetes.core), which need not be
    installed.
  - With O(host) and credentials nothing else is read. Otherwise the kubeconfig that is named applies, otherwise the
    service account of the pod this runs in, otherwise E(KUBECONFIG) or C(~/.kube/config). Options that are given
    overrule what a kubeconfig says.
  - C(exec) plugins of a kubeconfig are run without a terminal and get 30 seconds. Nothing is written to a kubeconfig.
options:
  kubeconfig:
    description:
      - A kubeconfig, as a path, as several paths joined by V(:), or as its content (a dictionary).
      - Can also be set by the environment variable E(K8S_AUTH_KUBECONFIG).
    type: raw
  context:
    description:
      - The context of the kubeconfig. By default its current one.
      - Can also be set by the environment variable E(K8S_AUTH_CONTEXT).
    type: str
  host:
    description:
      - Address of the API server, for instance V(https://10.0.0.1:6443).
      - Can also be set by the environment variable E(K8S_AUTH_HOST).
    type: str
  api_key:
    description:
      - A bearer token.
      - Can also be set by the environment variable E(K8S_AUTH_API_KEY).
    type: str
  username:
    description:
      - A name for basic authentication, where a proxy before the API server wants it.
      - Can also be set by the environment variable E(K8S_AUTH_USERNAME).
    type: str
  password:
    description:
      - The password for O(username).
      - Can also be set by the environment variable E(K8S_AUTH_PASSWORD).
    type: str
  validate_certs:
    description:
      - Whether the certificate of the API server is verified. By default it is, unless the kubeconfig says otherwise.
      - AWX sets E(K8S_AUTH_VERIFY_SSL) to false when its credential holds no CA; a warning says so.
      - Can also be set by the environment variables E(K8S_AUTH_VALIDATE_CERTS) and E(K8S_AUTH_VERIFY_SSL).
    type: bool
    aliases: [verify_ssl]
  ca_cert:
    description:
      - A file with the CA that signed the API server's certificate.
      - Can also be set by the environment variables E(K8S_AUTH_CA_CERT) and E(K8S_AUTH_SSL_CA_CERT).
    type: path
    aliases: [ssl_ca_cert]
  client_cert:
    description:
      - A file with a client certificate.
      - Can also be set by the environment variables E(K8S_AUTH_CLIENT_CERT) and E(K8S_AUTH_CERT_FILE).
    type: path
    aliases: [cert_file]
  client_key:
    description:
      - The file with the key of O(client_cert), if it is not in the same one.
      - Can also be set by the environment variables E(K8S_AUTH_CLIENT_KEY) and E(K8S_AUTH_KEY_FILE).
    type: path
    aliases: [key_file]
  proxy:
    description:
      - The URL of a proxy. By default that of the kubeconfig (C(proxy-url)), otherwise E(HTTPS_PROXY).
      - Can also be set by the environment variable E(K8S_AUTH_PROXY).
    type: str
  no_proxy:
    description:
      - Hosts, domains, addresses and networks that are spoken to without the proxy, separated by commas. By default
        E(NO_PROXY).
      - Can also be set by the environment variable E(K8S_AUTH_NO_PROXY).
    type: str
  proxy_headers:
    description:
      - Headers for the proxy.
    type: dict
    suboptions:
      proxy_basic_auth:
        description:
          - NAME:PASSWORD for the proxy.
          - Can also be set by the environment variable E(K8S_AUTH_PROXY_HEADERS_PROXY_BASIC_AUTH).
        type: str
      basic_auth:
        description:
          - NAME:PASSWORD for an C(Authorization) header that the proxy gets.
          - Can also be set by the environment variable E(K8S_AUTH_PROXY_HEADERS_BASIC_AUTH).
        type: str
      user_agent:
        description:
          - The C(User-Agent) that the proxy sees.
          - Can also be set by the environment variable E(K8S_AUTH_PROXY_HEADERS_USER_AGENT).
        type: str
  impersonate_user:
    description:
      - The user to act as.
      - Can also be set by the environment variable E(K8S_AUTH_IMPERSONATE_USER).
    type: str
  impersonate_groups:
    description:
      - The groups to act as a member of. Needs O(impersonate_user).
      - Can also be set by the environment variable E(K8S_AUTH_IMPERSONATE_GROUPS), separated by commas.
    type: list
    elements: str
  request_timeout:
    description:
      - Seconds to wait for the API server to say something, for each request.
    type: float
    default: 20
  deadline:
    description:
      - Seconds for the whole task. What was not read by then is said to be unknown.
    type: float
    default: 60
"""
