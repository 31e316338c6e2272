# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The manual pull with containerd's ``ctr``, in a namespace of its own.

ctr reads none of the runtime's configuration: the folders of registry hosts are handed to it (``--hosts-dir``), and
where it asks registries itself (up to 1.7; from 2.0 containerd does) the runtime's proxies. Its ``--user`` would stand
in the list of processes: the credential goes into a private copy of hosts.toml instead, as it is where the registry
asks for Basic; a token is fetched with curl, which reads the credential from its standard input.

Content is shared between namespaces (``content_sharing_policy``): layers that the kubelet's images have are not
fetched again. Removing the image with its leases leaves the rest to containerd's garbage collection, which
``--sync`` waits for.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from urllib.parse import urlencode, urlsplit

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Challenge, Login
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.answer import Answer
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.job import Job
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.pull import (
    KEPT_NAMESPACE,
    NAMESPACE,
    PullWish,
    Survey,
    socket_for,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.pull_hosts import (
    Origin,
    PrivateHosts,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.pull_script import ClientScript
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.challenge import (
    best_challenge,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import printable

_HOST_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252})|[0-9A-Fa-f:.]{2,45}")
_PLAIN = re.compile(r"[!-~]{1,2000}")

CHALLENGE = "challenge"
CHALLENGE_SECONDS = 10
_ACCEPT = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)

# Where Go looks for the system's certificates (crypto/x509, root_linux.go).
_BUNDLE = r"""
bundle() {
  for b_file in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem \
    /etc/pki/tls/cacert.pem /etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem /etc/ssl/cert.pem; do
    [ -f "$b_file" ] && { cat "$b_file"; break; }
  done
  rest=$CA_FILES:
  while [ -n "$rest" ]; do
    [ -f "${rest%%:*}" ] && cat "${rest%%:*}"
    rest=${rest#*:}
  done
}
"""

# -q: a .curlrc of whoever runs this could send the answer elsewhere.
_ASK = r"""
unset http_proxy https_proxy no_proxy all_proxy HTTPS_PROXY NO_PROXY ALL_PROXY
[ -n "$RT_HTTP_PROXY" ] && http_proxy=$RT_HTTP_PROXY && export http_proxy
[ -n "$RT_HTTPS_PROXY" ] && HTTPS_PROXY=$RT_HTTPS_PROXY && export HTTPS_PROXY
[ -n "$RT_NO_PROXY" ] && NO_PROXY=$RT_NO_PROXY && export NO_PROXY
ask() {
  case $INSECURE in
    yes) limit 9 curl -q -sS -k --max-time 8 -I -H "Accept: $ACCEPT" "$URL" ;;
    *) bundle | limit 9 curl -q -sS --max-time 8 --cacert /dev/stdin -I -H "Accept: $ACCEPT" "$URL" ;;
  esac
}
block challenge ask
"""

_PREPARE = r"""
[ -n "$HOSTS_FOLDER" ] || return 0
[ -z "$REFUSED" ] || { say refused "$REFUSED"; return 1; }
if [ -n "$CURL_CONFIG" ]; then
  bundle >"$D/ca.pem"
  token || return 1
fi
mkdir -p "$D/certs/$HOSTS_FOLDER" || { say refused "the private folder cannot be written"; return 1; }
hosts_toml >"$D/certs/$HOSTS_FOLDER/hosts.toml" || { say refused "the private folder cannot be written"; return 1; }
HOSTS_DIR=$D/certs
"""

# The token is taken out of the answer here, so that it never travels back.
_TOKEN = r"""
token() {
  say token_url "$REALM"
  t_said=$(proxies; printf '%s\n' "$CURL_CONFIG" | limit 10 curl -q -sS $CURL_INSECURE --cacert "$D/ca.pem" \
    --max-time 9 -w '\n%{http_code}' -K - 2>&1)
  t_code=$?
  t_status=${t_said##*"$nl"}
  t_body=${t_said%"$nl"*}
  case $t_code$t_status in
    0200) ;;
    0*) say token_status "$t_status"; block token_said printf '%.600s' "$t_body"; return 1 ;;
    *) say token_status none; block token_said printf '%.600s' "$t_body"; return 1 ;;
  esac
  for t_key in token access_token; do
    case $t_body in
      *\"$t_key\"*)
        t_value=${t_body#*\"$t_key\"}
        t_value=${t_value#*\"}
        t_value=${t_value%%\"*}
        case $t_value in '' | *[!A-Za-z0-9._~+/=-]*) continue ;; esac
        AUTHORIZATION="Bearer $t_value"
        return 0
        ;;
    esac
  done
  say token_status empty
  return 1
}
hosts_toml() {
  t_rest=$HOSTS_TOML
  while :; do
    case $t_rest in
      *@AUTHORIZATION@*)
        printf '%s%s' "${t_rest%%@AUTHORIZATION@*}" "$AUTHORIZATION"
        t_rest=${t_rest#*@AUTHORIZATION@}
        ;;
      *) printf '%s\n' "$t_rest"; return ;;
    esac
  done
}
"""

