# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who answers on a node: its system, its shell, its user, and what its clock says."""

from __future__ import annotations

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence.stage import utc_now
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Gap, NodeLook, Record
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.answer import Answer, JobAnswer
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.disk_space import number
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.job import Job
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.question import NodeQuestion
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import printable

STEPS = (6, 7, 8, 9)
_LONGEST = 200

TEXT = r"""
now
say at "$NOW"
if have date; then say clock "$(date -u '+%s %N %Y-%m-%dT%H:%M:%SZ' 2>/dev/null)"; else lacks clock date; fi
_is=sh
if [ -n "$BASH_VERSION" ]; then _is="bash $BASH_VERSION"
elif [ -n "$KSH_VERSION" ]; then _is="ksh $KSH_VERSION"
elif [ -n "$ZSH_VERSION" ]; then _is="zsh $ZSH_VERSION"
else
  _is=
  for _ie in /bin/dash /bin/busybox /bin/ash /usr/bin/dash /usr/bin/busybox; do
    [ /proc/$$/exe -ef "$_ie" ] 2>/dev/null && _is=${_ie##*/} && break
  done
  [ -z "$_is" ] && [ -h /proc/$$/exe ] && have readlink && _is=$(readlink -f /proc/$$/exe 2>/dev/null)
  _is=${_is##*/}
fi
say shell "${_is:-sh}"
for _if in /etc/os-release /usr/lib/os-release; do
  [ -r "$_if" ] || continue
  while IFS= read -r _il || [ -n "$_il" ]; do
    case $_il in PRETTY_NAME=*) say system "${_il#*=}" ; break ;; esac
  done <"$_if"
  break
done
read -r _ik _ 2>/dev/null </proc/sys/kernel/osrelease && say kernel "$_ik"
_iu=
while read -r _il; do
  case $_il in Uid:*) set -- $_il; _iu=$3; break ;; esac
done 2>/dev/null </proc/self/status
if [ "$_iu" = 0 ]; then say user root
elif have id; then
  say user "$(id -un 2>/dev/null || id -u)"
  [ "$_iu" ] || _iu=$(id -u)
fi
[ -z "$_iu" ] || say uid "$_iu"
read -r _iu _ 2>/dev/null </proc/uptime && say uptime "${_iu%%.*}"
read -r _im 2>/dev/null </etc/machine-id && say machine "$_im"
read -r _ib 2>/dev/null </proc/sys/kernel/random/boot_id && say boot "$_ib"
"""


def jobs(question: NodeQuestion) -> list[Job]:
    """Return the one job that asks who answers."""
    return [Job("identity", TEXT, seconds=3, most_bytes=4096)]


def records(answer: Answer, question: NodeQuestion) -> list[Record]:
    """Return the NodeLook, and Gaps for what the user that answers may not read."""
    found: list[Record] = [look(answer, question.node)]
    if not answer.reached:
        return [
            *found,
            Gap(f"{question.node}: the node's own view", answer.why, "what the node itself meets", STEPS),
        ]
    job = answer.job("identity")
    uid = job.fact("uid")
    if uid is not None and uid != "0":
        user = printable(job.fact("user") or uid, 60)
        found.append(
            Gap(
                f"{question.node}: what only root can read",
                f"the probe ran as {user}, not as root: use become",
                "the image store, the runtime's configuration and client, and parts of the logs may be unseen",
                (6, 8),
            )
        )
    if job.trouble:
        found.append(
            Gap(f"{question.node}: system, user and clock", job.trouble, "whether the clock is right", (7,))
        )
    elif clock_difference(answer) is None:
        found.append(
            Gap(
                f"{question.node}: the clock",
                "no tool (date)" if "clock" in job.lacks else "what it says is no time",
                "whether certificates look expired or not yet valid because the clock is wrong",
                (7,),
            )
        )
    return found


def another_machine(answer: Answer, question: NodeQuestion) -> str:
    """Return why what answered is not the node that was asked for, an empty text where it is or nothing tells.

    Names and private addresses repeat from cluster to cluster. A kubelet reports both ids when it starts
    (``status.nodeInfo``); the boot changes when the node is booted anew, and machines that were copied share the other,
    so only where both are known and both differ it is another machine.
    """
    job = answer.job("identity")
    machine, boot = job.fact("machine") or "", job.fact("boot") or ""
    if not (machine and boot and question.machine_id and question.boot_id):
        return ""
    if machine.replace("-", "") == question.machine_id.replace("-", "") or boot == question.boot_id:
        return ""
    return (
        f"another machine answered: the API server knows {printable(question.node, 100)} with machine id "
        f"{printable(question.machine_id, 40)}, this one has {printable(machine, 40)}"
    )


def look(answer: Answer, node: str) -> NodeLook:
    """Return what is told of the look itself; for a node that was not reached, why."""
    job = answer.job("identity")
    return NodeLook(
        node=node,
        way=answer.way,
        reached=answer.reached,
        at=utc_now(),
        why=printable(answer.why or answer.problem, 300),
        complete=answer.complete,
        seconds=round(answer.seconds, 2),
        clock_difference=clock_difference(answer),
        system=_system(job),
        shell=printable(job.fact("shell") or "", 60),
        user=printable(job.fact("user") or job.fact("uid") or "", 60),
        uptime=number(job.fact("uptime") or ""),
    )


def clock_difference(answer: Answer) -> float | None:
    """Return the node's clock minus the controller's in seconds, null where it was not read.

    The script began after the way there and before the way back; both are taken to be equally long, so that the
    error is half of what the round trip took beyond the script itself. A difference within that error is 0.
    """
    job = answer.job("identity")
    at, clock = job.fact("at") or "", (job.fact("clock") or "").split()
    if not (at.isdigit() and clock and clock[0].isdigit() and len(clock[0]) < 12 and len(at) < 16):
        return None
    if answer.started is None or answer.node_seconds is None:
        return None
    nanoseconds = clock[1] if len(clock) > 2 and clock[1].isdigit() and len(clock[1]) == 9 else "500000000"
    theirs = int(clock[0]) + int(nanoseconds) / 1e9
    way = max(0.0, answer.seconds - answer.node_seconds) / 2
    ours = answer.asked_at + way + max(0.0, (int(at) - answer.started) / 100)
    difference = theirs - ours
    return 0.0 if abs(difference) <= way else round(difference, 2)


def _system(job: JobAnswer) -> str:
    name = printable((job.fact("system") or "").strip("\"'"), _LONGEST)
    kernel = printable(job.fact("kernel") or "", 80)
    return f"{name}, Linux {kernel}" if name and kernel else name or (f"Linux {kernel}" if kernel else "")
