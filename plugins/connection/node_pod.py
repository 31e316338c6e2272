# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection node_pod: commands on a node through the API server, in a pod that node_access has made."""

from __future__ import annotations

DOCUMENTATION = r"""
name: node_pod
short_description: Run tasks on a Kubernetes node through the API server, without SSH
description:
  - Enters, through the API server's C(exec), the privileged pod that M(kube_runbooks.image_pull.node_access) has made
    on a node, and from there the node's own namespaces. So a task runs on the node as root, as over SSH.
  - It only attaches. Where there is no such pod the host is unreachable, and the message says so.
  - Works with C(raw), C(command), ordinary modules (where the node has Python), C(copy), C(fetch), C(script) and with
    C(become).
version_added: 0.3.0
author:
  - the kube_runbooks.image_pull contributors (!UNKNOWN)
requirements:
  - python >= 3.11
  - kubernetes (the Python package, which brings websocket-client)
notes:
  - The connection options have the names and environment variables of C(kubernetes.core), which need not be installed.
    The variables C(image_pull_*) of the plays apply as well; C(ansible_node_pod_*) go before them.
  - An inventory that sets C(ansible_user) for SSH does no harm, commands always run as root. C(become) leads to other
    users.
  - Needed rights - C(pods) list, C(pods/exec) get and create, in O(namespace). They are as good as root on every node
    that has such a pod.
  - A command that is broken off here (a time limit, a lost connection) goes on until the pod ends.
options:
  remote_addr:
    description:
      - The name of the node.
    type: str
    default: inventory_hostname
    vars:
      - name: inventory_hostname
      - name: ansible_host
      - name: ansible_node_pod_node
  remote_user:
    description:
      - Who runs the commands. Not to be changed.
    type: str
    default: root
  namespace:
    description:
      - The namespace of the pods, as in O(kube_runbooks.image_pull.node_access#module:namespace).
    type: str
    default: kube-system
    vars:
      - name: ansible_node_pod_namespace
  run_id:
    description:
      - Whose pod is entered, as in O(kube_runbooks.image_pull.node_access#module:run_id).
    type: str
    default: default
    vars:
      - name: ansible_node_pod_run_id
  pod:
    description:
      - The name of the pod, as RV(kube_runbooks.image_pull.node_access#module:pods) gives it. Saves one request a task,
        and the right to list pods.
    type: str
    vars:
      - name: ansible_node_pod_name
  timeout:
    description:
      - Seconds until the API server has to answer, and until the node's shell has to begin with a command.
    type: float
    default: 10
    vars:
      - name: ansible_node_pod_timeout
    env:
      - name: ANSIBLE_TIMEOUT
    ini:
      - section: defaults
        key: timeout
  command_timeout:
    description:
      - Seconds for one command. None lives longer than its pod.
    type: float
    default: 600
    vars:
      - name: ansible_node_pod_command_timeout
  pipelining:
    description:
      - Hand modules to Python by standard input instead of as a file, which is quicker.
    type: bool
    default: true
    vars:
      - name: ansible_pipelining
      - name: ansible_node_pod_pipelining
  kubeconfig:
    description:
      - A kubeconfig, as a path or as its content.
    type: raw
    vars:
      - name: image_pull_kubeconfig
      - name: ansible_node_pod_kubeconfig
    env:
      - name: K8S_AUTH_KUBECONFIG
  context:
    description:
      - The context of the kubeconfig. By default its current one.
    type: str
    vars:
      - name: image_pull_context
      - name: ansible_node_pod_context
    env:
      - name: K8S_AUTH_CONTEXT
  host:
    description:
      - Address of the API server (not of the node), for instance V(https://10.0.0.1:6443).
    type: str
    vars:
      - name: image_pull_server
      - name: ansible_node_pod_host
    env:
      - name: K8S_AUTH_HOST
  api_key:
    description:
      - A bearer token.
    type: str
    vars:
      - name: image_pull_api_key
      - name: ansible_node_pod_api_key
    env:
      - name: K8S_AUTH_API_KEY
  username:
    description:
      - A name for basic authentication.
    type: str
    vars:
      - name: image_pull_username
      - name: ansible_node_pod_username
    env:
      - name: K8S_AUTH_USERNAME
  password:
    description:
      - The password for O(username).
    type: str
    vars:
      - name: image_pull_password
      - name: ansible_node_pod_password
    env:
      - name: K8S_AUTH_PASSWORD
  validate_certs:
    description:
      - Whether the certificate of the API server is verified. By default it is, unless the kubeconfig says otherwise.
    type: bool
    vars:
      - name: image_pull_validate_certs
      - name: ansible_node_pod_validate_certs
    env:
      - name: K8S_AUTH_VALIDATE_CERTS
      - name: K8S_AUTH_VERIFY_SSL
  ca_cert:
    description:
      - A file with the CA that signed the API server's certificate.
    type: str
    vars:
      - name: image_pull_ca_cert
      - name: ansible_node_pod_ca_cert
    env:
      - name: K8S_AUTH_CA_CERT
      - name: K8S_AUTH_SSL_CA_CERT
  client_cert:
    description:
      - A file with a client certificate.
    type: str
    vars:
      - name: image_pull_client_cert
      - name: ansible_node_pod_client_cert
    env:
      - name: K8S_AUTH_CLIENT_CERT
      - name: K8S_AUTH_CERT_FILE
  client_key:
    description:
      - The file with the key of O(client_cert), if it is not in the same one.
    type: str
    vars:
      - name: image_pull_client_key
      - name: ansible_node_pod_client_key
    env:
      - name: K8S_AUTH_CLIENT_KEY
      - name: K8S_AUTH_KEY_FILE
  proxy:
    description:
      - The URL of a proxy, V(http://) or V(socks5://). By default that of the kubeconfig, otherwise E(HTTPS_PROXY).
    type: str
    vars:
      - name: image_pull_proxy
      - name: ansible_node_pod_proxy
    env:
      - name: K8S_AUTH_PROXY
  no_proxy:
    description:
      - Hosts, domains, addresses and networks that are spoken to without the proxy, separated by commas. By default
        E(NO_PROXY).
    type: str
    vars:
      - name: ansible_node_pod_no_proxy
    env:
      - name: K8S_AUTH_NO_PROXY
  impersonate_user:
    description:
      - The user to act as.
    type: str
    vars:
      - name: image_pull_impersonate_user
      - name: ansible_node_pod_impersonate_user
    env:
      - name: K8S_AUTH_IMPERSONATE_USER
  impersonate_groups:
    description:
      - The groups to act as a member of.
    type: list
    elements: str
    default: []
    vars:
      - name: ansible_node_pod_impersonate_groups
    env:
      - name: K8S_AUTH_IMPERSONATE_GROUPS
"""

