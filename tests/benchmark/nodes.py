# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What looking from nodes costs: against ansible.builtin.raw, beside nodes that hang, and for a fault of 300 nodes.

    python tests/benchmark/nodes.py [--check] [--repeat 5] [--nodes 6] [--keep]

The nodes are those of a lab, reached over SSH. Both playbooks make their own connections, with as many forks as hosts.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from tests.benchmark.measure import CommandFailed, Sample, measure, median
from tests.benchmark.node_records import BLACK_HOLE, records
from tests.benchmark.payload import environment, program
from tests.benchmark.registries import dead_host
from tests.benchmark.run import Line, table
from tests.lab import inventory
from tests.lab.image_pull_lab import Lab
from tests.lab.image_pull_lab.nodes import Node

IMAGE = "registry.reg.test/app/web:1.1.0"
MOST_TIMES_RAW = 1.5
PROBE_DEADLINE = 10.0
#: What a node may cost that does not answer: its deadline, and the grace for the way there and back.
MOST_FOR_HANGING = PROBE_DEADLINE + 2.0
HANGING, ANSWERING = 2, 8
RECORDS = 300
DEADLINE = 60.0
Hosts = dict[str, dict[str, Any]]


class Place:
    """A folder for inventories and playbooks, in which each run gets a place of its own for its connections."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._runs = 0

    def play(self, playbook: Path, hosts: Hosts, *arguments: str, cwd: Path = ROOT) -> Sample:
        """Runs a playbook over these hosts and returns what it took; CommandFailed with what it said."""
        self._runs += 1
        own = self.folder / str(self._runs)
        own.mkdir()
        listed = own / "inventory.json"
        listed.write_text(json.dumps({"nodes": {"hosts": hosts}}))
        # Control sockets of a run of its own: each begins without a connection.
        settings = environment(
            self.folder,
            ANSIBLE_SSH_CONTROL_PATH_DIR=str(own / "cp"),
            ANSIBLE_SSH_ARGS="-C -o ControlMaster=auto -o ControlPersist=5s",
            ANSIBLE_HOST_KEY_CHECKING="True",
            ANSIBLE_CONFIG=str(ROOT / "ansible.cfg"),
        )
        command = [program("ansible-playbook"), str(playbook), "-i", str(listed), *arguments]
        return measure(command, output=self.output, environment=settings, cwd=cwd)

    def wait_for_clients(self) -> None:
        """Waits for the clients that keep connections open, and hold sockets in the folder as long: some seconds."""
        end = time.monotonic() + 30
        while any(self.folder.glob("*/cp/*")) and time.monotonic() < end:
            time.sleep(0.2)

    @property
    def output(self) -> Path:
        """What the last run said."""
        return self.folder / "output"

    def playbook(self, name: str, *tasks: dict[str, Any]) -> Path:
        path = self.folder / f"{name}.yml"
        path.write_text(json.dumps([{"hosts": "nodes", "gather_facts": False, "tasks": list(tasks)}]))
        return path


def probe(answers: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The stage as a task, and one that writes down what each node said."""
    look = {
        "name": "Look",
        "kube_runbooks.image_pull.node_probe": {"images": [IMAGE], "deadline": PROBE_DEADLINE},
        "register": "look",
    }
    keep = {
        "name": "Keep",
        "ansible.builtin.copy": {
            "content": "{{ look | to_json }}",
            "dest": f"{answers}/{{{{ inventory_hostname }}}}",
        },
        "delegate_to": "localhost",
        "vars": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable},
    }
    return look, keep


