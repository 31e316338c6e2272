# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Record the evidence archive of the demo: ``python tools/record_demo.py`` (root on Linux, some three minutes).

Starts a lab of its own, breaks it as tests/lab/scenarios/demo.py says, lets snapshot.yml record what a user with the
documented rights can see, and checks what came out before it replaces the archive.
"""

from __future__ import annotations

import argparse
import getpass
import gzip
import json
import os
import shutil
import socket
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "collections")]

from tests.lab.image_pull_lab import versions
from tests.lab.image_pull_lab.errors import LabError
from tests.lab.image_pull_lab.lab import Lab
from tests.lab.image_pull_lab.network import CONTROL_IP
from tests.lab.scenarios import demo, nodes
from tests.lab.scenarios.scene import SECONDS, SLOW_AFTER, VIEWER, break_node, grant
from tests.lab.scenarios.stage import NotInPlace, put_up, settle
from tests.plays.runbook import Run, diagnose, snapshot

OUTPUT = ROOT / "examples" / "lab-faults.evidence.tar.gz"
LARGEST = 300_000
FEWEST_CAUSES = 12
CONTEXT = "shop-production"


def stage(lab: Lab) -> None:
    """Builds up the shop and waits until everything is as broken as it shall be."""
    grant(lab, VIEWER)
    demo.push_images(lab.store())
    for name, like in demo.NODES.items():
        lab.add_node(name, nodes.NODES[like], wait=False)
    lab.wait_for_nodes(list(demo.NODES), seconds=120)
    for name, like in demo.NODES.items():
        break_node(lab.node(name), like)
    put_up(lab.api, demo.SCENARIOS, lab.accounts.to_dict())
    settle(lab.api, demo.SCENARIOS, slow_after=SLOW_AFTER, seconds=SECONDS)


def kubeconfig(lab: Lab, path: Path) -> Path:
    """The viewer's kubeconfig, with the address that the API server has inside the lab: nothing of this machine."""
    config = json.loads(lab.kubeconfig(VIEWER).read_text(encoding="utf-8"))
    config["clusters"][0]["cluster"]["server"] = f"https://{CONTROL_IP}:6443"
    config["contexts"][0]["name"] = config["current-context"] = CONTEXT
    path.touch(mode=0o600)
    path.write_text(json.dumps(config), encoding="utf-8")
    return path


def record(lab: Lab, folder: Path) -> Path:
    """Runs snapshot.yml in the lab's network and returns the archive."""
    config = kubeconfig(lab, folder / "kubeconfig")
    run = snapshot(
        folder / "run",
        before=lab.inside(),
        kubeconfig=config,
        snapshot_dir=str(folder / "snapshots"),
        registry_checks=True,
        registry_ca_file=str(lab.registry_ca),
    )
    archives = list((folder / "snapshots").glob("*.tar.gz"))
    if run.code or len(archives) != 1:
        raise SystemExit(f"record_demo.py: snapshot.yml failed:\n{run.output}")
    return archives[0]


def complaints(archive: Path, judged: Run) -> list[str]:
    """What speaks against shipping this archive."""
    found = []
    causes = {finding["cause"] for finding in judged.report["findings"]}
    if len(causes) < FEWEST_CAUSES:
        found.append(f"only {len(causes)} causes: {', '.join(sorted(causes))}")
    if archive.stat().st_size > LARGEST:
        found.append(f"{archive.stat().st_size} bytes, more than {LARGEST}")
    content = gzip.decompress(archive.read_bytes())
    ours = {
        socket.gethostname(),
        str(ROOT),
        str(Path.home()),
        "127.0.0.1",
        tempfile.gettempdir() + "/",
        getpass.getuser() + "@",
    }
    found += [f"it holds {word!r}" for word in sorted(ours) if len(word) > 3 and word.encode() in content]
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--output", type=Path, default=OUTPUT)
    options = parser.parse_args()
    try:
        with (
            Lab.up(versions.DEFAULT_KUBERNETES, name="demo", owner=os.getpid(), say=print) as lab,
            tempfile.TemporaryDirectory(prefix="image-pull-demo-") as place,
        ):
            stage(lab)
            archive = record(lab, Path(place))
            judged = diagnose(Path(place) / "judged", snapshot=str(archive))
            print(judged.plain_output)
            wrong = complaints(archive, judged)
            if wrong:
                raise SystemExit("record_demo.py: not shipped: " + "; ".join(wrong))
            options.output.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(archive, options.output)
    except (LabError, NotInPlace) as error:
        raise SystemExit(f"record_demo.py: {error}") from None
    print(f"{options.output}: {options.output.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
