# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""DNS, registries, their token server, fault services and proxies, in the services' namespace."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import Any

from . import binaries, hosts, nginx, pki, proxies, seeds, token_services
from .controlplane import write_secret
from .errors import LabError
from .images import Store
from .network import SERVICES_IP
from .processes import Processes, wait_until
from .registry_log import FILE as LOG_FILE
from .token_server import ISSUER
from .token_services import TokenService

LOG_PORT, FRONT_PORT = 5098, 5099
_COMPANY_PORTS = nginx.CompanyPorts(5000, 5001, 5002, 5003, 5004, 5005, 5006)
_SITE_PORTS = {site.name: 5010 + number for number, site in enumerate(hosts.SITES)}

#: Names that lead to the services' own address and that no server of nginx has.
_OTHER_NAMES = ["plain-to-tls.reg.test", hosts.PROXY_HOST]


@dataclass(frozen=True)
class Accounts:
    """Registry accounts of one lab, with passwords made at random.

    member may read everything; stranger can log in and may read only what is public. The same two accounts exist
    on every registry with logins. ECR knows only the user AWS, with a token that works and one that has expired; the
    stranger's password is there the token of a role without rights. expired_token is a token that once was the
    member's, on registries that tell such a one from a wrong password.
    """

    member: str
    member_password: str
    stranger: str
    stranger_password: str
    ecr_user: str
    ecr_token: str
    ecr_expired_token: str
    expired_token: str

    @classmethod
    def make(cls) -> Accounts:
        words = [secrets.token_urlsafe(18) for dummy in range(5)]
        return cls("alice", words[0], "bob", words[1], "AWS", words[2], words[3], words[4])

    def to_dict(self) -> dict[str, str]:
        return asdict(self)


