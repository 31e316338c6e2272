# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node that is a folder: the jobs of a slice run with a real shell, and find their files and processes below it."""

from __future__ import annotations

import dataclasses
import os
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    ConfigProblem,
    EndpointFact,
    Record,
    RuntimeFact,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node import config, runtime_script
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.answer import Answer
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.job import Job
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.question import (
    ImageAsked,
    NodeQuestion,
)

from tests.unit.plugins.module_utils._node.shells import run

_MOVED = re.compile(
    r"(?:(?<=unix://)|(?<![\w$}./]))/(?=(?:etc|proc|usr/share|usr/lib|usr/local/lib|lib/systemd|var|run)/)"
)


class FakeNode:
    """Write files and processes, then ask. Absolute paths in what is written are moved below the folder as well."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write("/proc/uptime", "50000.00 90000.00\n")
        self.write("/proc/1/environ", "")
        self.write("/proc/1/comm", "systemd\n")
        self.write("/proc/1/cgroup", "0::/init.scope\n")

    def write(self, path: str, text: str, *, changed: bool = False) -> None:
        """Write a file that is older than every process, unless it was ``changed`` since."""
        target = self.folder / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(self._moved(text), encoding="utf-8", errors="surrogateescape")
        if not changed:
            before = time.time() - 40_000
            os.utime(target, (before, before))

    def process(
        self,
        name: str,
        pid: int,
        arguments: Sequence[str] = (),
        environ: Mapping[str, str] | None = None,
        unit: str = "",
        state: str = "S",
        *,
        uid: int = 0,
        parent: int = 1,
        began: int = 40_000,
        cgroup: str = "",
    ) -> None:
        """A living process that ``began`` so many seconds after the node was started."""
        own = f"/proc/{pid}"
        self.write(f"{own}/comm", f"{name}\n")
        fields = [state, str(parent), *["0"] * 17, f"{began}00", "0", "0"]
        self.write(f"{own}/stat", f"{pid} ({name}) {' '.join(fields)}\n")
        self.write(f"{own}/cmdline", "".join(f"{one}\0" for one in (name, *arguments)))
        self.write(f"{own}/environ", "".join(f"{key}={value}\0" for key, value in (environ or {}).items()))
        self.write(f"{own}/status", f"Name:\t{name}\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\nGid:\t0\t0\t0\t0\n")
        self.write(f"{own}/cgroup", f"0::{cgroup or (f'/system.slice/{unit}' if unit else '/')}\n")

    def ask(self, jobs: Sequence[Job], shell: str = "dash", *, runtime: str = "", before: str = "") -> Answer:
        """Run ``jobs`` after ``before`` (sh, as functions in the place of tools) and the preface."""
        moved = [dataclasses.replace(job, text=self._moved(job.text)) for job in jobs]
        preface = f"{before}\n{self._moved(runtime_script.preface(runtime))}"
        answer = run(moved, shell, preface=preface)
        root = str(self.folder)
        return dataclasses.replace(
            answer,
            jobs={
                name: dataclasses.replace(
                    job,
                    facts={
                        key: tuple(one.replace(root, "") for one in values)
                        for key, values in job.facts.items()
                    },
                    blocks=tuple(
                        dataclasses.replace(block, text=block.text.replace(root, "")) for block in job.blocks
                    ),
                )
                for name, job in answer.jobs.items()
            },
        )

    def variables(self, shell: str = "dash", *, runtime: str = "", before: str = "") -> dict[str, str]:
        """What ``find_runtime`` sets."""
        names = ("", "_VARIANT", "_PID", "_UNIT", "_SOCKET", "_CONFIG", "_ROOT", "_CERTS", "_HTTPS_PROXY")
        names += ("_HTTP_PROXY", "_NO_PROXY", "_PROXY_FROM", "_KUBELET_PID", "_ENDPOINT")
        names += ("_CERT_FILE", "_CERT_DIR", "_KUBELET_ARGUMENTS")
        text = "\n".join(f'say rt{name.lower()} "$RT{name}"' for name in names)
        job = self.ask([Job("found", text)], shell, runtime=runtime, before=before).job("found")
        return {f"RT{name}": job.fact(f"rt{name.lower()}") or "" for name in names}

    def look(self, *images: str, runtime: str = "", shell: str = "dash", before: str = "") -> Looked:
        question = NodeQuestion(node="n1", images=tuple(ImageAsked(one) for one in images), runtime=runtime)
        # Clients of the real machine's runtimes would answer for this one.
        jobs = [job for job in config.jobs(question) if job.name != "runtime_answer"]
        return Looked(config.records(self.ask(jobs, shell, runtime=runtime, before=before), question))

    def moved_in(self, variables: Mapping[str, str]) -> dict[str, str]:
        """Variables of a job with their paths moved below the folder."""
        return {key: self._moved(text) for key, text in variables.items()}

    def _moved(self, text: str) -> str:
        return _MOVED.sub(f"{self.folder}/", text)


class Looked:
    """The records of one look, by kind."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.records = records

    @property
    def runtime(self) -> RuntimeFact:
        return next(one for one in self.records if isinstance(one, RuntimeFact))

    @property
    def problems(self) -> dict[str, ConfigProblem]:
        return {one.key: one for one in self.records if isinstance(one, ConfigProblem)}

    @property
    def gaps(self) -> list[str]:
        return [one.to_dict()["check"] for one in self.records if type(one).__name__ == "Gap"]

    def endpoints(self, registry: str) -> list[EndpointFact]:
        found = [one for one in self.records if isinstance(one, EndpointFact) and one.registry == registry]
        return sorted(found, key=lambda one: one.position)

    def urls(self, registry: str) -> list[str]:
        return [one.url for one in self.endpoints(registry)]
