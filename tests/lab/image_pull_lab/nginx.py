# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx as the TLS face of all registries, and as registries that answer with one fault."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from . import hosts, registry_log, token_services
from .network import SERVICES_IP
from .zoo import PRODUCTS

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
    tls: bool = True
    port: int = 443

    def render(self, pki: Path) -> str:
        address = hosts.SPECIAL.get(self.host) or hosts.PUBLIC.get(self.host) or SERVICES_IP
        listen = f"listen {address}:{self.port}{' ssl' if self.tls else ''};"
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


@dataclass(frozen=True)
class CompanyPorts:
    """The company registry without login, with Basic and with token login: distribution 2.8, then 3; and a cache."""

    plain: int
    basic: int
    token: int
    plain_3: int
    basic_3: int
    token_3: int
    cache: int


def company_servers(ports: CompanyPorts, folder: Path) -> list[Server]:
    """All reg.test names but those with a front."""
    plain = ports.plain
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
        *(
            Server(host, f"location / {{ {proxy(port)} }}")
            for host, port in {
                "basic.reg.test": ports.basic,
                "token.reg.test": ports.token,
                "v3.reg.test": ports.plain_3,
                "v3-basic.reg.test": ports.basic_3,
                "v3-token.reg.test": ports.token_3,
                "cache.reg.test": ports.cache,
            }.items()
        ),
        *(Server(host, open_, tls=False, port=5000) for host in ("plain.reg.test", "insecure.reg.test")),
        Server(
            "nexus-ui.reg.test",
            _answer(404, "text/html", "<html><title>404 - Nexus Repository</title></html>"),
        ),
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


def front_servers(front: int, ports: dict[str, int], stores: Path) -> list[Server]:
    """Registries that have manners of their own, their token services and the hosts of their blobs."""
    ask = (
        f"location / {{ proxy_pass http://127.0.0.1:{front}; proxy_set_header Host $host; "
        "proxy_set_header X-Real-IP $remote_addr; proxy_hide_header X-Lab-Issued; proxy_pass_header Server; }"
    )
    # What the front lets through comes here; its headers are those of the request before, kept by "set".
    passed = (
        "location ~ ^/-pass/(?<port>[0-9]+)(?<rest>/.*)$ { internal;\n"
        "    set $limit $upstream_http_x_lab_limit; set $left $upstream_http_x_lab_remaining;"
        " set $counted $upstream_http_x_lab_source;\n"
        "    add_header RateLimit-Limit $limit; add_header RateLimit-Remaining $left;"
        " add_header Docker-RateLimit-Source $counted;\n"
        "    proxy_pass http://127.0.0.1:$port$rest$is_args$args; proxy_set_header Host $host;"
        " proxy_set_header X-Forwarded-Proto https; }"
    )
    result = []
    for host in dict.fromkeys([*PRODUCTS, *(service.host for service in token_services.ALL)]):
        certificate = "good" if host.endswith(".reg.test") else "public"
        own_blobs = ""
        if host == "us-docker.pkg.dev":
            own_blobs = f"location /artifacts-downloads/ {{ {_files(stores / 'google')} }}\n  "
        result.append(Server(host, f"{own_blobs}{passed}\n  {ask}", certificate))
    result.append(Server("mcr.microsoft.com", f"location / {{ {proxy(ports['open'])} }}", "public"))
    for host, site in hosts.BLOB_HOSTS.items():
        files = _files if host.endswith(".quay.io") else _signed_files
        result.append(Server(host, f"location / {{ {files(stores / site)} }}", "public"))
    return result


def _signed_files(store: Path) -> str:
    """Blobs for whoever has the address; an Authorization beside its signature is a mistake, as S3 has it.

    Not at Quay: Go's HTTP client sends it on to a host below the first one (net/http, shouldCopyHeaderOnRedirect).
    """
    error = "<Error><Code>InvalidArgument</Code><Message>Only one auth mechanism allowed</Message></Error>"
    return f"if ($http_authorization) {{ return 400 '{error}'; }} {_files(store)}"


def _files(store: Path) -> str:
    return (
        f"root {store}/docker/registry/v2; rewrite ^.*(/blobs/sha256/.*)$ $1 break; "
        f"rewrite ^.*(/sha256/.*)$ /blobs$1 break; default_type application/octet-stream;"
    )


def config(servers: list[Server], folder: Path, log_port: int) -> str:
    """The whole nginx.conf; one process in the foreground, all its files in the folder."""
    temporary = "".join(
        f"{kind}_temp_path {folder}/tmp-{kind};\n" for kind in ("proxy", "fastcgi", "uwsgi", "scgi")
    )
    return (
        f"daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr warn; events {{ }}\n"
        f"http {{\n{registry_log.NGINX_FORMAT}\n"
        f"access_log syslog:server=127.0.0.1:{log_port},nohostname requests;\n"
        "server_tokens off; client_max_body_size 0; default_type application/json;\n"
        f"server_names_hash_bucket_size 128; map_hash_bucket_size 512;\n"
        f"client_body_temp_path {folder}/tmp-body;\n{temporary}"
        f"limit_req_zone $binary_remote_addr zone=slow:1m rate=1r/m;\n"
        + "".join(server.render(folder / "pki") for server in servers)
        + "}\n"
    )
