# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The manual pull on real nodes: what it says of each fault, what it leaves, and where the credential shows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.by_hand import Command, result
from tests.lab.image_pull_lab.errors import LabUnavailable
from tests.lab.image_pull_lab.lab import Lab
from tests.lab.image_pull_lab.nodes import Node
from tests.lab.image_pull_lab.processes import wait_until
from tests.lab.image_pull_lab.runtime_config import NodeSettings
from tests.lab.pulling import FOLDER, NAMESPACE, ProcessWatch, begin, left, pull, remains, secret_forms

OK = "registry.reg.test/app/web:1.0.0"
TAINT = ("lab=pull:NoSchedule",)
#: A mirror that swallows every packet, before the registry itself: a pull from there lasts as long as it may.
HANGING_MIRROR = """server = "https://basic.reg.test"

[host."https://mirror.blackhole.test"]
  capabilities = ["pull", "resolve"]
"""


@pytest.fixture(scope="module")
def node(lab: Lab) -> Iterator[Node]:
    settings = NodeSettings(taints=TAINT, hosts_toml={"basic.reg.test": HANGING_MIRROR})
    yield lab.add_node("patient", settings)
    lab.remove_node("patient")


@pytest.fixture
def member(lab: Lab) -> dict[str, str]:
    return {"username": lab.accounts.member, "password": lab.accounts.member_password}


def kubelets_images(node: Node) -> str:
    return node.ssh("ctr -n k8s.io images ls -q").stdout


def blobs(node: Node) -> str:
    folder = "/var/lib/containerd/io.containerd.content.v1.content/blobs/sha256"
    return node.ssh(f"ls {folder}", check=False).stdout


def test_a_healthy_pull_unpacks_the_image_and_leaves_nothing(node: Node, tmp_path: Path) -> None:
    before = kubelets_images(node), blobs(node)

    found = pull(node, tmp_path, image=OK)

    assert found["outcome"] == "pulled"
    assert not found["changed"]
    (trial,) = found["pull_trials"]
    assert trial["removed"] is True
    assert trial["digest"].startswith("sha256:")
    assert trial["bytes"] > 1_000_000
    assert trial["client"] == "ctr"
    assert left(node) == ""
    assert (kubelets_images(node), blobs(node)) == before


