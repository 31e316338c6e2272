# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's command line."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from . import binaries, cleanup, debian, doctor, places, state, versions
from .errors import LabError, LabUnavailable
from .lab import Lab

#: The exit code by which build tools tell "skipped here" from "failed".
CANNOT_RUN_HERE = 77


def main(arguments: Sequence[str] | None = None) -> int:
    """0: done. 1: failed. 77: the lab cannot run on this machine, and the text says why."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _terminate)
    try:
        return int(options.run(options) or 0)
    except LabUnavailable as error:
        print(f"lab: cannot run here: {error}", file=sys.stderr)
        return CANNOT_RUN_HERE
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    except ValueError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _terminate(number: int, frame: FrameType | None) -> None:
    # An exception lets a half-started lab be cleared away.
    raise SystemExit(128 + number)


def _say(text: str) -> None:
    print(f"lab: {text}", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lab", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: object, text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(run=run)
        return added

    named = argparse.ArgumentParser(add_help=False)
    named.add_argument(
        "--name", default=places.DEFAULT_LAB, help="which lab, where several run (%(default)s)"
    )
    versioned = argparse.ArgumentParser(add_help=False)
    known = ", ".join(versions.KUBERNETES)
    versioned.add_argument("--kubernetes", default=versions.DEFAULT_KUBERNETES, help=f"{known} (%(default)s)")
    versioned.add_argument("--data-only", action="store_true", help="etcd and API server only; needs no root")

    doctor_ = command(
        "doctor", _doctor, f"say what is missing here; exit {CANNOT_RUN_HERE} when nothing could bring it"
    )
    install = command("install", _install, "install missing Debian packages (as root), starting no service")
    build = command("build", _build, "build Kubernetes, containerd and distribution into the cache")
    up = command("up", _up, "start a lab, or say that it runs")
    for added in (doctor_, install, build, up):
        for action in versioned._actions:
            added._add_action(action)
    up.add_argument("--owner", type=int, help="process id; the lab ends with that process")
    down = command("down", _down, "end a lab and remove all it made")
    describe = command("describe", _describe, "what runs, addresses, kubeconfigs, as JSON")
    status = command("status", _status, "one line for each lab of this machine")
    kubeconfig = command("kubeconfig", _kubeconfig, "print the path of a user's kubeconfig")
    kubeconfig.add_argument("user", nargs="?", default="admin")
    ssh = command("ssh", _ssh, "a shell, or a command, on a node")
    ssh.add_argument("node")
    ssh.add_argument("words", nargs=argparse.REMAINDER)
    inside = command("exec", _exec, "run a command of the host in the lab's network, with its DNS and CA")
    inside.add_argument("words", nargs=argparse.REMAINDER)
    command("sweep", _sweep, "clear away what killed runs left")
    for added in (up, down, describe, kubeconfig, ssh, inside):
        for action in named._actions:
            added._add_action(action)
    del status
    return parser


def _doctor(options: argparse.Namespace) -> int:
    version = versions.resolve(options.kubernetes)
    missing = doctor.examine(version, data_only=options.data_only)
    for one in missing:
        print(one)
    if not missing:
        print(f"the lab with Kubernetes {version.version} can run here")
        return 0
    return CANNOT_RUN_HERE if doctor.unmendable(missing) else 1


def _install(options: argparse.Namespace) -> None:
    missing = doctor.examine(versions.resolve(options.kubernetes), data_only=options.data_only)
    if blocked := doctor.unmendable(missing):
        raise LabUnavailable("; ".join(map(str, blocked)))
    doctor.install(missing, _say)
    if not options.data_only:
        for runtime in debian.RUNTIMES:
            try:
                debian.layer(runtime)
            except LabUnavailable as reason:
                _say(f"no {runtime} nodes: {reason}")


def _build(options: argparse.Namespace) -> None:
    binaries.build(versions.resolve(options.kubernetes), _say, doctor.programs(options.data_only))


def _up(options: argparse.Namespace) -> None:
    lab = Lab.up(
        options.kubernetes, name=options.name, data_only=options.data_only, owner=options.owner, say=_say
    )
    print(f"export KUBECONFIG={lab.kubeconfig()}")


def _down(options: argparse.Namespace) -> None:
    folder = state.Folder(options.name)
    if not folder.path.exists():
        _say(f"no lab {options.name!r} is up")
    with folder.lock():
        cleanup.clear(folder)
    cleanup.sweep(_say)


def _describe(options: argparse.Namespace) -> None:
    print(json.dumps(Lab.attach(options.name).describe(), indent=2))


def _status(options: argparse.Namespace) -> None:
    del options
    for folder in state.folders():
        current = folder.read()
        if current is None:
            print(f"{folder.path.name}: left behind by a run that was killed")
            continue
        dead = folder.processes.dead()
        words = "starting or left behind" if not current.ready else "up"
        words = f"not whole, has lost {', '.join(dead)}" if dead else words
        kind = ", data only" if current.data_only else f", {len(current.nodes)} nodes"
        print(f"{current.name}: Kubernetes {current.kubernetes}{kind}: {words}")


def _kubeconfig(options: argparse.Namespace) -> None:
    print(Lab.attach(options.name).kubeconfig(options.user))


def _ssh(options: argparse.Namespace) -> None:
    argv = [*Lab.attach(options.name).node(options.node).ssh_argv(), *options.words]
    os.execvp(argv[0], argv)


def _exec(options: argparse.Namespace) -> None:
    words = options.words[1:] if options.words[:1] == ["--"] else options.words
    argv = [*Lab.attach(options.name).inside(), *words]
    os.execvp(argv[0], argv)


def _sweep(options: argparse.Namespace) -> None:
    del options
    cleanup.sweep(_say)
