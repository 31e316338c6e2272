# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the collection costs, measured against what anything would cost: make bench.

    python tests/benchmark/run.py [--check] [--pods 10000] [--failing 200] [--images 40] [--repeat 5] [--keep]
                                  [--chain] [--kubernetes-core DIR]

The baseline is two plain reads with curl: all pods, and all events with reason=Failed. ``--check`` ends with 1 where a
goal is missed. ``--chain`` measures diagnose.yml as a whole against as many pings, ``--kubernetes-core`` the module
k8s_info over all pods; DIR holds ansible_collections/kubernetes/core, as the wheel of ``ansible`` on PyPI does.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from tests.benchmark.fill import RUNNING_POD_WITH_FAILING_CONTAINER, Server, Size
from tests.benchmark.measure import Sample, measure, median
from tests.benchmark.payload import environment, payload, program
from tests.benchmark.server import filled

MODULE = "kube_runbooks.image_pull.pull_failure_info"
MOST_OF_CURL = 0.8
MOST_MEGABYTES = 100
MOST_MEGABYTES_LARGE = 130
LARGE = 50_000
TIMES_FASTER_THAN_K8S_INFO = 25
MOST_SECONDS_OVER_PING = 2.0
CHAIN_FAILURES = 5_000
CHAIN_SECONDS, CHAIN_MEGABYTES = 6.0, 150


@dataclass(frozen=True)
class Line:
    """One measured thing. ``goal`` is what it is held against, ``met`` whether it is, None where there is no goal."""

    title: str
    figure: str
    goal: str = ""
    met: bool | None = None


@dataclass(frozen=True)
class Place:
    """Where everything happens: the server, its kubeconfig, and a folder for what the commands write."""

    server: Server
    kubeconfig: str
    folder: Path

    @property
    def output(self) -> Path:
        """Where the last command said what it said."""
        return self.folder / "output"


def curl(place: Place) -> Sample:
    """The baseline: both reads, one after the other."""
    samples = []
    for path in ("/api/v1/pods", "/api/v1/events?fieldSelector=reason%3DFailed"):
        header = f"Authorization: Bearer {place.server.token}"
        options = ["--silent", "--fail", "--cacert", place.server.ca_file, "--header", header]
        command = ["curl", *options, "--output", os.devnull, place.server.url + path]
        samples.append(measure(command, output=place.output))
    return samples[0] + samples[1]


def collecting(place: Place, size: Size, repeat: int) -> tuple[list[Line], Sample]:
    """The collecting module as a process, start-up included, in turn with the baseline; and what it took."""
    evidence = place.folder / "evidence"
    options = {"kubeconfig": place.kubeconfig, "evidence_dir": str(evidence)}
    module = payload(MODULE, options, place.folder / "module")
    baseline, module_samples = [], []
    for _turn in range(repeat):
        baseline.append(curl(place))
        shutil.rmtree(evidence, ignore_errors=True)
        module_samples.append(measure([sys.executable, str(module)], output=place.output))
    result = json.loads(place.output.read_text())
    _check_answer(result, evidence, size)
    reads, own = median(baseline), median(module_samples)
    ratio = own.seconds / reads.seconds
    most = MOST_MEGABYTES_LARGE if size.pods >= LARGE else MOST_MEGABYTES
    lines = [
        Line(f"curl: all {size.pods} pods and all Failed events", f"{reads.seconds:.2f} s"),
        Line("pull_failure_info as a process", f"{own.seconds:.2f} s (CPU {own.cpu:.2f} s)"),
        Line("  in times of curl", f"{ratio:.2f}", f"at most {MOST_OF_CURL}, aim 0.5", ratio <= MOST_OF_CURL),
        Line("  peak memory", f"{own.megabytes:.0f} MB", f"at most {most} MB", own.megabytes <= most),
        Line("  API requests", f"{result['api_requests']}"),
    ]
    return lines, own


def _check_answer(result: dict[str, Any], evidence: Path, size: Size) -> None:
    """A quick wrong answer is none."""
    summary = result["summary"]
    expected = (size.pods + 1, size.failing + 1, size.images + 1)
    found = (summary["pods_seen"], summary["failing_pods"], summary["images"])
    if not result["complete"] or found != expected:
        raise RuntimeError(f"pods, failing pods and images are {found}, not {expected}: {result['error']}")
    if RUNNING_POD_WITH_FAILING_CONTAINER not in (evidence / "triage.jsonl").read_text():
        raise RuntimeError("the running pod whose second container cannot pull was missed")


def against_k8s_info(place: Place, collections: Path, own: Sample) -> Iterator[Line]:
    """The usual way of asking from Ansible, once: it takes a minute or two."""
    options = {"kubeconfig": place.kubeconfig, "kind": "Pod", "namespace": "none"}
    module = payload("kubernetes.core.k8s_info", options, place.folder / "k8s_info", collections)
    # Made for an empty namespace, so that making it takes no minutes; run for all of them.
    module.write_text(module.read_text().replace('"namespace": "none", ', ""))
    other = measure([sys.executable, str(module)], output=place.output)
    times = other.seconds / own.seconds
    goal = f"at least {TIMES_FASTER_THAN_K8S_INFO} times"
    yield Line("kubernetes.core.k8s_info over all pods", f"{other.seconds:.1f} s, {other.megabytes:.0f} MB")
    yield Line("  in times of pull_failure_info", f"{times:.0f}", goal, times >= TIMES_FASTER_THAN_K8S_INFO)


