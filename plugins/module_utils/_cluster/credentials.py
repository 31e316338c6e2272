# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who asks: credentials that stand still, and those that are fetched and can be fetched again."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.errors import ConfigInvalid
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.kubeconfig import Profile

EXEC_SECONDS = 30.0
"""How long an exec plugin may take. kubectl waits for ever; a play must not."""


@dataclass(slots=True)
class ClientCertificate:
    """A client certificate: two files, or two PEM texts."""

    cert_file: str | None = None
    key_file: str | None = None
    cert_data: bytes = b""
    key_data: bytes = b""


class Credentials:
    """What is sent with each request; the plain kind never changes."""

    def __init__(
        self, authorization: str | None = None, certificate: ClientCertificate | None = None
    ) -> None:
        self.authorization = authorization
        self.certificate = certificate

    def renew(self) -> bool:
        """Fetch the credentials again after they were refused; return whether they could have changed."""
        return False


class TokenFile(Credentials):
    """A bearer token in a file that is renewed from outside (service account, ``tokenFile``)."""

    def __init__(self, path: str, certificate: ClientCertificate | None = None) -> None:
        super().__init__(None, certificate)
        self._path = path
        self.renew()

    def renew(self) -> bool:
        before = self.authorization
        try:
            with open(self._path, encoding="utf-8") as stream:
                token = stream.read().strip()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise ConfigInvalid(f"cannot read the token file {self._path}: {reason}") from None
        if not token:
            raise ConfigInvalid(f"the token file {self._path} is empty")
        self.authorization = f"Bearer {token}"
        return self.authorization != before


