# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""DNS, registries, their token server, fault services and proxies, in the services' namespace."""

from __future__ import annotations

import base64
import json
import secrets
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from . import hosts, nginx, pki, proxies, seeds
from .controlplane import write_secret
from .errors import LabError
from .images import Store
from .network import SERVICES_IP
from .processes import Processes, wait_until
from .token_server import ISSUER

PLAIN_PORT, BASIC_PORT, TOKEN_PORT, TOKEN_SERVER_PORT = 5000, 5001, 5002, 5099
_SITE_PORTS = {site.name: 5010 + number for number, site in enumerate(hosts.SITES)}

#: Names that lead to the services' own address on other ports than 443.
_OTHER_NAMES = [
    "plain.reg.test",
    "insecure.reg.test",
    "plain-to-tls.reg.test",
    hosts.PROXY_HOST,
    hosts.COMPANY_TOKEN.host,
]


@dataclass(frozen=True)
class Accounts:
    """Registry accounts of one lab, with passwords made at random.

    member may read everything; stranger can log in and may read only what is public. The same two accounts exist
    on every registry with logins. ECR knows only the user AWS, with a token that works and one that has expired.
    """

    member: str
    member_password: str
    stranger: str
    stranger_password: str
    ecr_user: str
    ecr_token: str
    ecr_expired_token: str

    @classmethod
    def make(cls) -> Accounts:
        words = [secrets.token_urlsafe(18) for dummy in range(4)]
        return cls("alice", words[0], "bob", words[1], "AWS", words[2], words[3])

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
        names = self._nginx(accounts)
        (self.folder / "dnsmasq.conf").write_text(hosts.dnsmasq_config([*names, *_OTHER_NAMES]))
        (self.folder / "squid.conf").write_text(proxies.squid_config(self.folder))
        self._registry_config(hosts.COMPANY, "plain", f"0.0.0.0:{PLAIN_PORT}", {})
        basic = {"htpasswd": {"realm": "company registry", "path": str(self.folder / "htpasswd")}}
        self._registry_config(hosts.COMPANY, "basic", f"127.0.0.1:{BASIC_PORT}", basic)
        self._registry_config(
            hosts.COMPANY, "token", f"127.0.0.1:{TOKEN_PORT}", self._token(hosts.COMPANY_TOKEN)
        )
        for site in hosts.SITES:
            auth = self._token(site.token) if site.token else {}
            self._registry_config(site.name, site.name, f"127.0.0.1:{_SITE_PORTS[site.name]}", auth)

    def start(self) -> None:
        """Starts all; returns at once, see wait()."""
        spawn = self._processes.spawn
        spawn("dnsmasq", ["dnsmasq", "-C", str(self.folder / "dnsmasq.conf")], namespace=self._namespace)
        for name in self._registry_names():
            argv = ["docker-registry", "serve", str(self.folder / f"registry-{name}.yml")]
            spawn(f"registry-{name}", argv, namespace=self._namespace)
        spawn("nginx", ["nginx", "-c", str(self.folder / "nginx.conf")], namespace=self._namespace)
        for module, argument in (
            ("token_server", [str(self.folder / "token-server.json")]),
            ("tcp_faults", []),
        ):
            python_module(
                self._processes, module.replace("_", "-"), module, argument, namespace=self._namespace
            )
        spawn("squid", proxies.squid_argv(self.folder), namespace=self._namespace, own_mounts=True)

    def wait(self) -> None:
        """Until each registry and the front answer; LabError with the log's end of one that does not."""
        ports = [("127.0.0.1", port) for port in (PLAIN_PORT, BASIC_PORT, TOKEN_PORT, TOKEN_SERVER_PORT)]
        ports += [("127.0.0.1", port) for port in _SITE_PORTS.values()]
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
        stores = {
            site.token.service: str(self.folder / "stores" / site.name) for site in hosts.SITES if site.token
        }
        stores[hosts.COMPANY_TOKEN.service] = str(self.folder / "stores" / hosts.COMPANY)
        config = {
            "port": TOKEN_SERVER_PORT,
            "key": str(self.pki / "token.key"),
            "certificate": str(self.pki / "token.crt"),
            "users": users,
            "members": [accounts.member],
            "stores": stores,
        }
        write_secret(self.folder / "token-server.json", json.dumps(config))

    def _nginx(self, accounts: Accounts) -> list[str]:
        def basic(password: str) -> str:
            return base64.b64encode(f"{accounts.ecr_user}:{password}".encode()).decode()

        maps, ecr = nginx.ecr_front(basic(accounts.ecr_token), basic(accounts.ecr_expired_token), hosts.ECR)
        company = nginx.company_servers(PLAIN_PORT, BASIC_PORT, TOKEN_PORT, self.folder)
        public = nginx.public_servers(_SITE_PORTS, TOKEN_SERVER_PORT, ecr)
        auth = nginx.Server(hosts.COMPANY_TOKEN.host, f"location / {{ {nginx.proxy(TOKEN_SERVER_PORT)} }}")
        public = [server for server in public if server.host != auth.host]
        write_secret(self.folder / "nginx.conf", nginx.config([*company, auth, *public], self.folder, maps))
        return [server.host for server in company]

    def _token(self, service: hosts.TokenService) -> dict[str, Any]:
        bundle = str(self.public_ca)
        return {
            "token": {
                "realm": service.realm,
                "service": service.service,
                "issuer": ISSUER,
                "rootcertbundle": bundle,
            }
        }

    def _registry_config(self, site: str, name: str, address: str, auth: dict[str, Any]) -> None:
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
            "http": {"addr": address, "secret": secrets.token_hex(8), "relativeurls": False},
        }
        if auth:
            config["auth"] = auth
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