FAULTS = {
    "wrong tag": ("registry.reg.test/app/ok:nix", "tag_not_found", "manifest"),
    "CA missing on the node": ("untrusted.reg.test/app/ok:1", "tls_untrusted", "tls"),
    "hosts.toml does not decode": ("bad-toml.reg.test/app/ok:1", "tls_untrusted", "tls"),
    "no such host": ("registry.nowhere.test/app/ok:1", "dns_failure", "dns"),
    "corrupt layer": ("registry.reg.test/broken/layer:1", "digest_mismatch", "blob"),
    "layer that shows only when it is unpacked": (
        "registry.reg.test/broken/diff-id:1",
        "digest_mismatch",
        "unpack",
    ),
    "no such platform": ("registry.reg.test/app/index:1", "platform_mismatch", "manifest"),
    "CDN without an address": ("cdn-nxdomain.reg.test/fault/cdn-nxdomain:1", "dns_failure", "dns"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_in_the_clients_words_with_its_hop(node: Node, tmp_path: Path, fault: str) -> None:
    image, cause, hop = FAULTS[fault]

    found = pull(node, tmp_path, image=image)

    assert (found["outcome"], found["cause"], found["hop"]) == ("failed", cause, hop), found["text"]
    assert left(node) == ""


def test_another_platform_can_be_pulled(node: Node, tmp_path: Path) -> None:
    assert (
        pull(node, tmp_path, image="registry.reg.test/app/multi:1", platform="linux/arm64")["outcome"]
        == "pulled"
    )
    absent = pull(node, tmp_path, image="registry.reg.test/app/index:1", platform="linux/mips64le")
    assert (absent["outcome"], absent["cause"]) == ("failed", "platform_mismatch")


def test_a_dead_mirror_does_not_hide_a_good_origin(node: Node, tmp_path: Path) -> None:
    found = pull(node, tmp_path, image="mirror-refused.reg.test/app/ok:1")

    assert found["outcome"] == "pulled"
    assert found["endpoints"] == ["https://refused.reg.test", "https://registry.reg.test"]


def test_a_black_hole_costs_the_deadline_and_leaves_nothing(node: Node, tmp_path: Path) -> None:
    found = pull(node, tmp_path, image="registry.blackhole.test/app/ok:1", seconds=3)

    assert (found["outcome"], found["cause"]) == ("timeout", "timeout")
    assert left(node) == ""


PRIVATE = {
    "Basic": "v3-basic.reg.test/acme/app:1",
    "a token": "token.reg.test/acme/app:1",
    "Docker Hub": "docker.io/acme/app:1",
}


@pytest.mark.parametrize("login", PRIVATE)
def test_a_private_image_needs_the_credential_which_no_process_shows(
    lab: Lab, node: Node, member: dict[str, str], tmp_path: Path, login: str
) -> None:
    image = PRIVATE[login]
    forms = secret_forms(member["username"], member["password"])

    without = pull(node, tmp_path / "without", image=image)
    with ProcessWatch(forms) as watch:
        found = pull(node, tmp_path / "with", image=image, credential=member)
    wrong = pull(
        node, tmp_path / "wrong", image=image, credential={**member, "password": "not-the-one-it-is"}
    )

    assert without["outcome"] == "failed"
    assert found["outcome"] == "pulled", found["text"]
    assert found["pull_trials"][0]["credential"]["username"] == member["username"]
    assert (wrong["outcome"], wrong["cause"]) == ("failed", "auth_invalid"), wrong["text"]
    assert watch.found == set()
    assert watch.rounds > 3
    assert left(node) == ""


def test_the_blob_host_gets_no_credential(
    lab: Lab, node: Node, member: dict[str, str], tmp_path: Path
) -> None:
    found = pull(node, tmp_path, image="docker.io/acme/app:2", credential=member)

    assert found["outcome"] == "pulled", found["text"]
    asked = [one for one in lab.registry_log() if one.host == "production.cloudflare.docker.com"]
    assert asked
    assert not [one for one in asked if one.authorization]


def test_a_token_service_that_hangs_sees_the_credential_and_no_process_list_does(
    node: Node, member: dict[str, str], tmp_path: Path
) -> None:
    with ProcessWatch(secret_forms(member["username"], member["password"])) as watch:
        found = pull(node, tmp_path, image="token-blackhole.reg.test/acme/app:1", credential=member)

    assert found["outcome"] == "failed"
    assert (found["cause"], found["hop"]) == ("timeout", "token_service"), found["text"]
    assert "curl" in watch.clients
    assert watch.found == set()
    assert left(node) == ""


def hanging(node: Node, folder: Path, member: dict[str, str], seconds: int = 60) -> Command:
    """A pull with a credential that is under way, and hangs."""
    begun = begin(node, folder, image="basic.reg.test/acme/app:1", credential=member, seconds=seconds)
    wait_until(
        lambda: (
            node.ssh(f"cat {FOLDER}/client", check=False).stdout != "" or begun.process.poll() is not None
        ),
        "the pull's beginning",
        60,
    )
    assert begun.process.poll() is None, begun.log.read_text()
    return begun


def test_while_it_lasts_the_credential_is_in_one_private_file_and_nowhere_else(
    node: Node, member: dict[str, str], tmp_path: Path
) -> None:
    forms = secret_forms(member["username"], member["password"])
    with ProcessWatch(forms) as watch:
        begun = hanging(node, tmp_path, member, seconds=8)
        listed = node.ssh(f"find {FOLDER} -printf '%m %y %u %P\\n'").stdout.splitlines()
        patterns = "\n".join(form.decode() for form in forms)
        search = "grep -rlF -f - /run /dev/shm /tmp /var/tmp /var/log /etc /root 2>/dev/null | grep -v /run/containerd"
        holders = node.ssh(search, stdin=patterns + "\n", check=False).stdout.split()
        found = result(begun.output())

    assert found["outcome"] == "timeout"
    assert {line.split()[0] for line in listed if line.split()[1] == "f"} == {"600"}
    assert {line.split()[0] for line in listed if line.split()[1] == "d"} == {"700"}
    assert holders == [f"{FOLDER}/certs/basic.reg.test/hosts.toml"]
    assert watch.found == set()
    assert "ctr" in watch.clients
    assert left(node) == ""
    journal = node.ssh("journalctl --no-pager --output=export").stdout
    output = begun.log.read_text()
    for form in forms:
        assert form.decode() not in journal
        assert form.decode() not in output


def test_a_killed_play_leaves_nothing_beyond_the_deadline(
    node: Node, member: dict[str, str], tmp_path: Path
) -> None:
    hanging(node, tmp_path, member, seconds=6).kill()

    wait_until(lambda: remains(node) == "", "the end of what the killed play left", 6 + 40)


def test_a_script_that_is_killed_on_the_node_is_cleaned_after(
    node: Node, member: dict[str, str], tmp_path: Path
) -> None:
    begun = hanging(node, tmp_path, member)
    # The janitor's last argument but one is the process that it waits for, and that one's group is the whole script.
    job = "$(ps -eo args | awk '/image-pull-janitor/ && !/awk/ { print $(NF - 1) }')"
    node.ssh(f"kill -KILL -- -$(ps -o pgid= -p {job} | tr -d ' ')")

    wait_until(lambda: remains(node) == "", "the end of what the killed script left", 30)
    begun.kill()


def test_what_an_earlier_pull_left_is_swept(node: Node, tmp_path: Path) -> None:
    node.ssh(f"mkdir -m 700 {FOLDER} && echo 1 > {FOLDER}/until && echo x > {FOLDER}/old")
    node.ssh(f"ctr -n {NAMESPACE} images pull {OK}")

    assert pull(node, tmp_path, image="registry.reg.test/app/ok:nix")["outcome"] == "failed"
    assert left(node) == ""


def test_two_pulls_on_one_node_do_not_meet(node: Node, tmp_path: Path) -> None:
    node.ssh(f"mkdir -m 700 {FOLDER} && echo 99999999999 > {FOLDER}/until")
    try:
        found = pull(node, tmp_path, image=OK)
    finally:
        node.ssh(f"rm -r {FOLDER}")

    assert found["outcome"] == "not_tried"
    assert "under way" in found["text"]


def test_what_is_kept_stays_out_of_the_kubelets_sight(node: Node, tmp_path: Path) -> None:
    before = kubelets_images(node)
    found = pull(node, tmp_path, image=OK, keep=True)
    kept = node.ssh(f"ctr -n {NAMESPACE}-kept images ls -q").stdout
    node.ssh(f"ctr -n {NAMESPACE}-kept images rm --sync {OK} && ctr namespaces rm {NAMESPACE}-kept")

    assert (found["outcome"], found["changed"]) == ("pulled", True)
    assert found["pull_trials"][0]["removed"] is False
    assert kept == f"{OK}\n"
    assert kubelets_images(node) == before
    assert left(node) == ""


def test_check_mode_says_what_it_would_do_and_asks_no_registry(
    lab: Lab, node: Node, member: dict[str, str], tmp_path: Path
) -> None:
    asked = len(lab.registry_log())

    found = pull(
        node, tmp_path, check_mode=True, image="mirror-refused.reg.test/app/web:1.1.0", credential=member
    )

    assert found["outcome"] == "not_tried"
    assert "ctr would pull mirror-refused.reg.test/app/web:1.1.0" in found["text"]
    assert "https://refused.reg.test, then https://registry.reg.test" in found["text"]
    assert member["password"] not in found["text"]
    assert len(lab.registry_log()) == asked
    assert left(node) == ""


def test_a_disk_that_is_nearly_full_is_not_filled(lab: Lab, tmp_path: Path) -> None:
    small = lab.add_node("small", NodeSettings(containerd_storage="48m", taints=TAINT))
    try:
        found = pull(small, tmp_path, image="registry.reg.test/app/huge:1", size_bytes=60_000_000)
        assert found["outcome"] == "not_tried"
        assert "would fill the disk" in found["text"]
        unknown = pull(small, tmp_path, image="registry.reg.test/app/huge:1")
        assert (unknown["outcome"], unknown["cause"]) == ("failed", "disk_full"), unknown["text"]
        assert left(small) == ""
    finally:
        lab.remove_node("small")


def test_a_runtime_that_hangs_is_not_asked_to_pull(lab: Lab, tmp_path: Path) -> None:
    hung = lab.add_node("hung-one", NodeSettings(taints=TAINT))
    try:
        hung.ssh("kill -STOP $(pidof containerd)")
        found = pull(hung, tmp_path, image=OK)
    finally:
        lab.remove_node("hung-one")

    assert found["outcome"] == "not_tried"
    assert "does not answer" in found["text"]


@pytest.mark.parametrize("runtime", ["docker", "podman"])
def test_docker_and_podman_pull_with_a_private_configuration_and_tidy_up(
    lab: Lab, member: dict[str, str], tmp_path: Path, runtime: str
) -> None:
    try:
        host = lab.add_node(f"with-{runtime}", NodeSettings(runtime=runtime))
    except LabUnavailable as reason:
        pytest.skip(str(reason))
    try:
        host.ssh(f"{runtime} pull -q registry.reg.test/app/ok:1")
        # A name that the registry has another image for by now: what the node has stays what it is.
        host.ssh(f"{runtime} tag registry.reg.test/app/ok:1 {OK}")
        # docker lists the names of one image in no order.
        listed = f"{runtime} images --no-trunc --format '{{{{.Repository}}}}:{{{{.Tag}}}} {{{{.ID}}}}' | sort"
        before = host.ssh(listed).stdout
        with ProcessWatch(secret_forms(member["username"], member["password"])) as watch:
            found = pull(host, tmp_path, image="token.reg.test/acme/app:1", credential=member)
        again = pull(host, tmp_path, image="registry.reg.test/app/ok:1")
        moved = pull(host, tmp_path, image=OK)
        wrong = pull(host, tmp_path, image="registry.reg.test/app/ok:nix")

        assert (found["outcome"], again["outcome"]) == ("pulled", "pulled"), (found["text"], again["text"])
        assert found["pull_trials"][0]["client"] == runtime
        assert again["pull_trials"][0]["was_there"] is True
        assert (wrong["outcome"], wrong["cause"]) == ("failed", "tag_not_found")
        assert watch.found == set()
        assert (moved["outcome"], moved["pull_trials"][0]["removed"]) == ("pulled", True)
        assert host.ssh(listed).stdout == before
        assert left(host) == ""
    finally:
        lab.remove_node(f"with-{runtime}")


def test_where_there_is_busybox_alone_it_is_not_tried(lab: Lab, tmp_path: Path) -> None:
    bare = lab.add_node("bare-one", NodeSettings(busybox_only=True, taints=TAINT))
    try:
        found = pull(bare, tmp_path, image=OK)
    finally:
        lab.remove_node("bare-one")

    assert found["outcome"] == "not_tried"
    assert "no client of containerd" in found["text"]
    assert found["not_checked"][0]["check"] == f"bare-one: the manual pull of {OK}"