def playbook(place: Place, title: str, repeat: int) -> Iterator[Line]:
    """The whole of diagnose.yml against a playbook of as many pings."""
    reports = place.folder / "reports"
    # The registries of the data are names only; what asking real ones costs is measured apart.
    variables = {
        "image_pull_kubeconfig": place.kubeconfig,
        "image_pull_report_dir": str(reports),
        "image_pull_registry_checks": False,
    }
    command = [program("ansible-playbook"), str(ROOT / "diagnose.yml"), "-e", json.dumps(variables)]
    settings = environment(place.folder)
    runs, pings = [], []
    for turn in range(repeat + 1):
        whole = measure(command, output=place.output, environment=settings, cwd=ROOT)
        said = place.output.read_text(errors="replace")
        tasks = len(re.findall(r"^TASK \[", said, re.MULTILINE))
        ping = measure(
            [program("ansible-playbook"), str(_pings(place.folder, tasks))],
            output=place.output,
            environment=settings,
            cwd=ROOT,
        )
        if turn:
            # The first turn fills Ansible's caches.
            runs.append(whole)
            pings.append(ping)
    whole, ping = median(runs), median(pings)
    more = whole.seconds - ping.seconds
    goal = f"at most {MOST_SECONDS_OVER_PING:.0f} s"
    yield Line(f"diagnose.yml, {title}", f"{whole.seconds:.1f} s, {whole.megabytes:.0f} MB")
    yield Line(
        f"  more than {tasks} times ping ({ping.seconds:.1f} s)",
        f"{more:.1f} s",
        goal,
        more <= MOST_SECONDS_OVER_PING,
    )


def _pings(folder: Path, tasks: int) -> Path:
    path = folder / "pings.yml"
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "vars": {"ansible_python_interpreter": sys.executable},
        "tasks": [{"name": f"Ping {number}", "ansible.builtin.ping": {}} for number in range(tasks)],
    }
    path.write_text(json.dumps([play]))
    return path


def chain(place: Place, repeat: int) -> Iterator[Line]:
    """Many failing pods through collecting, judging and reporting, each as Ansible runs it but without its own cost."""
    evidence, verdict = place.folder / "chain-evidence", place.folder / "diagnosis.json"
    options = {"kubeconfig": place.kubeconfig, "evidence_dir": str(evidence)}
    module = payload(MODULE, options, place.folder / "chain")
    judge = [sys.executable, str(Path(__file__).with_name("judge.py")), str(evidence), str(verdict)]
    runs = []
    for _turn in range(repeat):
        shutil.rmtree(evidence, ignore_errors=True)
        collected = measure([sys.executable, str(module)], output=place.output)
        runs.append(collected + measure(judge, output=place.output, environment=environment(place.folder)))
    whole = median(runs)
    yield Line(
        f"{CHAIN_FAILURES} failing pods: collect, judge, report",
        f"{whole.seconds:.1f} s",
        f"at most {CHAIN_SECONDS:.0f} s",
        whole.seconds <= CHAIN_SECONDS,
    )
    yield Line(
        "  peak memory",
        f"{whole.megabytes:.0f} MB",
        f"at most {CHAIN_MEGABYTES} MB",
        whole.megabytes <= CHAIN_MEGABYTES,
    )


def table(lines: Sequence[Line]) -> str:
    """Return the lines as they are printed."""
    width = max(len(line.title) for line in lines)
    marks = {True: "met", False: "MISSED", None: ""}
    return "\n".join(
        f"{line.title:{width}}  {line.figure:24} {line.goal:24} {marks[line.met]}".rstrip() for line in lines
    )


def run(arguments: argparse.Namespace) -> list[Line]:
    """Measure what was asked for."""
    size = Size(arguments.pods, arguments.failing, arguments.images)
    with tempfile.TemporaryDirectory(prefix="image-pull-bench-") as folder:
        with filled(size, keep=arguments.keep) as (server, kubeconfig):
            place = Place(server, kubeconfig, Path(folder))
            lines, own = collecting(place, size, arguments.repeat)
            if arguments.kubernetes_core:
                lines += against_k8s_info(place, arguments.kubernetes_core, own)
            if arguments.chain:
                lines += playbook(
                    place, f"{size.failing} of {size.pods} pods failing", max(arguments.repeat // 2, 1)
                )
        if arguments.chain:
            with filled(Size(CHAIN_FAILURES, CHAIN_FAILURES, arguments.images), keep=arguments.keep) as (
                server,
                kubeconfig,
            ):
                lines += chain(Place(server, kubeconfig, Path(folder)), max(arguments.repeat // 2, 1))
    if not arguments.kubernetes_core:
        lines.append(Line("kubernetes.core.k8s_info", "not measured", "needs --kubernetes-core"))
    return lines


def parse(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pods", type=int, default=10_000)
    parser.add_argument("--failing", type=int, default=200)
    parser.add_argument("--images", type=int, default=40)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument(
        "--keep", action="store_true", help="leave the filled server running for the next time"
    )
    parser.add_argument(
        "--chain", action="store_true", help="measure the playbook, and 5,000 failing pods, too"
    )
    parser.add_argument(
        "--kubernetes-core", type=Path, metavar="DIR", help="measure k8s_info, which takes minutes, too"
    )
    parser.add_argument("--check", action="store_true", help="end with 1 where a goal is missed")
    return parser.parse_args(words)


def main() -> int:
    """Measure, print, and say whether the goals are met."""
    arguments = parse()
    lines = run(arguments)
    print(table(lines))
    return int(arguments.check and any(line.met is False for line in lines))


if __name__ == "__main__":
    sys.exit(main())
