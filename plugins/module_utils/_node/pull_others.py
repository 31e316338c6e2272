# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The manual pull with docker, nerdctl, podman and crictl: what each of them needs beside the common text.

docker has one store, which is the kubelet's: what lay there before stays and keeps its name, what came is removed
unless something uses it by then (``docker image rm`` refuses that). podman gets a store of its own beside CRI-O's, on
the same file system. A credential goes into a private configuration that only the client of this pull reads
(``config.json`` of docker and nerdctl, ``--authfile`` of podman: the same format).
"""

from __future__ import annotations

import base64
import json

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Login
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.pull import (
    KEPT_NAMESPACE,
    NAMESPACE,
    PullWish,
    Survey,
    socket_for,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.pull_script import ClientScript

HUB_KEY = "https://index.docker.io/v1/"
"""What docker calls Docker Hub in its configuration; podman reads it as docker.io as well."""

_CONFIG = r"""
mkdir "$D/config" && printf '%s\n' "$CONFIG_JSON" >"$D/config/config.json" && return 0
say refused "the private folder cannot be written"
return 1
"""

# What lay there before is looked at here, at the last moment: it is what must be there afterwards.
_DOCKER_PREPARE = (
    r"""
p_was=$(limit 4 docker -H "unix://$SOCKET" image inspect --format '{{.Id}}' "$IMAGE" 2>/dev/null)
case $? in
  0 | 1) ;;
  *) say refused "docker does not answer"; return 1 ;;
esac
printf '%s\n' "$p_was" >"$D/was" || { say refused "the private folder cannot be written"; return 1; }
"""
    + _CONFIG
)
_DOCKER_PULL = r"""
set -- docker --config "$D/config" -H "unix://$SOCKET" pull
[ -n "$PLATFORM" ] && set -- "$@" --platform "$PLATFORM"
unset DOCKER_HOST DOCKER_CONTEXT DOCKER_CONFIG
client "$@" "$IMAGE" 2>&1 >/dev/null
"""
_DOCKER_FACTS = r"""
block image limit 4 docker -H "unix://$SOCKET" image inspect \
  --format '{{.Id}} {{.Size}} {{if .RepoDigests}}{{index .RepoDigests 0}}{{end}}' "$IMAGE"
"""
# Nothing is removed by force: what a container uses stays. A name that the pull has moved goes back to its image.
_DOCKER_CLEAN = r"""
[ -z "$KEEP" ] && [ -e "$D/was" ] || return 0
{
  c_was=
  read -r c_was <"$D/was"
  c_new=$(limit 5 docker -H "unix://$SOCKET" image inspect --format '{{.Id}}' "$IMAGE") || c_new=
  if [ -n "$c_was" ]; then
    [ "$c_new" = "$c_was" ] && return 0
    limit 5 docker -H "unix://$SOCKET" tag "$c_was" "$IMAGE"
    [ -z "$c_new" ] || limit 10 docker -H "unix://$SOCKET" image rm "$c_new"
  else
    [ -z "$c_new" ] || limit 10 docker -H "unix://$SOCKET" image rm "$IMAGE"
  fi
} </dev/null >/dev/null 2>&1
"""
_DOCKER_REMAINS = r"""
r_now=$(limit 5 docker -H "unix://$SOCKET" image inspect --format '{{.Id}}' "$IMAGE" 2>/dev/null) || r_now=
[ "$r_now" = "$p_was" ] || printf '%s' "image $r_now"
"""

_NERDCTL_PULL = r"""
set -- nerdctl --address "$SOCKET" --namespace "$NS"
[ -n "$HOSTS_DIR" ] && set -- "$@" --hosts-dir "$HOSTS_DIR"
set -- "$@" pull --quiet
[ -n "$PLATFORM" ] && set -- "$@" --platform "$PLATFORM"
DOCKER_CONFIG=$D/config
export DOCKER_CONFIG
client "$@" "$IMAGE" 2>&1 >/dev/null
"""
_NERDCTL_FACTS = r"""
block image limit 4 nerdctl --address "$SOCKET" --namespace "$NS" image inspect --format \
  '{{.Id}} {{.Size}} {{if .RepoDigests}}{{index .RepoDigests 0}}{{end}}' "$IMAGE"
"""
_NERDCTL_CLEAN = r"""
[ -z "$KEEP" ] || return 0
{
  case $nl$(limit 5 nerdctl --address "$SOCKET" namespace ls -q)$nl in *"$nl$NS$nl"*) ;; *) return 0 ;; esac
  for c_one in $(limit 5 nerdctl --address "$SOCKET" --namespace "$NS" images -q --no-trunc); do
    limit 10 nerdctl --address "$SOCKET" --namespace "$NS" rmi -f "$c_one"
  done
  limit 5 nerdctl --address "$SOCKET" namespace rm "$NS"
} </dev/null >/dev/null 2>&1
"""
_NERDCTL_REMAINS = r"""
case $nl$(limit 5 nerdctl --address "$SOCKET" namespace ls -q 2>&1)$nl in
  *"$nl$NS$nl"*) printf '%s' "namespace $NS" ;;
esac
"""

# Its temporary files (TMPDIR) would be left in /var/tmp by a podman that is killed; the storage library mounts its
# folder upon itself.
_PODMAN_PREPARE = (
    r"""