# ctr draws its progress on standard output.
_PULL = r"""
set -- ctr --address "$SOCKET" -n "$NS" images pull
[ -n "$HOSTS_DIR" ] && set -- "$@" --hosts-dir "$HOSTS_DIR"
[ -n "$PLATFORM" ] && set -- "$@" --platform "$PLATFORM"
client "$@" "$IMAGE" 2>&1 >/dev/null
"""

_FACTS = r"""
block image limit 4 ctr --address "$SOCKET" -n "$NS" images ls "name==$IMAGE"
block checked limit 6 ctr --address "$SOCKET" -n "$NS" images check "name==$IMAGE"
block snapshots limit 4 ctr --address "$SOCKET" -n "$NS" snapshots ls
blobs() {
  for f_digest in $(limit 4 ctr --address "$SOCKET" -n "$NS" content ls -q 2>/dev/null); do
    case $f_digest in sha256:*[!0-9a-f]*) continue ;; sha256:*) ;; *) continue ;; esac
    ls -ln "$STORE/io.containerd.content.v1.content/blobs/sha256/${f_digest#sha256:}"
  done
}
block blobs blobs
"""

# Without an image there may still be a lease with half a layer; without a lease, one is made so that its end collects.
_CLEAN = r"""
[ -z "$KEEP" ] || return 0
{
  case $nl$(limit 5 ctr --address "$SOCKET" namespaces ls -q)$nl in *"$nl$NS$nl"*) ;; *) return 0 ;; esac
  for c_one in $(limit 5 ctr --address "$SOCKET" -n "$NS" images ls -q); do
    limit 5 ctr --address "$SOCKET" -n "$NS" images rm "$c_one"
  done
  for c_one in $(limit 5 ctr --address "$SOCKET" -n "$NS" leases ls -q); do
    limit 5 ctr --address "$SOCKET" -n "$NS" leases rm "$c_one"
  done
  limit 5 ctr --address "$SOCKET" -n "$NS" leases create --id image-pull-runbooks --expires 10s
  limit 10 ctr --address "$SOCKET" -n "$NS" leases rm --sync image-pull-runbooks
  for c_one in $(limit 5 ctr --address "$SOCKET" -n "$NS" content ls -q); do
    limit 5 ctr --address "$SOCKET" -n "$NS" content rm "$c_one"
  done
  limit 5 ctr --address "$SOCKET" namespaces rm "$NS"
} </dev/null >/dev/null 2>&1
"""

_REMAINS = r"""
case $nl$(limit 5 ctr --address "$SOCKET" namespaces ls -q 2>&1)$nl in
  *"$nl$NS$nl"*) printf '%s' "namespace $NS" ;;
esac
"""

_NEWLINE = "nl='\n'\n"


def endpoint(wish: PullWish, origin: Origin) -> str:
    """Return the URL of the image's manifest at the registry itself."""
    ref = wish.ref
    path = ref.name.partition("/")[2]
    return f"{origin.url}/v2/{path}/manifests/{ref.digest or ref.tag or 'latest'}"


def challenge_job(wish: PullWish, origin: Origin) -> Job:
    """Return the job that asks the registry, with nothing in hand, what credential it wants."""
    return Job(
        CHALLENGE,
        _BUNDLE + _ASK,
        seconds=CHALLENGE_SECONDS,
        variables={
            "URL": endpoint(wish, origin),
            "ACCEPT": _ACCEPT,
            "CA_FILES": ":".join(origin.ca_files),
            "INSECURE": "yes" if origin.skip_verify else "",
        },
    )


def read_challenge(answer: Answer) -> Challenge | None:
    """Return what the registry asked for; None where it asked for nothing, or did not answer."""
    block = answer.job(CHALLENGE).block("challenge")
    if block is None:
        return None
    # A proxy's answer to CONNECT stands before the registry's.
    last = block.text.replace("\r", "").strip().rpartition("\n\n")[2].splitlines()
    if not last or not last[0].startswith("HTTP/") or last[0].split()[1:2] != ["401"]:
        return None
    fields = [line.partition(":")[2].strip() for line in last if line.lower().startswith("www-authenticate:")]
    return best_challenge(fields)