def against_raw(place: Place, nodes: Sequence[Node], repeat: int) -> Iterator[Line]:
    """One pass of each over the same nodes, in turn."""
    hosts = {node.name: inventory.host_variables(node) for node in nodes}
    forks = f"--forks={len(hosts)}"
    answers = place.folder / "answers"
    answers.mkdir()
    look, keep = probe(answers)
    raw = place.playbook("raw", {"name": "Raw", "ansible.builtin.raw": "true"})
    stage = place.playbook("stage", look)
    kept = place.playbook("kept", look, keep)
    raws, stages, waits_of_runs = [], [], []
    for turn in range(repeat + 1):
        place.play(kept, hosts, forks)
        waits_of_runs.append(max(_waits(json.loads((answers / name).read_text())) for name in hosts))
        pair = place.play(raw, hosts, forks), place.play(stage, hosts, forks)
        # The first turn fills Ansible's caches.
        if turn:
            raws.append(pair[0])
            stages.append(pair[1])
    waits = statistics.median(waits_of_runs[1:])
    raw_seconds, seconds = median(raws).seconds, median(stages).seconds
    times = (seconds - waits) / raw_seconds
    yield Line(f"ansible.builtin.raw: true on {len(hosts)} nodes", f"{raw_seconds:.2f} s")
    yield Line("node_probe on the same nodes", f"{seconds:.2f} s, of which waits {waits:.2f} s")
    yield Line(
        "  in times of raw, without its waits",
        f"{times:.2f}",
        f"at most {MOST_TIMES_RAW}",
        times <= MOST_TIMES_RAW,
    )


def _waits(answer: dict[str, Any]) -> float:
    """Seconds that a node waited for name servers and registries: hosts are asked side by side, hops in turn."""
    if not answer["reached"] or not answer["hops"]:
        raise RuntimeError(f"a node was not looked at: {answer['why'] or answer['not_checked']}")
    by_host: dict[str, float] = {}
    for hop in answer["hops"]:
        by_host[hop["host"]] = by_host.get(hop["host"], 0.0) + (hop["seconds"] or 0.0)
    return max(by_host.values())


def beside_hanging(place: Place, nodes: Sequence[Node], repeat: int) -> Iterator[Line]:
    """Ten hosts, two of which accept a connection and never say a word."""
    well = [inventory.host_variables(nodes[number % len(nodes)]) for number in range(ANSWERING)]
    hosts: Hosts = {f"well-{number}": variables for number, variables in enumerate(well)}
    stage = place.playbook("beside", probe(place.folder)[0])
    forks = f"--forks={ANSWERING + HANGING}"
    alone = statistics.median(place.play(stage, hosts, forks).seconds for dummy in range(repeat))
    hung = nodes[-1]
    hung.ssh("systemctl kill --kill-who=main --signal=STOP ssh")
    try:
        silent = {f"hung-{number}": inventory.host_variables(hung) for number in range(HANGING)}
        others = [node for node in nodes if node is not hung]
        well = [inventory.host_variables(others[number % len(others)]) for number in range(ANSWERING)]
        hosts = {**{f"well-{number}": variables for number, variables in enumerate(well)}, **silent}
        seconds = statistics.median(
            place.play(stage, hosts, forks).seconds for dummy in range(min(repeat, 2))
        )
    finally:
        _wake(hung)
    said = place.output.read_text(errors="replace")
    if "failed=1" in said or "unreachable=1" in said:
        raise RuntimeError(f"a node that hangs failed the play:\n{said[-2000:]}")
    more = seconds - alone
    yield Line(f"{ANSWERING} nodes that answer", f"{alone:.2f} s")
    yield Line(
        f"  and {HANGING} beside them that hang",
        f"{seconds:.2f} s",
        f"at most {MOST_FOR_HANGING:.0f} s more",
        more <= MOST_FOR_HANGING,
    )


def _wake(node: Node) -> None:
    """Lets sshd go on: it cannot be reached by ssh, but its process lives in the node's network namespace."""
    namespace = os.readlink(f"/proc/{node.namespace.pid}/ns/net")
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            theirs = os.readlink(entry / "ns" / "net")
            if theirs == namespace and (entry / "comm").read_text().strip() == "sshd":
                os.kill(int(entry.name), signal.SIGCONT)


