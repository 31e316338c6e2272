# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Go program around Kubernetes' keyring: built once for each version, outside of the repository."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

from tests.lab.image_pull_lab import places, versions

SOURCES = Path(__file__).resolve().parent / "kubelet"
SHARED_KEYRING = "kubelet_until_1_32"


def find_go() -> str | None:
    """Return a Go that is new enough, on PATH or where the lab keeps its own; None where there is none."""
    wheel = versions.GO_WHEEL.partition("==")[2]
    candidates = [shutil.which("go"), str(places.cache_dir() / "go" / wheel / "go/bin/go")]
    return next((go for go in candidates if go and _version(go) >= versions.GO_MINIMUM), None)


def program(go: str, version: str) -> Path:
    """Return the program of one Kubernetes version, built if its sources have changed."""
    sources = sorted(SOURCES.glob("*.go"))
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:12]
    folder = places.cache_dir() / "keyring" / f"kubernetes-{version}-{digest}"
    built = folder / "keyring"
    if not built.exists():
        folder.mkdir(parents=True, exist_ok=True)
        for source in sources:
            shutil.copyfile(source, folder / source.name)
        _write_module(go, folder, version)
        tags = SHARED_KEYRING if _minor(version) <= (1, 32) else "netgo"
        fresh = folder / "keyring.new"
        _run([go, "build", "-trimpath", "-tags", tags, "-ldflags", "-s -w", "-o", str(fresh), "."], folder)
        fresh.rename(built)
    return built


def answers(built: Path, lines: list[str]) -> list[dict[str, object]]:
    """Return what the program says to each line."""
    result = subprocess.run(
        [str(built)], input="\n".join(lines) + "\n", capture_output=True, text=True, timeout=600, check=False
    )
    assert result.returncode == 0, result.stderr[-2000:]
    return [json.loads(line) for line in result.stdout.splitlines() if line]


def _write_module(go: str, folder: Path, version: str) -> None:
    """Pin Kubernetes; its staging modules, v0.0.0 in its own go.mod, stand for their published version."""
    what = f"k8s.io/kubernetes@v{version}"
    source = json.loads(_run([go, "mod", "download", "-json", what], folder))["Dir"]
    upstream = json.loads(_run([go, "mod", "edit", "-json", f"{source}/go.mod"], folder))
    staging = [entry["Path"] for entry in upstream["Require"] if entry["Version"] == "v0.0.0"]
    published = "v0." + version.partition(".")[2]
    lines = [
        "module keyring",
        "",
        f"go {upstream['Go']}",
        "",
        f"require k8s.io/kubernetes v{version}",
        "",
        "replace (",
        *(f"\t{path} => {path} {published}" for path in sorted(staging)),
        ")",
        "",
    ]
    (folder / "go.mod").write_text("\n".join(lines), encoding="utf-8")
    _run([go, "mod", "tidy"], folder)


def _run(argv: list[str], folder: Path) -> str:
    # A toolchain that Go fetches by itself would be a second, unpinned download.
    environment = {
        **os.environ,
        "CGO_ENABLED": "0",
        "GOTOOLCHAIN": "local",
        "GOFLAGS": "-buildvcs=false",
        "GOWORK": "off",
    }
    result = subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if result.returncode:
        raise RuntimeError(f"{' '.join(argv[:3])} failed: {result.stderr.strip()[-2000:]}")
    return result.stdout


def _version(go: str) -> tuple[int, ...]:
    try:
        said = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, check=False).stdout
        return tuple(int(part) for part in said.strip().removeprefix("go").split(".")[:2])
    except (OSError, ValueError):
        return (0,)


def _minor(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2])