class ExecPlugin(Credentials):
    """A client-go credential plugin (kubernetes.io, "Authenticating", client-go credential plugins)."""

    def __init__(self, profile: Profile, environ: Mapping[str, str], seconds: float = EXEC_SECONDS) -> None:
        super().__init__()
        self._profile = profile
        self._environ = environ
        self._seconds = seconds
        self._spec: dict[str, Any] = profile.user["exec"]
        self.renew()

    def renew(self) -> bool:
        status = self._status(self._run())
        if status.get("token"):
            self.authorization = f"Bearer {status['token']}"
        if status.get("clientCertificateData") and status.get("clientKeyData"):
            cert, key = str(status["clientCertificateData"]), str(status["clientKeyData"])
            self.certificate = ClientCertificate(cert_data=cert.encode(), key_data=key.encode())
        elif not status.get("token"):
            raise ConfigInvalid(f"{self._title} gave neither a token nor a client certificate")
        return True

    @property
    def _title(self) -> str:
        return f"the credential plugin '{self._spec.get('command')}' of context '{self._profile.context}'"

    def _run(self) -> str:
        command = str(self._spec.get("command") or "")
        if not command or not self._spec.get("apiVersion"):
            raise ConfigInvalid(f"{self._title} is incomplete: command and apiVersion are needed")
        if self._spec.get("interactiveMode") == "Always":
            raise ConfigInvalid(f"{self._title} needs a terminal: use a context that works without one")
        if os.sep in command:
            command = os.path.join(self._profile.user_dir, command)
        arguments = [command, *map(str, self._spec.get("args") or ())]
        try:
            # run_command is AnsibleModule's, of which this package knows nothing.
            process = subprocess.Popen(  # pylint: disable=ansible-bad-function
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=self._environment(),
                start_new_session=True,
            )
        except OSError as error:
            hint = self._spec.get("installHint") or "install it, or use another context"
            raise ConfigInvalid(f"{self._title} cannot be run: {error.strerror}. {hint}") from None
        try:
            output, errors = process.communicate(timeout=self._seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise ConfigInvalid(
                f"{self._title} gave no answer within {self._seconds:.0f} s: log in by hand first"
            ) from None
        if process.returncode:
            said = errors.decode(errors="replace").strip()[-300:] or "it said nothing"
            raise ConfigInvalid(f"{self._title} ended with exit code {process.returncode}: {said}")
        return output.decode(errors="replace")

    def _environment(self) -> dict[str, str]:
        extra = {str(entry.get("name")): str(entry.get("value", "")) for entry in self._spec.get("env") or ()}
        spec: dict[str, Any] = {"interactive": False}
        if self._spec.get("provideClusterInfo"):
            spec["cluster"] = self._cluster_info()
        info = {"apiVersion": self._spec["apiVersion"], "kind": "ExecCredential", "spec": spec}
        return {**self._environ, **extra, "KUBERNETES_EXEC_INFO": json.dumps(info)}

    def _cluster_info(self) -> dict[str, Any]:
        cluster = self._profile.cluster
        names = (
            "server",
            "tls-server-name",
            "insecure-skip-tls-verify",
            "certificate-authority-data",
            "proxy-url",
        )
        info = {name: cluster[name] for name in names if name in cluster}
        ca_file = self._profile.cluster_path("certificate-authority")
        if ca_file and "certificate-authority-data" not in info:
            info["certificate-authority-data"] = base64.b64encode(read_file(ca_file, "the CA file")).decode()
        for extension in cluster.get("extensions") or ():
            if extension.get("name") == "client.authentication.k8s.io/exec":
                info["config"] = extension.get("extension")
        return info

    def _status(self, output: str) -> dict[str, Any]:
        try:
            data = json.loads(output)
            status = data["status"]
            version = data["apiVersion"]
        except (ValueError, KeyError, TypeError):
            raise ConfigInvalid(f"{self._title} printed something that is no ExecCredential") from None
        if version != self._spec["apiVersion"] or not isinstance(status, dict):
            raise ConfigInvalid(
                f"{self._title} speaks {version}, the kubeconfig wants {self._spec['apiVersion']}"
            )
        return status


class AuthProvider(Credentials):
    """A user with the ``auth-provider`` of old kubeconfigs (OIDC, GCP), which kubectl dropped in 1.26.

    These are left to ``kubernetes.config``, which knows how to refresh them.
    """

    def __init__(self, profile: Profile, source: str | Mapping[str, Any]) -> None:
        super().__init__(None, certificate_of(profile))
        self._profile = profile
        self._source = source
        self.renew()

    def renew(self) -> bool:
        before = self.authorization
        context = self._profile.context
        try:
            from kubernetes import config
            from kubernetes.client import Configuration
        except ImportError:
            raise ConfigInvalid(
                f"context '{context}' uses an auth-provider: install the Python package kubernetes, or move it to exec"
            ) from None
        configuration = Configuration()
        load = (
            config.load_kube_config_from_dict
            if isinstance(self._source, Mapping)
            else config.load_kube_config
        )
        try:
            load(self._source, context=context, client_configuration=configuration, persist_config=False)
        except Exception as error:  # noqa: BLE001 - whatever the provider's library raises
            raise ConfigInvalid(f"the auth-provider of context '{context}' failed: {error}") from None
        settings = configuration.auth_settings()
        self.authorization = next(
            (str(found["value"]) for found in settings.values() if found.get("value")), None
        )
        return self.authorization != before


def basic(username: str, password: str) -> str:
    """Return the value of an authorization header for a name and a password (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def certificate_of(profile: Profile) -> ClientCertificate | None:
    """Return the client certificate of a kubeconfig user; data wins over files, as in client-go."""
    user = profile.user
    if user.get("client-certificate-data") or user.get("client-key-data"):
        cert = data_or_file(user, "client-certificate", profile.user_path("client-certificate"))
        key = data_or_file(user, "client-key", profile.user_path("client-key"))
        return ClientCertificate(cert_data=cert, key_data=key)
    cert_file, key_file = profile.user_path("client-certificate"), profile.user_path("client-key")
    return ClientCertificate(cert_file=cert_file, key_file=key_file or cert_file) if cert_file else None


def data_or_file(section: Mapping[str, Any], key: str, path: str | None) -> bytes:
    """Return what ``KEY-data`` holds in base64, else the content of ``path``, else nothing."""
    data = section.get(f"{key}-data")
    if data:
        try:
            return base64.b64decode("".join(str(data).split()), validate=True)
        except ValueError:
            raise ConfigInvalid(f"{key}-data in the kubeconfig is not base64") from None
    return read_file(path, key) if path else b""


def read_file(path: str, what: str) -> bytes:
    """Return the content of a file that an option or a kubeconfig names."""
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except OSError as error:
        raise ConfigInvalid(f"cannot read {what} {path}: {error.strerror or error}") from None


def credentials_of(
    profile: Profile, source: str | Mapping[str, Any], environ: Mapping[str, str]
) -> Credentials:
    """Return the credentials of a kubeconfig user, in the order of client-go: token, exec, name and password."""
    user = profile.user
    certificate = certificate_of(profile)
    token_file = profile.user_path("tokenFile")
    if token_file:
        return TokenFile(token_file, certificate)
    if user.get("token"):
        return Credentials(f"Bearer {user['token']}", certificate)
    if user.get("auth-provider"):
        return AuthProvider(profile, source)
    if user.get("exec"):
        return ExecPlugin(profile, environ)
    if user.get("username"):
        return Credentials(basic(str(user["username"]), str(user.get("password", ""))), certificate)
    return Credentials(None, certificate)