def behind_a_black_hole(place: Place, nodes: Sequence[Node]) -> Iterator[Line]:
    """300 nodes that cannot reach a registry: few are looked at, in time, and the report says which were not.

    Most of the nodes are records whose SSH does not answer; the first and the healthy ones are nodes of the lab.
    """
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(Lab.up("1.34", name="bench-nodes", data_only=True, owner=os.getpid()))
        names = records(server, RECORDS)
        host, dummy, port = stack.enter_context(dead_host()).partition(":")
        dead = {**inventory.host_variables(nodes[0]), "ansible_host": host, "ansible_port": int(port)}
        hosts: Hosts = dict.fromkeys([*names.failing, *names.well], dead)
        real = [*names.failing[: len(nodes) - 1], names.well[0]]
        hosts |= {name: inventory.host_variables(node) for name, node in zip(real, nodes, strict=False)}
        for most in (3, RECORDS):
            yield from _one_black_hole(place, server, hosts, most)


def _one_black_hole(place: Place, server: Lab, hosts: Hosts, most: int) -> Iterator[Line]:
    reports = place.folder / f"reports-{most}"
    variables = {
        "image_pull_kubeconfig": str(server.kubeconfig("admin")),
        "image_pull_report_dir": str(reports),
        "image_pull_registry_checks": False,
        "image_pull_max_nodes": most,
        "image_pull_deadline": DEADLINE,
    }
    taken = place.play(ROOT / "diagnose.yml", hosts, "--forks=20", "-e", json.dumps(variables))
    report = json.loads(sorted(reports.rglob("report.json"))[0].read_text())
    hit = [finding for finding in report["findings"] if BLACK_HOLE in finding["registry_hosts"]]
    if len(hit) != 1 or len(hit[0]["nodes"]) != RECORDS:
        raise RuntimeError(f"{len(hit)} findings about {BLACK_HOLE}")
    left_out = [
        gap["check"]
        for gap in report["not_checked"]
        if "more nodes" in gap["check"] or "nodes (" in gap["check"]
    ]
    yield Line(
        f"{RECORDS} nodes behind a black hole, image_pull_max_nodes {most}",
        f"{taken.seconds:.1f} s",
        f"at most {DEADLINE:.0f} s",
        taken.seconds <= DEADLINE,
    )
    yield Line("  says what it left out", "; ".join(left_out)[:60] or "nothing", "yes", bool(left_out))


@contextlib.contextmanager
def lab_nodes(number: int, *, keep: bool) -> Iterator[list[Node]]:
    """That many healthy nodes."""
    lab = Lab.up("1.34", name="bench-ssh", owner=None if keep else os.getpid())
    try:
        present = {node.name for node in lab.nodes}
        wanted = [f"node{position + 1}" for position in range(number)]
        for name in wanted:
            if name not in present:
                lab.add_node(name, wait=False)
        lab.wait_for_nodes(wanted)
        yield [lab.node(name) for name in wanted]
    finally:
        if not keep:
            lab.down()


def run(arguments: argparse.Namespace) -> list[Line]:
    """Measure everything."""
    lines: list[Line] = []
    with (
        tempfile.TemporaryDirectory(prefix="image-pull-bench-") as folder,
        lab_nodes(arguments.nodes, keep=arguments.keep) as nodes,
    ):
        place = Place(Path(folder))
        lines += against_raw(place, nodes, arguments.repeat)
        lines += beside_hanging(place, nodes, arguments.repeat)
        lines += behind_a_black_hole(place, nodes)
        place.wait_for_clients()
    return lines


def parse(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--nodes", type=int, default=6)
    parser.add_argument(
        "--keep", action="store_true", help="leave the lab of nodes running for the next time"
    )
    parser.add_argument("--check", action="store_true", help="end with 1 where a goal is missed")
    return parser.parse_args(words)


def main() -> int:
    """Measure, print, and say whether the goals are met."""
    arguments = parse()
    try:
        lines = run(arguments)
    except CommandFailed as error:
        print(error, file=sys.stderr)
        return 2
    print(table(lines))
    return int(arguments.check and any(line.met is False for line in lines))


if __name__ == "__main__":
    sys.exit(main())
