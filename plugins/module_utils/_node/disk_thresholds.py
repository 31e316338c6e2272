# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a kubelet frees images and evicts pods: its flags and its configuration file, else its defaults."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.answer import JobAnswer

# pkg/kubelet/apis/config/v1beta1/defaults_linux.go and defaults.go; they hold as a whole or, once evictionHard is
# written, not at all.
DEFAULTS = {
    "nodefs.available": "10%",
    "nodefs.inodesFree": "5%",
    "imagefs.available": "15%",
    "imagefs.inodesFree": "5%",
}
DEFAULT_GC_HIGH = 85
_LINE = re.compile(r"""(?P<indent>\s*)["']?(?P<key>[A-Za-z.]{1,60})["']?\s*:\s*(?P<value>.*?),?\s*\Z""")
_PAIR = re.compile(r"""["']?([a-z]+\.[A-Za-z]+)["']?\s*[:<]\s*["']?([0-9.]+(?:%|[KMGTPE]i?)?)["']?""")
_QUANTITY = re.compile(r"[0-9.]+(?:%|[KMGTPE]i?)?\Z")


@dataclass(frozen=True, slots=True)
class Thresholds:
    """``evict`` are the hard thresholds by signal, ``gc_high`` the percentage of use where image collection begins."""

    evict: Mapping[str, str] = field(default_factory=dict)
    gc_high: int | None = None

    def of(self, prefixes: tuple[str, ...]) -> dict[str, str]:
        """Return those of the signals that begin so."""
        return {signal: value for signal, value in sorted(self.evict.items()) if signal.startswith(prefixes)}


def thresholds(job: JobAnswer) -> Thresholds | None:
    """Return what the kubelet goes by; null where neither its flags nor its configuration could be read."""
    block = job.block("thresholds")
    # grep says 1 where no line fits: all is at its default then.
    readable = block is not None and block.exit_code in (0, 1)
    flag = job.fact("flag_eviction-hard")
    if not readable and flag is None:
        return None
    hard, merge, high = _of_file(block.text if block and readable else "")
    if flag is not None:
        hard = dict(_PAIR.findall(flag[:2000]))
    evict = DEFAULTS if hard is None else {**DEFAULTS, **hard} if merge else hard
    gc_flag = job.fact("flag_image-gc-high-threshold") or ""
    if gc_flag.isascii() and gc_flag.isdigit() and len(gc_flag) < 4:
        high = int(gc_flag)
    return Thresholds(evict, DEFAULT_GC_HIGH if high is None else high)


def _of_file(text: str) -> tuple[dict[str, str] | None, bool, int | None]:
    """Return evictionHard (null: not written), whether defaults are merged into it, and the percentage of collection.

    The lines are those of a KubeletConfiguration, as YAML or JSON, that concern eviction and collection.
    """
    hard: dict[str, str] | None = None
    merge, high, section = False, None, ""
    for line in text.split("\n")[:200]:
        match = _LINE.match(line[:2000])
        if not match:
            continue
        key, value = match["key"], match["value"].strip()
        if "." in key:
            plain = value.strip("\"'")
            if section == "evictionHard" and hard is not None and _QUANTITY.match(plain):
                hard[key] = plain
            continue
        section = key
        if key == "evictionHard":
            hard = dict(_PAIR.findall(value)) if value not in ("null", "~") else None
        elif key == "mergeDefaultEvictionSettings":
            merge = value == "true"
        elif key == "imageGCHighThresholdPercent" and value.isascii() and value.isdigit() and len(value) < 4:
            high = int(value)
    return hard, merge, high
