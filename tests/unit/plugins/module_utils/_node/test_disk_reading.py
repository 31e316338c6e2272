# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tools print about disks, as they print it."""

from __future__ import annotations

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.answer import (
    ENDED,
    Block,
    JobAnswer,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.disk_images import size
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.disk_space import (
    Figures,
    df_figures,
    merged,
    stat_figures,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.disk_thresholds import (
    DEFAULTS,
    Thresholds,
    thresholds,
)

DF = """Filesystem           1024-blocks    Used Available Capacity Mounted on
/dev/mapper/a b        264212084  30043356  65457908      32% /
tmpfs                     1000       1000         0     100% /var/lib/with blank
"""
INODES = """Filesystem     Inodes  IUsed IFree IUse% Mounted on
/dev/vda       16777216 811141 15966075    5% /
tmpfs                 -      -        -     - /var/lib/with blank
"""


def test_stat_prints_one_line_for_each_path() -> None:
    found = stat_figures(
        "stat: cannot read '/x'\n4096 10 5 0 0 6 /a b\n512 10 5 7 0 5 /c\n1 2 3 4 5 6 relative\n"
    )
    assert found == {"/a b": Figures(40960, 20480, None, None, 24576), "/c": Figures(5120, 2560, 7, 0, 2560)}


def test_df_is_read_by_its_order_and_else_by_its_mount_points() -> None:
    space, files = df_figures(DF, 1024), df_figures(INODES, 1)
    both = merged(["/usr", "/var/lib/with blank/x"], {}, space, files)
    assert both == {
        "/usr": Figures(264212084 * 1024, 65457908 * 1024, 16777216, 15966075),
        "/var/lib/with blank/x": Figures(1000 * 1024, 0, None, None),
    }
    assert merged(["/var/lib/with blank/x"], {}, space, [])["/var/lib/with blank/x"].bytes_free == 0
    assert merged(["/x"], {}, [], files) == {}


@pytest.mark.parametrize(
    ("text", "bytes_"),
    [
        ("1.2GB", 1_200_000_000),
        ("10.0 MiB", 10_485_760),
        ("72.2kB", 72_200),
        ("5B", 5),
        ("0B", 0),
        ("1.5 KiB", 1536),
        ("-", None),
        ("lots", None),
        ("9" * 50 + "GB", None),
    ],
)
def test_sizes_are_read_as_each_client_writes_them(text: str, bytes_: int | None) -> None:
    assert size(text) == bytes_


def read(text: str | None, **flags: str) -> Thresholds | None:
    blocks = () if text is None else (Block("thresholds", text, 0 if text else 1),)
    facts = {f"flag_{name.replace('_', '-')}": (value,) for name, value in flags.items()}
    return thresholds(JobAnswer("disk", ENDED, blocks=blocks, facts=facts))


@pytest.mark.parametrize(
    ("text", "evict", "high"),
    [
        ("", DEFAULTS, 85),
        ("evictionHard:\n  imagefs.available: 5%\n", {"imagefs.available": "5%"}, 85),
        (
            "evictionHard: {imagefs.available: 5%, nodefs.available: 1Gi}",
            {"imagefs.available": "5%", "nodefs.available": "1Gi"},
            85,
        ),
        (
            '  "evictionHard": {\n    "imagefs.available": "5%",\n  "imageGCHighThresholdPercent": 60,',
            {"imagefs.available": "5%"},
            60,
        ),
        (
            "evictionHard:\n  nodefs.available: 5%\nmergeDefaultEvictionSettings: true",
            {**DEFAULTS, "nodefs.available": "5%"},
            85,
        ),
        ("evictionHard: null\nimageGCHighThresholdPercent: 100", DEFAULTS, 100),
        ("evictionSoft:\n  imagefs.available: 30%\n", DEFAULTS, 85),
        ("evictionHard:\n  imagefs.available: $(reboot)\n", {}, 85),
    ],
)
def test_a_configuration_holds_as_the_kubelet_takes_it(text: str, evict: dict[str, str], high: int) -> None:
    assert read(text) == Thresholds(evict, high)


def test_flags_go_before_the_file_and_without_both_nothing_is_known() -> None:
    found = read(
        "evictionHard:\n  imagefs.available: 5%\n",
        eviction_hard="imagefs.available<7%,nodefs.available<1Gi",
        image_gc_high_threshold="90",
    )
    assert found == Thresholds({"imagefs.available": "7%", "nodefs.available": "1Gi"}, 90)
    assert read(None) is None
