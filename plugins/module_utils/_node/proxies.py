# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proxies of a runtime: what its process has, what its unit would give it, and what would go wrong with them.

Source: systemd.exec(5) (``Environment=``, ``EnvironmentFile=``), systemd.unit(5) (drop-ins); Go's
``golang.org/x/net/http/httpproxy`` (who is exempt by NO_PROXY). PAM reads /etc/environment, systemd does not.
"""

from __future__ import annotations

import ipaddress
import posixpath
import re
import shlex
from collections.abc import Iterable, Mapping

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.files import (
    READ,
    Look,
    NodeFiles,
    host_of,
    is_loopback,
)

NAMES = ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")
MARK = "<redacted>"
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_NO_LOGIN = re.compile(r"(?:\[[^\]@]*\]|[^:/?#@\s]*)(?::\d{0,5})?(?:[/?#][^@]*)?")
_QUOTED_LOGIN = re.compile(r"(\"[A-Za-z][A-Za-z0-9+.-]{0,20}://)[^\"]*@(?!sha\d)")
_LOGIN = re.compile(r"(://)[^\s\"']{0,300}@(?!sha\d)")
_PORT = re.compile(r"(invalid port \\*\":)[^\"]*\"")
_UNIT_FOLDERS = (
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
)
_ASSIGNMENT = re.compile(r"(?:export\s+)?([A-Za-z_]+)=(.*)\Z")


def bare(proxy: str) -> str:
    """Return a proxy's address without user and password.

    As Go splits it, a login ends at the last ``@``, whatever a password holds. What is no address, as one with the
    first part of a password in the place of the port, is left out as a whole.
    """
    match = _SCHEME.match(proxy)
    scheme = match[0] if match else ""
    _login, at, rest = proxy[len(scheme) :].rpartition("@")
    if not _NO_LOGIN.fullmatch(rest):
        rest = MARK
    return f"{scheme}{MARK}@{rest}" if at else f"{scheme}{rest}"


def bare_list(no_proxy: str) -> str:
    """Return NO_PROXY; where somebody wrote a login into it, without all that may belong to it."""
    login, at, rest = no_proxy.rpartition("@")
    if not at:
        return no_proxy
    before = login[: login.rfind(",", 0, login.find("://")) + 1] if "://" in login else ""
    return f"{before}{MARK}@{rest}"


def without_logins(text: str) -> str:
    """Return a program's words without the logins of URLs in them.

    Go quotes a proxy's URL that it cannot parse, and so does it the "port", which then is a part of the password.
    """
    if "@" not in text or "://" not in text:
        return text
    cleaned = _LOGIN.sub(rf"\1{MARK}@", _QUOTED_LOGIN.sub(rf"\1{MARK}@", text))
    return _PORT.sub(rf'\1{MARK}"', cleaned) if cleaned != text else text


def of_unit(files: NodeFiles, unit: str) -> tuple[dict[str, str], list[str], bool]:
    """Return the proxies that ``unit`` gives by its files, the files that were read, and whether none was left out.

    A drop-in of /etc hides one of the same name below it; drop-ins count in the order of their names.
    """
    own = next(
        (path for folder in _UNIT_FOLDERS if files.get(path := f"{folder}/{unit}").state == READ), None
    )
    drop_ins: dict[str, str] = {}
    for folder in reversed(_UNIT_FOLDERS):
        for file in files.below(f"{folder}/{unit}.d"):
            if file.path.endswith(".conf") and file.state == READ:
                drop_ins[posixpath.basename(file.path)] = file.path
    paths = ([own] if own else []) + [drop_ins[name] for name in sorted(drop_ins)]
    found: dict[str, str] = {}
    from_files: dict[str, str] = {}
    read: list[str] = []
    for path in paths:
        read.append(path)
        for key, value in _settings(files.get(path).text):
            if key == "Environment":
                found = _environment(value, found)
            elif key == "EnvironmentFile":
                source = value.lstrip("-").strip()
                read.append(source)
                # An environment file has the last word whatever the order in the unit.
                from_files.update(_assignments(files.get(source).text))
    whole = all(not file.there or (file.state == READ and not file.cut) for file in map(files.get, read))
    return _proxies({**found, **from_files}), [path for path in read if files.knows(path)], whole


def _settings(text: str) -> Iterable[tuple[str, str]]:
    """The settings of the section [Service], continued lines joined."""
    section = ""
    for line in re.sub(r"\\\n", " ", text).split("\n"):
        line = line.strip()
        if line.startswith("["):
            section = line
        elif section == "[Service]" and not line.startswith(("#", ";")):
            key, mark, value = line.partition("=")
            if mark:
                yield key.strip(), value.strip()


def _environment(value: str, found: dict[str, str]) -> dict[str, str]:
    """``Environment=`` holds words with shell-like quotes; an empty one forgets what came before."""
    if not value:
        return {}
    try:
        words = shlex.split(value)
    except ValueError:
        return found
    pairs = (word.partition("=") for word in words)
    return {**found, **{key: text for key, mark, text in pairs if mark}}


def _assignments(text: str) -> dict[str, str]:
    found = {}
    for line in text.split("\n"):
        match = _ASSIGNMENT.match(line.strip())
        if match:
            value = match[2].strip()
            quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
            found[match[1]] = value[1:-1] if quoted else value
    return found


def _proxies(environment: Mapping[str, str]) -> dict[str, str]:
    """As Go takes them: the capitals first, the small letters where those are empty. k3s hands its own names on."""
    found = {}
    for name in NAMES:
        value = (
            environment.get(f"CONTAINERD_{name}") or environment.get(name) or environment.get(name.lower())
        )
        if value:
            found[name] = bare_list(value) if name == "NO_PROXY" else bare(value)
    return found


def exempt(host: str, no_proxy: str) -> bool:
    """Tell whether ``host`` (with its port where it is not 443) goes without the proxy, as Go decides it."""
    name, port = host_of(host)
    name = name.strip("[]").rstrip(".").lower()
    if is_loopback(host):
        return True
    address = _address(name)
    for entry in no_proxy.split(","):
        entry = entry.strip().lower()
        if not entry:
            continue
        if entry == "*":
            return True
        entry_name, entry_port = host_of(entry)
        if entry_port and entry_port != (port or "443"):
            continue
        if address is not None:
            if "/" in entry and _within(address, entry):
                return True
            if _address(entry_name.strip("[]")) == address:
                return True
            continue
        pattern = entry_name.removeprefix("*")
        if pattern.startswith("."):
            if name.endswith(pattern):
                return True
        elif name == pattern or name.endswith(f".{pattern}"):
            return True
    return False


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _within(address: ipaddress.IPv4Address | ipaddress.IPv6Address, network: str) -> bool:
    try:
        return address in ipaddress.ip_network(network, strict=False)
    except (ValueError, TypeError):
        return False


def _private(host: str) -> bool:
    """A host that a proxy on the way out hardly reaches: a private address, or a name of the own network's."""
    name = host_of(host)[0].strip("[]").lower()
    address = _address(name)
    if address is not None:
        return address.is_private
    return "." not in name or name.endswith(
        (".svc", ".cluster.local", ".local", ".internal", ".lan", ".home.arpa")
    )


