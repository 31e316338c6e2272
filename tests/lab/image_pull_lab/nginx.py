# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx as the TLS face of all registries, and as registries that answer with one fault."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from . import hosts
from .network import SERVICES_IP

TOO_MANY = (
    '{"errors":[{"code":"TOOMANYREQUESTS","message":"You have reached your pull rate limit. You may increase '
    'the limit by authenticating and upgrading: https://www.docker.com/increase-rate-limit"}]}'
)


def proxy(port: int) -> str:
    """Passes on to a registry on loopback, which must know by what name it was called."""
    return (
        f"proxy_pass http://127.0.0.1:{port}; proxy_set_header Host $http_host; "
        "proxy_set_header X-Forwarded-Proto https;"
    )


@dataclass(frozen=True)
class Server:
    """One virtual server: its name, the certificate it shows (a name in the PKI folder), what it does."""

    host: str
    body: str
    certificate: str = "good"
    address: str = ""
    tls: bool = True

    def render(self, pki: Path) -> str:
        address = self.address or hosts.SPECIAL.get(self.host) or hosts.PUBLIC.get(self.host) or SERVICES_IP
        listen = f"listen {address}:443{' ssl' if self.tls else ''};"
        key = self.certificate.removesuffix(".chain")
        files = f"ssl_certificate {pki}/{self.certificate}.crt; ssl_certificate_key {pki}/{key}.key;"
        return f"server {{ {listen} server_name {self.host}; {files if self.tls else ''}\n  {self.body}\n}}\n"


def _answer(status: int, content_type: str, body: str) -> str:
    return f"location / {{ default_type {content_type}; return {status} '{body}'; }}"


def _blobs(action: str, port: int) -> str:
    """A registry whose manifests are fine and whose blobs are elsewhere, or not to be had."""
    return f"location ~ /blobs/ {{ {action} }} location / {{ {proxy(port)} }}"


def _challenge(realm: str) -> str:
    """Asks for a token that cannot be had."""
    value = f'Bearer realm="{realm}",service="registry"'
    return f"location / {{ add_header WWW-Authenticate '{value}' always; return 401 '{{}}'; }}"


def company_servers(plain: int, basic: int, token: int, folder: Path) -> list[Server]:
    """All reg.test names; the arguments are ports of the company registry without, with Basic and token login."""
    open_ = f"location / {{ {proxy(plain)} }}"
    html = "<html><title>Access denied by policy</title></html>"
    login = "<html><title>Please log in to the network</title></html>"
    schema1 = "application/vnd.docker.distribution.manifest.v1+prettyjws"
    dead_cdn = {
        "cdn-nxdomain.reg.test": "return 307 https://cdn.nowhere.test/x;",
        "cdn-blackhole.reg.test": "return 307 https://cdn.blackhole.test/x;",
        "cdn-forbidden.reg.test": "return 307 https://forbidden-html.reg.test/x;",
        "cdn-429.reg.test": f"return 429 '{TOO_MANY}';",
        "cdn-500.reg.test": "return 500;",
        "cdn-503.reg.test": "return 503;",
    }
    return [
        # Known names first: the first server of an address also answers for names that nobody claims.
        Server("registry.reg.test", open_),
        Server("basic.reg.test", f"location / {{ {proxy(basic)} }}"),
        Server("token.reg.test", f"location / {{ {proxy(token)} }}"),
        *(
            Server(name, open_, "company")
            for name in (
                "company-ca.reg.test",
                "half-ca.reg.test",
                "missing-ca-file.reg.test",
                "bad-toml.reg.test",
                "untrusted.reg.test",
            )
        ),
        Server("expired.reg.test", open_, "expired"),
        Server("future.reg.test", open_, "future"),
        Server("mismatch.reg.test", open_, "mismatch"),
        Server("common-name-only.reg.test", open_, "common-name-only"),
        Server("self-signed.reg.test", open_, "self-signed"),
        Server("chain.reg.test", open_, "leaf.chain"),
        Server("missing-intermediate.reg.test", open_, "leaf"),
        Server(
            "client-cert.reg.test",
            f"ssl_client_certificate {folder}/pki/ca.crt; ssl_verify_client on; {open_}",
        ),
        Server("old-tls.reg.test", f"ssl_protocols TLSv1.1; ssl_ciphers 'ALL:@SECLEVEL=0'; {open_}"),
        Server("no-handshake.reg.test", "ssl_reject_handshake on;"),
        Server("http-on-443.reg.test", open_, tls=False),
        Server(
            "rate-limited.reg.test",
            f"add_header Retry-After 3600 always; {_answer(429, 'application/json', TOO_MANY)}",
        ),
        Server(
            "throttled.reg.test",
            f"location / {{ limit_req zone=slow; limit_req_status 429; {proxy(plain)} }}",
        ),
        *(
            Server(f"error-{code}.reg.test", f"location / {{ return {code}; }}")
            for code in (500, 501, 502, 503)
        ),
        Server(
            "error-504.reg.test",
            f"location / {{ proxy_pass http://{hosts.TROUBLE['blackhole.test']}:80; proxy_connect_timeout 1s; }}",
        ),
        Server("forbidden-html.reg.test", _answer(403, "text/html", html)),
        Server("portal.reg.test", _answer(200, "text/html", login)),
        Server("unauthorized.reg.test", "location / { return 401; }"),
        Server(
            "redirect-loop.reg.test", "location / { return 302 https://redirect-loop.reg.test$request_uri; }"
        ),
        *(Server(name, _blobs(action, plain)) for name, action in dead_cdn.items()),
        Server(
            "slow.reg.test",
            f"location ~ /blobs/ {{ limit_rate 2k; {proxy(plain)} }} location / {{ {proxy(plain)} }}",
        ),
        Server(
            "schema1.reg.test",
            f"location ~ /manifests/ {{ default_type {schema1}; root {folder}/schema1; try_files /manifest =404; }}"
            " location / { return 200 '{}'; }",
        ),
        Server("token-refused.reg.test", _challenge("https://refused.reg.test/token")),
        Server("token-nxdomain.reg.test", _challenge("https://auth.nowhere.test/token")),
        Server("token-blackhole.reg.test", _challenge("https://auth.blackhole.test/token")),
        Server("token-429.reg.test", _challenge("https://rate-limited.reg.test/token")),
        Server("token-500.reg.test", _challenge("https://error-500.reg.test/token")),
        Server("token-untrusted.reg.test", _challenge("https://untrusted.reg.test/token")),
    ]