import io
import os
import secrets
import shlex
from collections.abc import Callable
from typing import IO, Any

from ansible.errors import AnsibleConnectionFailure, AnsibleError, AnsibleFileNotFound
from ansible.plugins.connection import ConnectionBase
from ansible.utils.display import Display

# Imported here, in the main process, and not with each task in a fork of it.
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import Client
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.connection import (
    Connection as ApiConnection,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.connection import connect
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.errors import ClusterError
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.options import (
    NAMES,
    ConnectionOptions,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node_access.execution import (
    ExecError,
    Limits,
    Outcome,
    Target,
    execute,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node_access.manifest import CONTAINER
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node_access.shell import (
    command_line,
    find_pod,
)

display = Display()

_OPTIONS = tuple(name for name in NAMES if name != "proxy_headers")
_FILES = ("ca_cert", "client_cert", "client_key")
_UNAUTHORIZED = 401


class Connection(ConnectionBase):
    """Commands on a node, each over a web socket of its own; the pod is looked up once."""

    transport = "kube_runbooks.image_pull.node_pod"
    has_pipelining = True
    has_tty = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._connected = False
        self._api: ApiConnection | None = None
        self._pod = ""

    @property
    def _node(self) -> str:
        return str(self.get_option("remote_addr"))

    def _connect(self) -> Connection:
        if not self._connected:
            self._attach()
            self._connected = True
        return self

    def _attach(self) -> None:
        seconds = float(self.get_option("timeout"))
        try:
            given = {name: self.get_option(name) for name in _OPTIONS}
            # Options of type path would make the current directory of an empty text.
            given |= {name: os.path.expanduser(given[name]) for name in _FILES if given[name]}
            self._api = connect(ConnectionOptions.from_params(given))
            self._pod = self.get_option("pod") or ""
            if not self._pod:
                client = Client(self._api, request_timeout=seconds, deadline=2 * seconds)
                self._pod = find_pod(
                    client, self.get_option("namespace"), self.get_option("run_id"), self._node
                )
        except (ClusterError, ExecError) as error:
            raise self._failed(error.message) from None
        except ImportError as error:
            raise self._failed(
                f"the Python package kubernetes is needed on the controller (missing: {error.name})"
            ) from None
        display.vvv(f"ATTACH TO POD {self.get_option('namespace')}/{self._pod}", host=self._node)

    def exec_command(
        self, cmd: str, in_data: bytes | None = None, sudoable: bool = True
    ) -> tuple[int, bytes, bytes]:
        """Run ``cmd`` on the node and return exit code, output and errors."""
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        display.vvv(f"EXEC {cmd}", host=self._node)
        source = None if in_data is None else io.BytesIO(in_data)
        outcome = self._run(cmd, source, 0 if in_data is None else len(in_data))
        return outcome.code, outcome.stdout, outcome.stderr

    def put_file(self, in_path: str, out_path: str) -> None:
        """Copy a file of the controller to the node."""
        super().put_file(in_path, out_path)
        display.vvv(f"PUT {in_path} TO {out_path}", host=self._node)
        try:
            with open(in_path, "rb") as source:
                size = os.fstat(source.fileno()).st_size
                outcome = self._run(f"cat > {shlex.quote(out_path)}", source, size)
        except FileNotFoundError:
            raise AnsibleFileNotFound(f"there is no file {in_path}") from None
        except OSError as error:
            raise AnsibleError(f"cannot read {in_path}: {error.strerror}") from None
        self._expect(outcome, f"cannot write {out_path} on node {self._node}")

    def fetch_file(self, in_path: str, out_path: str) -> None:
        """Copy a file of the node to the controller."""
        super().fetch_file(in_path, out_path)
        display.vvv(f"FETCH {in_path} TO {out_path}", host=self._node)
        try:
            with open(out_path, "wb") as target:
                outcome = self._run(f"cat < {shlex.quote(in_path)}", None, 0, target.write)
        except OSError as error:
            raise AnsibleError(f"cannot write {out_path}: {error.strerror}") from None
        self._expect(outcome, f"cannot read {in_path} on node {self._node}")

    def reset(self) -> None:
        """Look the pod up again with the next command."""
        self.close()

    def close(self) -> None:
        """Forget the pod; it stays as it is."""
        super().close()
        self._connected = False
        self._pod = ""

    def _run(
        self, command: str, source: IO[bytes] | None, size: int, sink: Callable[[bytes], object] | None = None
    ) -> Outcome:
        self._connect()
        begun_at = source.tell() if source else 0
        for last in (False, True):
            try:
                return self._run_once(command, source, size, sink)
            except ExecError as error:
                again = self._again(error)
                if last or not again:
                    raise self._failed(error.message) from None
            except ClusterError as error:
                raise self._failed(error.message) from None
            if source:
                source.seek(begun_at)
        raise self._failed("no shell answered")

    def _again(self, error: ExecError) -> bool:
        """Return whether another try may do: nothing was begun, and credentials or pod can be had anew."""
        if error.status == _UNAUTHORIZED and self._api:
            return self._api.credentials.renew()
        if error.gone and not self.get_option("pod"):
            self._attach()
            return True
        return False

    def _run_once(
        self, command: str, source: IO[bytes] | None, size: int, sink: Callable[[bytes], object] | None
    ) -> Outcome:
        if self._api is None:
            raise AnsibleConnectionFailure("the connection to the node's pod is closed")
        mark = f"shell-{secrets.token_hex(8)}:"
        words, before = command_line(command, mark, None if source is None else size)
        stdin = _Joined(before, source) if before else source
        return execute(
            self._api,
            Target(self.get_option("namespace"), self._pod, CONTAINER),
            words,
            stdin,
            mark.encode(),
            Limits(first=float(self.get_option("timeout")), whole=float(self.get_option("command_timeout"))),
            sink,
        )

    def _expect(self, outcome: Outcome, what: str) -> None:
        if outcome.code == 0:
            return
        words = outcome.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        kind = AnsibleFileNotFound if "No such file" in words or "nonexistent" in words else AnsibleError
        raise kind(f"{what}: {words or f'exit code {outcome.code}'}")

    def _failed(self, message: str) -> AnsibleConnectionFailure:
        return AnsibleConnectionFailure(f"node {self._node} through the API server: {message}")


class _Joined:
    """Bytes, then a file."""

    def __init__(self, before: bytes, then: IO[bytes] | None) -> None:
        self._before = before
        self._then = then

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes, none at the end."""
        if self._before:
            piece = self._before if size < 0 else self._before[:size]
            self._before = self._before[len(piece) :]
            return piece
        return self._then.read(size) if self._then else b""