def check(
    look: Look, process: Mapping[str, str], unit: str, unit_proxies: Mapping[str, str], etc_environment: str
) -> None:
    """Add to ``look`` what is wrong with the proxies of a runtime. Passwords are out of all of these already."""
    runtime = look.runtime
    source = f"the environment of {unit or runtime.name}"
    if runtime.running:
        _check_restart(look, process, unit, unit_proxies)
    proxied = process.get("HTTPS_PROXY") or process.get("HTTP_PROXY")
    for registry in dict.fromkeys(one.registry for one in runtime.wanted):
        if proxied and _private(registry) and not exempt(registry, process.get("NO_PROXY", "")):
            look.problem(
                source,
                "no_proxy",
                f"{registry} looks like a host of the own network, and NO_PROXY does not exempt it",
                f"pulls from {registry} go through the proxy {proxied}, which may not reach it.",
                registry=registry,
                cause="proxy_error",
            )
    _check_spelling(look, source, process.get("NO_PROXY", ""))
    elsewhere = _proxies(_assignments(etc_environment))
    if elsewhere and not proxied and not unit_proxies:
        look.problem(
            "/etc/environment",
            "proxy_elsewhere",
            f"a proxy is set in /etc/environment, and {runtime.name} has none",
            "/etc/environment is for logins: a service of systemd never reads it, so pulls go without the proxy.",
            cause="timeout",
        )


def _check_spelling(look: Look, source: str, no_proxy: str) -> None:
    """Entries of NO_PROXY that Go does not understand."""
    for entry in (one.strip() for one in no_proxy.split(",")):
        if "://" in entry:
            wrong = "it has a scheme"
        elif entry != "*" and "*" in entry and not entry.startswith("*."):
            wrong = "a * stands only alone or before a dot"
        elif " " in entry:
            wrong = "entries are parted by commas, not by blanks"
        else:
            continue
        look.problem(
            source,
            "no_proxy_entry",
            f"the entry {entry[:100]} of NO_PROXY matches nothing: {wrong}",
            "the hosts that it means go through the proxy.",
            cause="proxy_error",
        )


def _check_restart(
    look: Look, process: Mapping[str, str], unit: str, unit_proxies: Mapping[str, str]
) -> None:
    """The process has other proxies than its unit would give it: somebody edited it and did not restart."""
    differing = [name for name in NAMES if process.get(name, "") != unit_proxies.get(name, "")]
    if not differing or not unit or not look.runtime.root_user:
        return
    if not unit_proxies and not any(file.path.endswith(f"/{unit}") for file in look.runtime.files):
        return
    told = ", ".join(
        f"{name} is {process.get(name) or 'not set'}, and would be {unit_proxies.get(name) or 'not set'}"
        for name in differing
    )
    look.problem(
        unit,
        "not_restarted",
        f"the running process and its unit differ: {told}"[:1000],
        f"{look.runtime.name} goes on with the old proxy settings until systemctl daemon-reload and a restart.",
        cause="proxy_error",
        certain=bool(unit_proxies),
    )