def script(
    wish: PullWish, survey: Survey, hosts: PrivateHosts | None = None, challenge: Challenge | None = None
) -> ClientScript:
    """Return the pull. The credential is handed over where there are both a private hosts.toml and a challenge."""
    login = wish.login if hosts and hosts.origin and challenge else None
    refused = ""
    if login and hosts and hosts.origin and challenge and challenge.scheme.lower() == "bearer":
        refused = no_token_service(challenge.realm, hosts.origin.url)
        challenge = None if refused else challenge
    variables = {
        "SOCKET": socket_for("ctr", survey),
        "STORE": survey.root,
        "NS": KEPT_NAMESPACE if wish.keep else NAMESPACE,
        "KEEP": "yes" if wish.keep else "",
        "IMAGE": wish.ref.canonical,
        "PLATFORM": wish.platform,
        "HOSTS_DIR": survey.hosts_dir(wish.image),
        "HOSTS_FOLDER": hosts.folder if login and hosts else "",
        "CA_FILES": ":".join(hosts.origin.ca_files) if hosts and hosts.origin else "",
        "REALM": challenge.realm if login and challenge else "",
        "REFUSED": refused,
        "CURL_INSECURE": "-k" if hosts and hosts.origin and hosts.origin.skip_verify else "",
    }
    return ClientScript(
        client="ctr",
        pull=_PULL,
        clean=_CLEAN,
        prepare=_PREPARE,
        facts=_FACTS,
        remains=_REMAINS,
        more=_NEWLINE + _BUNDLE + _TOKEN,
        variables=variables,
        # The administrators' own hosts.toml may hold a header that is a secret, too.
        secrets={"HOSTS_TOML": hosts.text if login and hosts else "", **_secrets(login, challenge)},
    )


def no_token_service(realm: str, origin: str) -> str:
    """Return why a password does not go to ``realm``, which the registry at ``origin`` names; empty where it may.

    Whoever makes a pod chooses its registry, and a registry may name anything: a file of the node, a service behind its
    firewall in another protocol, a way in the clear.
    """
    shown = f"the registry names a token service that no password goes to: {printable(realm, 120)}"
    try:
        parts, own = urlsplit(realm), urlsplit(origin)
        host = parts.hostname or ""
        _port = parts.port
    except ValueError:
        return shown
    schemes = ("https", "http") if own.scheme == "http" else ("https",)
    if parts.scheme not in schemes or parts.username is not None or parts.fragment:
        return shown
    if not _HOST_NAME.fullmatch(host) or not _PLAIN.fullmatch(realm):
        return shown
    return ""


def _secrets(login: Login | None, challenge: Challenge | None) -> dict[str, str]:
    if login is None or challenge is None:
        return {"CURL_CONFIG": "", "AUTHORIZATION": ""}
    pair = f"{login.username}:{login.password}"
    if challenge.scheme.lower() == "bearer":
        return {"CURL_CONFIG": "\n".join(_curl_config(pair, challenge)), "AUTHORIZATION": ""}
    encoded = base64.b64encode(pair.encode("utf-8", "surrogateescape")).decode("ascii")
    return {"CURL_CONFIG": "", "AUTHORIZATION": f"Basic {encoded}"}


def _curl_config(pair: str, challenge: Challenge) -> Iterable[str]:
    """curl(1), --config: in quotes, a backslash makes backslash, quote, tab, and line ends."""
    query = [
        (key, value) for key, value in (("service", challenge.service), ("scope", challenge.scope)) if value
    ]
    joined = "&" if "?" in challenge.realm else "?"
    yield f"url = {_curl_quoted(challenge.realm + (joined + urlencode(query) if query else ''))}"
    yield f"user = {_curl_quoted(pair)}"
    # Nothing but what was checked: no other protocol, no list of addresses, no endless answer.
    yield 'proto = "=http,https"'
    yield "globoff"
    yield "max-filesize = 1048576"


def _curl_quoted(text: str) -> str:
    for plain, escaped in (
        ("\\", "\\\\"),
        ('"', '\\"'),
        ("\t", "\\t"),
        ("\n", "\\n"),
        ("\r", "\\r"),
        ("\v", "\\v"),
    ):
        text = text.replace(plain, escaped)
    return f'"{text}"'