mkdir -p "$STORE/tmp" || { say refused "no store can be made at $STORE"; return 1; }
[ -e /var/lib/containers/cache ] || : >"$D/no_cache"
"""
    + _CONFIG
)
_PODMAN_PULL = r"""
set -- podman --root "$STORE" --runroot "$D/run" --events-backend none pull --quiet --authfile "$D/config/config.json"
case $PLATFORM in
  */*/*) v=${PLATFORM#*/}; set -- "$@" --os "${PLATFORM%%/*}" --arch "${v%%/*}" --variant "${v#*/}" ;;
  */*) set -- "$@" --os "${PLATFORM%%/*}" --arch "${PLATFORM#*/}" ;;
esac
TMPDIR=$STORE/tmp
export TMPDIR
client "$@" "$IMAGE" 2>&1 >/dev/null
"""
_PODMAN_FACTS = r"""
block image limit 5 podman --root "$STORE" --runroot "$D/run" --events-backend none image inspect \
  --format '{{.Id}} {{.Size}} {{.Digest}}' "$IMAGE"
"""
_PODMAN_CLEAN = r"""
# Where root's podman notes which registry had which blob, whatever its store.
[ -e "$D/no_cache" ] && rm -rf /var/lib/containers/cache
[ -z "$KEEP" ] && [ -d "$STORE" ] || return 0
{
  while read -r _ c_at _; do
    case $c_at in "$STORE" | "$STORE"/*) umount "$c_at" || umount -l "$c_at" ;; esac
  done </proc/self/mounts
  limit 15 rm -rf "$STORE"
} </dev/null >/dev/null 2>&1
"""
_PODMAN_REMAINS = r"""
[ ! -d "$STORE" ] || printf '%s' "$STORE"
"""

_CRICTL_PULL = r"""
client crictl --runtime-endpoint "unix://$SOCKET" --image-endpoint "unix://$SOCKET" --timeout "${SECONDS_FOR_PULL}s" \
  pull "$IMAGE" 2>&1 >/dev/null
"""
_CRICTL_FACTS = r"""
set -- crictl --runtime-endpoint "unix://$SOCKET" --image-endpoint "unix://$SOCKET"
block image limit 5 "$@" inspecti -o go-template \
  --template '{{.status.id}} {{.status.size}} {{index .status.repoDigests 0}}' "$IMAGE"
"""


def docker(wish: PullWish, survey: Survey) -> ClientScript:
    """Return the pull with docker, into its one store."""
    return ClientScript(
        client="docker",
        prepare=_DOCKER_PREPARE,
        pull=_DOCKER_PULL,
        facts=_DOCKER_FACTS,
        clean=_DOCKER_CLEAN,
        remains=_DOCKER_REMAINS,
        variables={
            "SOCKET": socket_for("docker", survey),
            "IMAGE": wish.ref.canonical,
            "PLATFORM": wish.platform,
            "KEEP": "yes" if wish.keep or wish.as_kubelet else "",
        },
        secrets={"CONFIG_JSON": config_json(wish.registry, wish.login)},
    )


def nerdctl(wish: PullWish, survey: Survey) -> ClientScript:
    """Return the pull with nerdctl, into a namespace of its own."""
    return ClientScript(
        client="nerdctl",
        prepare=_CONFIG,
        pull=_NERDCTL_PULL,
        facts=_NERDCTL_FACTS,
        clean=_NERDCTL_CLEAN,
        remains=_NERDCTL_REMAINS,
        more="nl='\n'\n",
        variables={
            "SOCKET": socket_for("nerdctl", survey),
            "NS": KEPT_NAMESPACE if wish.keep else NAMESPACE,
            "KEEP": "yes" if wish.keep else "",
            "IMAGE": wish.ref.canonical,
            "PLATFORM": wish.platform,
            "HOSTS_DIR": survey.hosts_dir(wish.image),
        },
        secrets={"CONFIG_JSON": config_json(wish.registry, wish.login)},
    )


def podman_store(survey: Survey, keep: bool = False) -> str:
    """Return the folder of podman's own store: beside the runtime's, so that it is on the same file system."""
    beside = survey.root.rstrip("/").rpartition("/")[0] or "/var/lib"
    return f"{beside}/{KEPT_NAMESPACE if keep else NAMESPACE}"


def podman(wish: PullWish, survey: Survey) -> ClientScript:
    """Return the pull with podman, into a store of its own."""
    return ClientScript(
        client="podman",
        prepare=_PODMAN_PREPARE,
        pull=_PODMAN_PULL,
        facts=_PODMAN_FACTS,
        clean=_PODMAN_CLEAN,
        remains=_PODMAN_REMAINS,
        variables={
            "STORE": podman_store(survey, wish.keep),
            "KEEP": "yes" if wish.keep else "",
            "IMAGE": wish.ref.canonical,
            "PLATFORM": wish.platform,
        },
        secrets={"CONFIG_JSON": config_json(wish.registry, wish.login)},
    )


def crictl(wish: PullWish, survey: Survey) -> ClientScript:
    """Return the pull through the kubelet's interface. What came stays: a pod may use it by then."""
    return ClientScript(
        client="crictl",
        pull=_CRICTL_PULL,
        facts=_CRICTL_FACTS,
        clean=":",
        variables={"SOCKET": survey.socket, "IMAGE": wish.ref.canonical},
    )


def config_json(registry: str, login: Login | None) -> str:
    """Return docker's ``config.json`` for one registry; without a login an empty one, so that no other is read."""
    if login is None:
        return '{"auths":{}}'
    pair = f"{login.username}:{login.password}".encode("utf-8", "surrogateescape")
    entry = {"auth": base64.b64encode(pair).decode("ascii")}
    return json.dumps({"auths": {HUB_KEY if registry == "docker.io" else registry: entry}})