class Registries:
    """The services of one lab, in the folder where their storage and configuration lie."""

    def __init__(self, folder: Path, processes: Processes, namespace: int) -> None:
        self.folder = folder
        self.pki = folder / "pki"
        self._processes = processes
        self._namespace = namespace

    @property
    def public_ca(self) -> Path:
        """Trusted by every node: signs the public registries and most of reg.test."""
        return self.pki / "ca.crt"

    @property
    def company_ca(self) -> Path:
        """Not in the nodes' trust store; on their disks for hosts.toml to name."""
        return self.pki / "company-ca.crt"

    def stores(self) -> dict[str, Store]:
        sites = [site.name for site in hosts.SITES] + [hosts.COMPANY]
        return {name: Store(self.folder / "stores" / name) for name in sites}

    def prepare(self, accounts: Accounts) -> None:
        """Certificates, images and configuration files."""
        # Squid gives up root and still reads its files here; what is secret has mode 0600 by itself.
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o711)
        self._certificates()
        seeds.seed(self.folder / "stores")
        (self.folder / "schema1").mkdir(exist_ok=True)
        (self.folder / "schema1" / "manifest").write_text(seeds.schema_1_manifest())
        self._passwords(accounts)
        names = self._nginx()
        (self.folder / "dnsmasq.conf").write_text(hosts.dnsmasq_config([*names, *_OTHER_NAMES]))
        (self.folder / "squid.conf").write_text(proxies.squid_config(self.folder))
        (self.folder / "resolv.conf").write_text(f"nameserver {SERVICES_IP}\n")
        self._front(accounts)
        basic = {"htpasswd": {"realm": "company registry", "path": str(self.folder / "htpasswd")}}
        ports = _COMPANY_PORTS
        for name, port, auth in (
            ("plain", ports.plain, {}),
            ("basic", ports.basic, basic),
            ("token", ports.token, self._token(token_services.COMPANY)),
            ("v3", ports.plain_3, {}),
            ("v3-basic", ports.basic_3, basic),
            ("v3-token", ports.token_3, self._token(token_services.COMPANY_3)),
        ):
            self._registry_config(hosts.COMPANY, name, port, auth)
        self._registry_config("cache", "cache", ports.cache, {}, proxy="https://registry-1.docker.io")
        for site in hosts.SITES:
            auth = self._token(site.token) if site.token else {}
            self._registry_config(site.name, site.name, _SITE_PORTS[site.name], auth)

    def start(self) -> None:
        """Starts all; returns at once, see wait()."""
        spawn = self._processes.spawn
        spawn("dnsmasq", ["dnsmasq", "-C", str(self.folder / "dnsmasq.conf")], namespace=self._namespace)
        for name in self._registry_names():
            argv = ["docker-registry", "serve", str(self.folder / f"registry-{name}.yml")]
            spawn(f"registry-{name}", argv, namespace=self._namespace)
        self._start_distribution_3()
        for module, argument in (("front", [str(self.folder / "front.json")]), ("tcp_faults", [])):
            python_module(
                self._processes, module.replace("_", "-"), module, argument, namespace=self._namespace
            )
        spawn("nginx", ["nginx", "-c", str(self.folder / "nginx.conf")], namespace=self._namespace)
        spawn("squid", proxies.squid_argv(self.folder), namespace=self._namespace, own_mounts=True)

    def _start_distribution_3(self) -> None:
        """All registries of version 3 in one process, which finds the cache's upstream by the lab's DNS and CA."""
        names = ["v3", "v3-basic", "v3-token", "cache"]
        start = 'mount --bind "$0" /etc/resolv.conf && exec "$@"'
        argv = ["/bin/sh", "-c", start, str(self.folder / "resolv.conf"), str(binaries.distribution())]
        self._processes.spawn(
            "registry-v3",
            [*argv, *(str(self.folder / f"registry-{name}.yml") for name in names)],
            namespace=self._namespace,
            environment={"SSL_CERT_FILE": str(self.public_ca), "OTEL_TRACES_EXPORTER": "none"},
            own_mounts=True,
        )

    def wait(self) -> None:
        """Until each registry and the front answer; LabError with the log's end of one that does not."""
        ports = [
            ("127.0.0.1", port) for port in (*astuple(_COMPANY_PORTS), *_SITE_PORTS.values(), FRONT_PORT)
        ]
        ports += [(SERVICES_IP, port) for port in (53, 443, hosts.PROXY_OPEN)]
        wanted = {f"{host}:{port}" for host, port in ports}

        def listening() -> bool:
            argv = ["nsenter", f"--net=/proc/{self._namespace}/ns/net", "--", "ss", "-Hltn"]
            text = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=10).stdout
            seen = {line.split()[3].replace("*:", "0.0.0.0:") for line in text.splitlines()}
            return all(one in seen or f"0.0.0.0:{one.rpartition(':')[2]}" in seen for one in wanted)

        try:
            wait_until(listening, "the registries", 30, self._processes)
        except LabError as error:
            raise LabError(f"{error} (logs in {self._processes.logs})") from None

    def _registry_names(self) -> list[str]:
        """Of those that run as Debian's program."""
        return ["plain", "basic", "token", *(site.name for site in hosts.SITES)]

    def _certificates(self) -> None:
        lab = pki.Authority(self.pki, "ca", "image-pull-lab public CA")
        company = pki.Authority(self.pki, "company-ca", "image-pull-lab company CA")
        both = ["reg.test", "*.reg.test"]
        lab.issue("public", "public registries", hosts=list(hosts.PUBLIC))
        lab.issue("good", "reg.test", hosts=both)
        lab.issue("expired", "reg.test", hosts=both, days=(-30, -2))
        lab.issue("future", "reg.test", hosts=both, days=(30, 60))
        lab.issue("mismatch", "other.test", hosts=["other.test"])
        lab.issue("common-name-only", "common-name-only.reg.test")
        lab.issue("client", "a-node")
        lab.issue("token", "token server")
        company.issue("company", "reg.test", hosts=both)
        pki.self_signed(self.pki, "self-signed", both)
        between = pki.Authority(self.pki, "intermediate", "image-pull-lab intermediate CA", issuer=lab)
        pki.chain(between.issue("leaf", "reg.test", hosts=both), between.pair)

    def _passwords(self, accounts: Accounts) -> None:
        users = {
            accounts.member: accounts.member_password,
            accounts.stranger: accounts.stranger_password,
        }
        lines = []
        for user, password in users.items():
            # -i takes the password from standard input; distribution accepts bcrypt only.
            argv = ["htpasswd", "-niB", "-C", "5", user]
            lines.append(
                subprocess.run(
                    argv, input=password, capture_output=True, text=True, check=True
                ).stdout.strip()
            )
        path = self.folder / "htpasswd"
        path.write_text("\n".join(lines) + "\n")
        path.chmod(0o644)

    def _front(self, accounts: Accounts) -> None:
        config = {
            "port": FRONT_PORT,
            "log_port": LOG_PORT,
            "log": str(self.folder / LOG_FILE),
            "key": str(self.pki / "token.key"),
            "certificate": str(self.pki / "token.crt"),
            "accounts": accounts.to_dict(),
            "stores": str(self.folder / "stores"),
            "ports": {**_SITE_PORTS, hosts.COMPANY: _COMPANY_PORTS.plain},
        }
        write_secret(self.folder / "front.json", json.dumps(config))

    def _nginx(self) -> list[str]:
        """Writes nginx's configuration; returns the names of the company's hosts."""
        company = nginx.company_servers(_COMPANY_PORTS, self.folder)
        front = nginx.front_servers(FRONT_PORT, _SITE_PORTS, self.folder / "stores")
        text = nginx.config([*company, *front], self.folder, LOG_PORT)
        write_secret(self.folder / "nginx.conf", text)
        return [server.host for server in (*company, *front) if server.host not in hosts.PUBLIC]

    def _token(self, service: TokenService) -> dict[str, Any]:
        bundle = str(self.public_ca)
        return {
            "token": {
                "realm": service.realm,
                "service": service.service,
                "issuer": ISSUER,
                "rootcertbundle": bundle,
            }
        }

    def _registry_config(
        self, site: str, name: str, port: int, auth: dict[str, Any], proxy: str = ""
    ) -> None:
        """The configuration of one distribution registry, as JSON (which is YAML)."""
        storage = {
            "filesystem": {"rootdirectory": str(self.folder / "stores" / site)},
            "delete": {"enabled": True},
            "maintenance": {"uploadpurging": {"enabled": False}},
        }
        config: dict[str, Any] = {
            "version": "0.1",
            "log": {"level": "warn"},
            "storage": storage,
            "http": {"addr": f"127.0.0.1:{port}", "secret": secrets.token_hex(8), "relativeurls": False},
        }
        if auth:
            config["auth"] = auth
        if proxy:
            config["proxy"] = {"remoteurl": proxy}
        write_secret(self.folder / f"registry-{name}.yml", json.dumps(config, indent=1))


def python_module(
    processes: Processes,
    name: str,
    module: str,
    arguments: list[str],
    *,
    namespace: int | None = None,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Starts one of this package's own programs, with the Python that runs the tool."""
    package = Path(__file__).resolve().parent
    argv = [sys.executable, "-m", f"{package.name}.{module}", *arguments]
    own = {"PYTHONPATH": str(package.parent), "PYTHONDONTWRITEBYTECODE": "1", **(environment or {})}
    processes.spawn(name, argv, namespace=namespace, environment=own)
