# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at what a node has for a manual pull: clients, room, the folders of registry hosts. Changes nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.answer import Answer, JobAnswer
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.job import Job
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.pull import (
    CLIENTS,
    HostFolder,
    PullWish,
    Survey,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import printable

SECONDS = 8.0
_TOOLS = (*CLIENTS, "curl", "setsid")
_LONGEST_PATH = 1024
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

_RUNTIME = (
    r"""
say runtime "$RT"
say variant "$RT_VARIANT"
say socket "$RT_SOCKET"
say root "$RT_ROOT"
say certs "$RT_CERTS"
have id && say user "$(id -u)"
for t in """
    + " ".join(_TOOLS)
    + r"""; do have $t && say tool $t; done
[ -r "$RT_CONFIG" ] && grep -qE '^[^#]*registry\.(mirrors|configs)' "$RT_CONFIG" && say inline yes
d=$RT_ROOT
while [ -n "$d" ] && [ ! -d "$d" ]; do d=${d%/*}; done
block bytes limit 2 df -Pk "${d:-/}"
block inodes limit 2 df -Pi "${d:-/}"
case $RT in
  containerd) have ctr && block answers limit 3 ctr --address "$RT_SOCKET" version ;;
  docker) have docker && block answers limit 3 docker -H "unix://$RT_SOCKET" version ;;
esac
"""
)
# A folder named with the port comes first as HOST_PORT_, then as HOST:PORT, then _default (containerd, hostPaths).
_IMAGE = r"""
case $RT in
  containerd)
    case $HOST in *:*) under=${HOST%:*}_${HOST##*:}_ ;; *) under=$HOST ;; esac
    rest=$RT_CERTS:
    while [ -n "$rest" ]; do
      c=${rest%%:*}
      rest=${rest#*:}
      [ -n "$c" ] || continue
      for n in "$under" "$HOST" _default; do
        [ -d "$c/$n" ] || continue
        say folder "$c/$n"
        for f in "$c/$n"/*.crt "$c/$n"/*.cert "$c/$n"/*.key; do [ -f "$f" ] && say certificate "${f##*/}"; done
        [ -f "$c/$n/hosts.toml" ] && block toml limit 2 cat "$c/$n/hosts.toml"
        rest=
        break
      done
    done
    have ctr && block present limit 3 ctr --address "$RT_SOCKET" -n k8s.io images ls -q "name==$IMAGE" ;;
  docker) have docker && block id limit 3 docker -H "unix://$RT_SOCKET" image inspect --format '{{.Id}}' "$IMAGE" ;;
  cri-o | podman) have podman && block present limit 3 podman images -q "$IMAGE" ;;
esac
"""


def jobs(wishes: Sequence[PullWish]) -> list[Job]:
    """Return the jobs that look at the node and at each image."""
    about = [
        Job(
            f"image_{number}",
            _IMAGE,
            seconds=SECONDS - 2,
            variables={"HOST": wish.registry, "IMAGE": wish.ref.canonical},
        )
        for number, wish in enumerate(wishes)
    ]
    return [Job("pull_survey", _RUNTIME, seconds=SECONDS - 2), *about]


def read(answer: Answer, wishes: Sequence[PullWish]) -> Survey:
    """Return what the node told."""
    job = answer.job("pull_survey")
    answers = job.block("answers")
    free, total = _space(job, "bytes")
    images = {wish.image: answer.job(f"image_{number}") for number, wish in enumerate(wishes)}
    runtime = job.fact("runtime") or ""
    return Survey(
        runtime=runtime,
        variant=job.fact("variant") or "",
        socket=_path(job.fact("socket")),
        root=_path(job.fact("root")),
        certs=tuple(path for one in (job.fact("certs") or "").split(":") if (path := _path(one))),
        user=job.fact("user") or "",
        tools=frozenset(job.facts.get("tool", ())) & frozenset(_TOOLS),
        client_version=_version(answers.text if answers else ""),
        answers=None if answers is None else answers.exit_code == 0,
        answer_text=_last_line(answers.text) if answers and answers.exit_code not in (0, 124) else "",
        bytes_free=None if free is None else free * 1024,
        bytes_total=None if total is None else total * 1024,
        inodes_free=_space(job, "inodes")[0],
        inline_registries=job.fact("inline") == "yes",
        folders={name: folder for name, one in images.items() if (folder := _folder(one))},
        present={name: _present(one, runtime) for name, one in images.items()},
    )


def _path(text: str | None) -> str:
    """Return an absolute path, or nothing: a node may say anything."""
    text = text or ""
    good = text.startswith("/") and len(text) <= _LONGEST_PATH and not _CONTROL.search(text)
    return text if good else ""


def _space(job: JobAnswer, name: str) -> tuple[int | None, int | None]:
    """Return what is free and the whole, from ``df -P`` (POSIX: device, whole, used, available, share, mount point)."""
    block = job.block(name)
    if block is None or block.exit_code != 0:
        return None, None
    rows = [line.split() for line in block.text.splitlines()[1:] if line.strip()]
    if not rows or len(rows[-1]) < 6 or not (rows[-1][1].isdigit() and rows[-1][3].isdigit()):
        return None, None
    whole, free = int(rows[-1][1]), int(rows[-1][3])
    # File systems that count no inodes say 0 of 0.
    return (free, whole) if whole else (None, None)


def _version(text: str) -> str:
    """Return the server's version out of the client's ``version``; the client's where there is no other."""
    found: list[str] = re.findall(
        r"^\s*Version:\s+v?(\d{1,3}(?:\.\d{1,5}){1,3}\S{0,40})\s*$", text, re.MULTILINE
    )
    return found[-1] if found else ""


def _folder(job: JobAnswer) -> HostFolder | None:
    path = _path(job.fact("folder"))
    if not path:
        return None
    toml = job.block("toml")
    names = tuple(
        name for name in job.facts.get("certificate", ()) if "/" not in name and not _CONTROL.search(name)
    )
    return HostFolder(path, toml.text if toml and toml.exit_code == 0 else "", names)


def _present(job: JobAnswer, runtime: str) -> bool | None:
    if runtime == "docker":
        block = job.block("id")
        return None if block is None or block.exit_code == 124 else block.exit_code == 0
    block = job.block("present")
    return None if block is None or block.exit_code != 0 else bool(block.text.strip())


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return printable(lines[-1], 300) if lines else ""