def public_servers(ports: dict[str, int], token_port: int, ecr: str) -> list[Server]:
    """The public registries by their real names; ports by site, and the ECR front's own directives."""
    bodies: dict[str, list[str]] = {}
    for site in hosts.SITES:
        for host in site.hosts:
            front = ecr if site.front == "ecr" else ""
            bodies.setdefault(host, []).append(f"{front} location / {{ {proxy(ports[site.name])} }}")
    for host in ("registry-1.docker.io", "index.docker.io"):
        limited = (
            f"default_type application/json; add_header Retry-After 3600 always; return 429 '{TOO_MANY}';"
        )
        bodies[host].append(f"location /v2/ratelimited/ {{ {limited} }}")
    for service in hosts.TOKEN_SERVICES:
        bodies.setdefault(service.host, []).append(f"location = {service.path} {{ {proxy(token_port)} }}")
    return [Server(host, "\n  ".join(parts), "public") for host, parts in bodies.items()]


def ecr_front(password: str, expired: str, host: str) -> tuple[str, str]:
    """(http-level map, server-level checks) that answer as ECR does: 401 without, 403 with a bad token."""
    tokens = f'"Basic {password}" ok; "Basic {expired}" expired;'
    states = f'map $http_authorization $ecr {{ default wrong; "" none; {tokens} }}\n'
    realm = f'Basic realm="https://{host}/",service="ecr.amazonaws.com"'

    def denied(message: str) -> str:
        return f'return 403 \'{{"errors":[{{"code":"DENIED","message":"{message}"}}]}}\';'

    server = (
        f"add_header WWW-Authenticate '{realm}' always; default_type application/json;\n"
        f"  if ($ecr = none) {{ return 401 'Not Authorized\n'; }}\n"
        f"  if ($ecr = wrong) {{ {denied('The security token included in the request is invalid')} }}\n"
        f"  if ($ecr = expired) {{ {denied('Your authorization token has expired. Reauthenticate and try again.')} }}\n"
    )
    return states, server


def config(servers: list[Server], folder: Path, maps: str) -> str:
    """The whole nginx.conf; one process in the foreground, all its files in the folder."""
    temporary = "".join(
        f"{kind}_temp_path {folder}/tmp-{kind};\n" for kind in ("proxy", "fastcgi", "uwsgi", "scgi")
    )
    return (
        f"daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr warn; events {{ }}\n"
        f"http {{\naccess_log off; server_tokens off; client_max_body_size 0; default_type application/json;\n"
        f"server_names_hash_bucket_size 128; map_hash_bucket_size 512;\n"
        f"client_body_temp_path {folder}/tmp-body;\n{temporary}"
        f"limit_req_zone $binary_remote_addr zone=slow:1m rate=1r/m;\n{maps}"
        + "".join(server.render(folder / "pki") for server in servers)
        + "}\n"
    )
