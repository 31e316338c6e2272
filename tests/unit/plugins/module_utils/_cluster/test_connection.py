# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the API server is and who asks: options, kubeconfigs, plugins, the service account of a pod."""

from __future__ import annotations

import base64
import json
import stat
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster import (
    connection as connection_module,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster import credentials
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.connection import (
    Connection,
    connect,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.errors import ConfigInvalid
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.options import (
    ConnectionOptions,
    secrets_of,
)

VERSION = "client.authentication.k8s.io/v1"


def config(**parts: Any) -> dict[str, Any]:
    """A kubeconfig with one context ``prod``; ``user`` and ``cluster`` say what is in it."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": "c", "cluster": {"server": "https://10.0.0.1:6443", **parts.get("cluster", {})}}
        ],
        "users": [{"name": "u", "user": parts.get("user", {"token": "t"})}],
        "contexts": [{"name": "prod", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "prod",
    }


def write(path: Path, content: Any) -> str:
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return str(path)


def connected(environ: dict[str, str] | None = None, **options: Any) -> Connection:
    return connect(ConnectionOptions.from_params(options), environ or {})


class TestWhereTheServerIs:
    def test_a_path(self, tmp_path: Path) -> None:
        found = connected(kubeconfig=write(tmp_path / "config", config()))
        assert (found.server, found.context, found.name) == ("https://10.0.0.1:6443", "prod", "prod")
        assert found.credentials.authorization == "Bearer t"

    def test_the_content_itself(self) -> None:
        assert connected(kubeconfig=config()).server == "https://10.0.0.1:6443"

    def test_json_is_yaml(self, tmp_path: Path) -> None:
        assert connected(kubeconfig=write(tmp_path / "config", json.dumps(config()))).context == "prod"

    def test_of_several_files_the_first_that_says_a_thing_wins(self, tmp_path: Path) -> None:
        first = {
            "contexts": [{"name": "stage", "context": {"cluster": "c", "user": "u"}}],
            "current-context": "stage",
        }
        paths = [
            write(tmp_path / "first", first),
            str(tmp_path / "absent"),
            write(tmp_path / "second", config()),
        ]
        assert connected(kubeconfig=":".join(paths)).context == "stage"

    def test_relative_paths_count_from_their_file(self, tmp_path: Path) -> None:
        content = config(
            cluster={"certificate-authority": "ca.crt"}, user={"client-certificate": "pki/u.crt"}
        )
        found = connected(kubeconfig=write(tmp_path / "config", content))
        assert found.ca_file == str(tmp_path / "ca.crt")
        assert found.credentials.certificate is not None
        assert found.credentials.certificate.cert_file == str(tmp_path / "pki/u.crt")

    def test_the_environment_names_the_default(self, tmp_path: Path) -> None:
        assert connected({"KUBECONFIG": write(tmp_path / "config", config())}).context == "prod"

    def test_host_and_token_need_no_kubeconfig(self) -> None:
        found = connected({"KUBECONFIG": "/absent"}, host="https://h:1/", api_key="k")
        assert (found.server, found.credentials.authorization, found.name) == (
            "https://h:1",
            "Bearer k",
            "h:1",
        )

    def test_single_options_overrule_the_kubeconfig(self, tmp_path: Path) -> None:
        path = write(
            tmp_path / "config", config(cluster={"insecure-skip-tls-verify": True, "proxy-url": "http://p:1"})
        )
        found = connected(
            kubeconfig=path, host="https://other", validate_certs=True, ca_cert="/ca", proxy="http://q:2"
        )
        assert (found.server, found.verify, found.ca_file, found.proxy) == (
            "https://other",
            True,
            "/ca",
            "http://q:2",
        )

    def test_verifying_can_be_left_out(self) -> None:
        assert connected(kubeconfig=config(), validate_certs=False).verify is False

    def test_in_a_pod_its_service_account(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(connection_module, "SERVICE_ACCOUNT", str(tmp_path))
        write(tmp_path / "token", "in-cluster\n")
        found = connected({"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"})
        assert (found.server, found.ca_file) == ("https://[fd00::1]:443", f"{tmp_path}/ca.crt")
        assert found.credentials.authorization == "Bearer in-cluster"

    def test_what_tls_needs(self) -> None:
        data = base64.b64encode(b"PEM").decode()
        found = connected(
            kubeconfig=config(cluster={"certificate-authority-data": data, "tls-server-name": "api"})
        )
        assert (found.ca_data, found.ca_file, found.tls_server_name, found.verify) == (
            b"PEM",
            None,
            "api",
            True,
        )


class TestWhatIsWrongWithIt:
    @pytest.mark.parametrize(
        ("content", "words"),
        [
            ("clusters: [", r"is not YAML \(line \d\)"),
            ("just text", "not a kubeconfig"),
            ("", "not a kubeconfig"),
            ("[]", "not a kubeconfig"),
            ("\x00", "not YAML"),
            ({**config(), "current-context": ""}, r"no current-context.*it has: prod"),
            ({**config(), "current-context": "gone"}, r"context 'gone' is not in .*it has: prod"),
            ({**config(), "clusters": []}, "names the cluster 'c', which is not in it"),
            ({**config(), "users": []}, "names the user 'u', which is not in it"),
            ({**config(), "users": "text"}, "'users' is not a list"),
            ({**config(), "contexts": [{"context": {}}]}, "has no name"),
            (config(cluster={"server": ""}), "has no server"),
            (config(cluster={"server": "10.0.0.1"}), "no address of an API server"),
            (config(cluster={"certificate-authority-data": "!"}), "not base64"),
            (config(user={"tokenFile": "/absent"}), "cannot read the token file /absent"),
        ],
        ids=repr,
    )
    def test_is_told_in_one_line(self, tmp_path: Path, content: Any, words: str) -> None:
        with pytest.raises(ConfigInvalid, match=words) as raised:
            connected(kubeconfig=write(tmp_path / "config", content))
        assert raised.value.message.isprintable()

    def test_no_kubeconfig_at_all(self) -> None:
        with pytest.raises(ConfigInvalid, match="there is no kubeconfig at /absent/config"):
            connected({"KUBECONFIG": "/absent/config"})

    def test_groups_without_a_user(self) -> None:
        with pytest.raises(ConfigInvalid, match="impersonate_groups needs impersonate_user"):
            connected(kubeconfig=config(), impersonate_groups=["g"])


class TestCredentials:
    def test_name_and_password(self) -> None:
        found = connected(kubeconfig=config(user={"username": "n", "password": "p:w"}))
        assert found.credentials.authorization == "Basic " + base64.b64encode(b"n:p:w").decode()

    def test_certificate_data(self) -> None:
        data = base64.b64encode(b"PEM").decode()
        user = {"client-certificate-data": data, "client-key-data": data}
        certificate = connected(kubeconfig=config(user=user)).credentials.certificate
        assert certificate is not None
        assert (certificate.cert_data, certificate.key_data) == (b"PEM", b"PEM")

    def test_acting_as_somebody(self) -> None:
        found = connected(kubeconfig=config(), impersonate_user="u", impersonate_groups=["a", "b"])
        assert found.headers == [
            ("Impersonate-User", "u"),
            ("Impersonate-Group", "a"),
            ("Impersonate-Group", "b"),
        ]

    def test_an_old_oidc_user_is_left_to_the_kubernetes_package(self) -> None:
        claims = (
            base64.urlsafe_b64encode(json.dumps({"exp": int(time.time()) + 3600}).encode())
            .decode()
            .rstrip("=")
        )
        user = {"auth-provider": {"name": "oidc", "config": {"id-token": f"e30.{claims}.c2ln"}}}
        assert (
            connected(kubeconfig=config(user=user)).credentials.authorization == f"Bearer e30.{claims}.c2ln"
        )

    def test_secrets_of_an_inline_kubeconfig_are_known(self) -> None:
        users = [
            {"user": {"token": "a", "client-key-data": "b", "client-certificate-data": "public"}},
            {"user": {"password": "c", "exec": {"command": "login", "env": [{"name": "N", "value": "d"}]}}},
            {"user": {"auth-provider": {"config": {"refresh-token": "e", "client-secret": "f"}}}},
        ]
        assert secrets_of({"users": users, "clusters": [{"name": "c"}]}) == set("abcdef")


class TestCredentialPlugins:
    @pytest.fixture
    def plugin(self, tmp_path: Path) -> Path:
        path = tmp_path / "login"
        path.touch(stat.S_IRWXU)
        return path

    def user(self, path: Path, script: str, **more: Any) -> dict[str, Any]:
        path.write_text(f"#!/bin/sh\n{script}\n")
        return {"exec": {"apiVersion": VERSION, "command": str(path), **more}}

    def answer(self, **status: str) -> str:
        return (
            "echo '" + json.dumps({"apiVersion": VERSION, "kind": "ExecCredential", "status": status}) + "'"
        )

    def test_a_token(self, plugin: Path) -> None:
        user = self.user(plugin, self.answer(token="fresh"))
        assert connected(kubeconfig=config(user=user)).credentials.authorization == "Bearer fresh"

    def test_a_certificate(self, plugin: Path) -> None:
        user = self.user(plugin, self.answer(clientCertificateData="CERT", clientKeyData="KEY"))
        certificate = connected(kubeconfig=config(user=user)).credentials.certificate
        assert certificate is not None
        assert (certificate.cert_data, certificate.key_data) == (b"CERT", b"KEY")

    def test_is_asked_again_when_its_token_is_refused(self, plugin: Path, tmp_path: Path) -> None:
        count = 'echo x >> "$COUNT"; n=$(wc -l < "$COUNT")'
        said = self.answer(token="number-@").replace("@", "'\"$n\"'")
        environment = [{"name": "COUNT", "value": str(tmp_path / "count")}]
        found = connected(
            {"PATH": "/usr/bin:/bin"},
            kubeconfig=config(user=self.user(plugin, f"{count}\n{said}", env=environment)),
        )
        assert found.credentials.authorization == "Bearer number-1"
        assert found.credentials.renew()
        assert found.credentials.authorization == "Bearer number-2"

    def test_is_told_which_cluster_it_is_for(self, plugin: Path, tmp_path: Path) -> None:
        script = f'printf %s "$KUBERNETES_EXEC_INFO" > {tmp_path}/info\n' + self.answer(token="t")
        connected(kubeconfig=config(user=self.user(plugin, script, provideClusterInfo=True)))
        info = json.loads((tmp_path / "info").read_text())
        assert info["spec"] == {"interactive": False, "cluster": {"server": "https://10.0.0.1:6443"}}

    def test_a_relative_command_counts_from_the_kubeconfig(self, plugin: Path, tmp_path: Path) -> None:
        user = self.user(plugin, self.answer(token="t"))
        user["exec"]["command"] = "./login"
        assert connected(kubeconfig=write(tmp_path / "config", config(user=user))).credentials.authorization

    @pytest.mark.parametrize(
        ("script", "more", "words"),
        [
            ("echo 'session expired' >&2; exit 3", {}, "ended with exit code 3: session expired"),
            ("echo hello", {}, "no ExecCredential"),
            ("echo '{}'", {}, "no ExecCredential"),
            ("""echo '{"apiVersion": "v0", "status": {}}'""", {}, "speaks v0"),
            (f"""echo '{{"apiVersion": "{VERSION}", "status": {{}}}}'""", {}, "neither a token nor"),
            ("exit 0", {"interactiveMode": "Always"}, "needs a terminal"),
            ("exit 0", {"command": "/absent/login", "installHint": "apt install login"}, "apt install login"),
            ("exit 0", {"command": ""}, "incomplete"),
        ],
    )
    def test_that_fails_is_told_in_one_line(
        self, plugin: Path, script: str, more: dict[str, str], words: str
    ) -> None:
        user = self.user(plugin, script)
        user["exec"].update(more)
        with pytest.raises(ConfigInvalid, match=words):
            connected(kubeconfig=config(user=user))

    def test_that_hangs_is_ended_with_its_children(self, plugin: Path, tmp_path: Path) -> None:
        script = f"sleep 60 > /dev/null 2>&1 & echo $! > {tmp_path}/child; wait"
        user = self.user(plugin, script)
        profile = connection_module.load_profile(config(user=user), None)
        with pytest.raises(ConfigInvalid, match="gave no answer"):
            credentials.ExecPlugin(profile, {"PATH": "/usr/bin:/bin"}, seconds=0.5)
        child = Path("/proc") / (tmp_path / "child").read_text().strip()
        until = time.monotonic() + 5
        while child.exists() and "zombie" not in (child / "status").read_text() and time.monotonic() < until:
            pass
        assert not child.exists() or "zombie" in (child / "status").read_text()


class TestProxies:
    @pytest.mark.parametrize(
        ("environ", "options", "proxy"),
        [
            ({}, {}, None),
            ({"HTTPS_PROXY": "http://e:1"}, {}, "http://e:1"),
            ({"https_proxy": "http://e:1"}, {"proxy": "http://o:2"}, "http://o:2"),
            ({"HTTPS_PROXY": "http://e:1", "NO_PROXY": "10.0.0.0/8"}, {}, None),
            ({"HTTPS_PROXY": "http://e:1", "NO_PROXY": "10.0.0.1"}, {}, None),
            ({"HTTPS_PROXY": "http://e:1", "NO_PROXY": "*"}, {}, None),
            ({"HTTPS_PROXY": "http://e:1", "NO_PROXY": "10.0.0.2,0.1"}, {}, "http://e:1"),
            ({}, {"proxy": "http://o:2", "no_proxy": "192.168.0.0/16,example.com"}, "http://o:2"),
            (
                {},
                {"proxy": "http://o:2", "host": "https://api.example.com:1", "no_proxy": ".example.com"},
                None,
            ),
            (
                {},
                {"proxy": "http://o:2", "host": "https://notexample.com", "no_proxy": "example.com"},
                "http://o:2",
            ),
            ({}, {"proxy": "http://o:2", "host": "https://[fd00::1]:6443", "no_proxy": "fd00::/8"}, None),
        ],
    )
    def test_and_their_exceptions(
        self, environ: dict[str, str], options: dict[str, str], proxy: str | None
    ) -> None:
        assert connected(environ, kubeconfig=config(), **options).proxy == proxy

    def test_headers(self) -> None:
        headers = {"proxy_basic_auth": "n:p", "user_agent": "me", "basic_auth": None}
        found = connected(kubeconfig=config(), proxy="http://p:1", proxy_headers=headers)
        assert found.proxy_headers == {"Proxy-Authorization": "Basic bjpw", "User-Agent": "me"}
