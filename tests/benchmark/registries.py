# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What asking registries costs: 200 images over 8 hosts that answer after 100 ms, and with one of the hosts dead.

    python tests/benchmark/registries.py [--check] [--repeat 3] [--crane PATH]

``--crane`` asks for the same images through google/go-containerregistry's crane, one after the other, for comparison.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from tests.benchmark.measure import measure, median
from tests.benchmark.payload import payload
from tests.benchmark.run import Line, table
from tests.benchmark.slow_registries import IMAGES, PASSWORD, USER

MODULE = "kube_runbooks.image_pull.registry_image_info"
MOST_SECONDS = 2.0
MOST_REQUESTS = 3
MOST_MEGABYTES = 120
MOST_TIMES_WITH_DEAD_HOST = 1.15
BESIDE = Path(__file__).parent


@dataclass
class Registries:
    """The registries that run, and the images on them."""

    process: subprocess.Popen[str]
    folder: Path
    ca: str
    hosts: list[str]

    def requests(self) -> int:
        """How many requests they have answered so far."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def images(self) -> list[str]:
        """One index and one single image in turn, spread over the hosts."""
        return [
            f"{self.hosts[number % len(self.hosts)]}/team/app{number}:{'single' if number // 8 % 2 else 'index'}"
            for number in range(IMAGES)
        ]


@contextlib.contextmanager
def registries(folder: Path) -> Iterator[Registries]:
    """Run the registries in a process of their own."""
    command = [sys.executable, str(BESIDE / "slow_registries.py"), str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        try:
            yield Registries(process, folder, told["ca"], told["hosts"])
        finally:
            process.terminate()


def asking(run: Registries, repeat: int) -> Iterator[Line]:
    """The module as a process, start-up included."""
    credentials = [{"registry": host, "username": USER, "password": PASSWORD} for host in run.hosts]
    options = {"images": run.images(), "credentials": credentials, "ca_file": run.ca, "proxy": ""}
    module = payload(MODULE, options, run.folder / "module")
    samples, output, requests = [], run.folder / "output", 0
    for dummy in range(repeat):
        before = run.requests()
        samples.append(measure([sys.executable, str(module)], output=output))
        requests = run.requests() - before
        result = json.loads(output.read_text())
        if result["not_found"] or len(result["images"]) != IMAGES:
            raise RuntimeError(f"{len(result['not_found'])} of {IMAGES} images were not found")
    # The first images of a host find out what it asks for, and where its blobs are.
    most = sorted(entry["requests"] for entry in result["images"])[-len(run.hosts) * 2 - 1]
    own = median(samples)
    yield Line(
        f"{IMAGES} images over {len(run.hosts)} hosts, 100 ms an answer",
        f"{own.seconds:.2f} s (CPU {own.cpu:.2f} s)",
        f"at most {MOST_SECONDS:.0f} s",
        own.seconds <= MOST_SECONDS,
    )
    yield Line(
        "  peak memory",
        f"{own.megabytes:.0f} MB",
        f"at most {MOST_MEGABYTES} MB",
        own.megabytes <= MOST_MEGABYTES,
    )
    each = requests / IMAGES
    yield Line(
        "  requests for an image, at most (but for the first two of a host) and on average",
        f"{most}, {each:.2f}",
        f"at most {MOST_REQUESTS}",
        most <= MOST_REQUESTS and each <= MOST_REQUESTS,
    )


def with_a_dead_host(run: Registries, repeat: int) -> Iterator[Line]:
    """When the last image of the seven living hosts was answered, beside eight living ones and beside a dead one."""
    living = set(run.hosts[1:])
    with dead_host() as dead:
        well = min(_last(run, run.images(), living) for dummy in range(repeat))
        images = [image.replace(run.hosts[0], dead) for image in run.images()]
        ill = min(_last(run, images, living) for dummy in range(repeat))
    times = ill / well
    yield Line("seven hosts beside a living eighth", f"{well:.2f} s")
    yield Line(
        "  beside a dead one",
        f"{ill:.2f} s",
        f"at most {MOST_TIMES_WITH_DEAD_HOST} times",
        times <= MOST_TIMES_WITH_DEAD_HOST,
    )


def _last(run: Registries, images: list[str], hosts: set[str]) -> float:
    plan = run.folder / "plan.json"
    plan.write_text(json.dumps(images))
    command = [sys.executable, str(BESIDE / "ask_registries.py"), run.ca, str(plan)]
    told = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    if told["found"] < IMAGES * len(hosts) // 8:
        raise RuntimeError(f"only {told['found']} images were found")
    return max(told["seconds"][host] for host in hosts)


@contextlib.contextmanager
def dead_host() -> Iterator[str]:
    """A port whose queue is full: the kernel drops what more comes."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for dummy in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield f"127.0.0.1:{listener.getsockname()[1]}"


def through_crane(run: Registries, crane: str) -> Iterator[Line]:
    """The same images, one after the other, with the same credential and authority."""
    auths = {host: {"username": USER, "password": PASSWORD} for host in run.hosts}
    (run.folder / "config.json").write_text(json.dumps({"auths": auths}))
    environment = {**os.environ, "DOCKER_CONFIG": str(run.folder), "SSL_CERT_FILE": run.ca}
    script = "\n".join(f"'{crane}' digest {image} || exit 1" for image in run.images())
    before = run.requests()
    sample = measure(["sh", "-c", script], output=run.folder / "output", environment=environment)
    each = (run.requests() - before) / IMAGES
    yield Line("crane digest, one after the other", f"{sample.seconds:.1f} s, {each:.1f} requests each")


def run(arguments: argparse.Namespace) -> list[Line]:
    """Measure what was asked for."""
    with tempfile.TemporaryDirectory(prefix="image-pull-bench-") as name, registries(Path(name)) as served:
        lines = [*asking(served, arguments.repeat), *with_a_dead_host(served, arguments.repeat)]
        crane = arguments.crane or shutil.which("crane")
        if crane:
            lines += through_crane(served, crane)
        else:
            lines.append(Line("crane digest, one after the other", "not measured", "needs --crane"))
    return lines


def parse(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--crane", metavar="PATH", help="ask for the same images through crane, too")
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
