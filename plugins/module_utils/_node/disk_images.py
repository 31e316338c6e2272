# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the runtime's own client says of its images, and which of them nothing uses."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.answer import Block, JobAnswer

_SIZE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,6})?)\s?([kKMGTP]?i?)B?\b")
_UNITS = {"": 0, "k": 1, "K": 1, "M": 2, "G": 3, "T": 4, "P": 5}
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Images:
    """How many images there are and how large, and how many of them nothing uses. ``why`` says why nothing is known."""

    count: int | None = None
    bytes: int | None = None
    unused: int | None = None
    unused_bytes: int | None = None
    client: str = ""
    why: str = ""


def images(job: JobAnswer) -> Images:
    """Return what the job ``disk_images`` tells."""
    if tools := job.lacks.get("images"):
        return Images(why=f"no tool ({', '.join(tools)})")
    for client in ("docker", "podman"):
        if block := job.block(client):
            return _system_df(block)
    if block := job.block("crictl_images"):
        return _crictl(block, job.block("crictl_containers"))
    if block := job.block("ctr_images"):
        return _ctr(block, job.block("ctr_containers"))
    if job.fact("stopped"):
        return Images(why="the container runtime does not run")
    if job.fact("crictl_failed"):
        return Images(client="crictl", why="crictl had no answer from the runtime in time")
    return Images(why=job.trouble or "no container runtime was found")


def size(text: str) -> int | None:
    """Return the bytes of ``1.2GB`` (a thousand each, docker) or ``1.2 MiB`` (1024 each, ctr)."""
    match = _SIZE.match(text.strip())
    if not match:
        return None
    unit = match[2]
    base = 1024 if unit.endswith("i") else 1000
    return int(float(match[1]) * base ** _UNITS[unit.removesuffix("i")])


def _failed(block: Block, client: str) -> Images | None:
    if block.exit_code == 0:
        return None
    if block.exit_code in (124, None):
        return Images(client=client, why=f"{client} had no answer from the runtime in time")
    last = [line for line in block.text.split("\n") if line.strip()]
    return Images(
        client=client, why=f"{client} failed: {last[-1] if last else f'exit code {block.exit_code}'}"
    )


def _system_df(block: Block) -> Images:
    """``docker system df`` and ``podman system df``: TYPE TOTAL ACTIVE SIZE RECLAIMABLE."""
    if failed := _failed(block, block.name):
        return failed
    for line in block.text.split("\n"):
        match = re.match(r"Images\s+(\d{1,9})\s+(\d{1,9})\s+(\S+)\s+(\S+)", line)
        if match:
            total, active = int(match[1]), int(match[2])
            return Images(total, size(match[3]), max(0, total - active), size(match[4]), block.name)
    return Images(client=block.name, why=f"{block.name} system df printed no line about images")


def _crictl(block: Block, containers: Block | None) -> Images:
    if failed := _failed(block, "crictl"):
        return failed
    listed = _objects(block.text, "images")
    if listed is None:
        return Images(client="crictl", why="what crictl printed is no JSON, or too much of it")
    sizes = {str(one.get("id")): _whole(one.get("size")) for one in listed}
    known = Images(len(sizes), sum(sizes.values()), client="crictl")
    running = _objects(containers.text, "containers") if containers and containers.exit_code == 0 else None
    if running is None:
        return Images(known.count, known.bytes, client="crictl", why="crictl did not list the containers")
    used: set[str] = set()
    for one in running:
        image = one.get("image")
        used.update(str(value) for value in (one.get("imageRef"), one.get("imageId")) if value)
        used.update(str(value) for value in (image or {}).values()) if isinstance(image, dict) else None
    names = {
        str(one.get("id")): {
            str(one.get("id")),
            *_words(one.get("repoTags")),
            *_words(one.get("repoDigests")),
        }
        for one in listed
    }
    pinned = {str(one.get("id")) for one in listed if one.get("pinned")}
    unused = [one for one in sizes if not names[one] & used and one not in pinned]
    return Images(known.count, known.bytes, len(unused), sum(sizes[one] for one in unused), "crictl")


def _ctr(block: Block, containers: Block | None) -> Images:
    """``ctr images ls``: REF TYPE DIGEST SIZE PLATFORMS LABELS. One image has a line for each of its names."""
    if failed := _failed(block, "ctr"):
        return failed
    names: dict[str, set[str]] = {}
    sizes: dict[str, int] = {}
    pinned: set[str] = set()
    for line in block.text.split("\n"):
        match = re.match(r"(\S+)\s+\S+\s+(sha256:[0-9a-f]{64})\s+([0-9.]+ ?[KMGTP]?i?B|-)\s", line)
        if match:
            names.setdefault(match[2], set()).add(match[1])
            sizes[match[2]] = size(match[3]) or 0
            if "io.cri-containerd.pinned=pinned" in line:
                pinned.add(match[2])
    whole = sum(sizes.values())
    if containers is None or containers.exit_code != 0:
        return Images(len(names), whole, client="ctr", why="ctr did not list the containers")
    used = {parts[1] for line in containers.text.split("\n")[1:] if len(parts := line.split()) > 1}
    unused = [one for one, found in names.items() if not found & used and one not in pinned]
    return Images(len(names), whole, len(unused), sum(sizes[one] for one in unused), "ctr")


def _objects(text: str, key: str) -> list[dict[str, Any]] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    listed = found.get(key) if isinstance(found, dict) else None
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else None


def _whole(value: Any) -> int:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _words(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []
