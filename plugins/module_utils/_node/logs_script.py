# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The logs of runtimes and kubelet, as POSIX sh: only lines that hold one of some fixed texts leave the node.

journald is asked for the newest lines first, so that what a limit cuts off is the oldest; log files are read from their
end. Source of the names: the units of the Debian, RPM, k3s, RKE2 and microk8s packages; k3s and RKE2 write the log of
their containerd into a file of its own (k3s documentation, "Logs").
"""

from __future__ import annotations

RUNTIME_UNITS = (
    "containerd",
    "docker",
    "cri-docker",
    "crio",
    "k3s",
    "k3s-agent",
    "rke2-server",
    "rke2-agent",
    "snap.microk8s.daemon-containerd",
)
KUBELET_UNITS = ("kubelet", "snap.microk8s.daemon-kubelite")
RUNTIME_FILES = (
    "/var/lib/rancher/k3s/agent/containerd/containerd.log",
    "/var/lib/rancher/rke2/agent/containerd/containerd.log",
    "/var/log/containerd.log",
    "/var/log/containerd/containerd.log",
    "/var/log/docker.log",
    "/var/log/docker/docker.log",
    "/var/log/upstart/docker.log",
    "/var/log/cri-dockerd.log",
    "/var/log/crio.log",
    "/var/log/crio/crio.log",
    "/var/log/k3s.log",
)
KUBELET_FILES = (
    "/var/lib/rancher/rke2/agent/logs/kubelet.log",
    "/var/log/kubelet.log",
    "/var/log/upstart/kubelet.log",
)
SYSTEM_FILES = ("/var/log/messages", "/var/log/syslog", "/var/log/daemon.log")
ALWAYS = (
    "/var/lib/rancher/k3s/agent/containerd/containerd.log",
    "/var/lib/rancher/rke2/agent/containerd/containerd.log",
    "/var/lib/rancher/rke2/agent/logs/kubelet.log",
)
"""Files that hold what no journal does."""

TEXT = r"""
LOG_BYTES=8388608
log_date=$(date '+%z %s' 2>/dev/null)
say zone "${log_date%% *}"
say now "${log_date##* }"

log_lines() {
    grep -F -e "$LOG_PATTERNS" | grep -v -F -e "$LOG_UNWANTED" | cut -b "1-$LOG_WIDTH"
}
log_journal() {
    journalctl "$@" --no-pager -r -o short-unix "--since=-${LOG_SECONDS}s" | log_lines | head -n "$LOG_LINES"
}
log_told() {
    [ -z "$log_text" ] || printf '%s\n' "$log_text"
    return "$log_code"
}
log_newest() { journalctl "$@" --no-pager -n 1 -o short-unix; }
log_file() { tail -c "$LOG_BYTES" "$1" | tr -d '\000' | log_lines | tail -n "$LOG_LINES"; }
log_files() {
    for log_path in $1; do
        [ -f "$log_path" ] || continue
        if [ ! -r "$log_path" ]; then say unreadable "$log_path"; continue; fi
        log_count=$((log_count + 1))
        say "file_$log_count" "$log_path"
        block "log_$log_count" limit 3 log_file "$log_path"
    done
}

log_count=0
log_works=
if have journalctl; then
    set --
    for unit in $LOG_UNITS; do set -- "$@" -u "$unit.service"; done
    # journalctl gives the lines of a unit twice that is named twice.
    case $LOG_OF_RUNTIME.$RT_UNIT in
        1.*.service) case " $LOG_UNITS " in *" ${RT_UNIT%.service} "*) ;; *) set -- "$@" -u "$RT_UNIT" ;; esac ;;
    esac
    log_text=$(limit 4 log_journal "$@")
    log_code=$?
    # Without a line it is asked why: nothing happened, there is no journal, or it is not for this user. What hangs is
    # not asked again: the time is for the files.
    if [ -z "$log_text" ] && [ "$log_code" -ne 124 ]; then
        block newest limit 2 log_newest "$@"
        [ "$_br" -eq 0 ] || log_code=1
    fi
    [ "$log_code" -eq 0 ] && log_works=1
    block journal log_told
else
    say no_journal 1
fi
log_files "$LOG_ALWAYS"
say journal_works "$log_works"
"""

FILES = r"""
log_files "$LOG_FILES"
"""


def patterns(texts: list[str]) -> str:
    """Return fixed texts for one ``grep -F -e``: one a line, none of them empty, none that is another's part."""
    found: list[str] = []
    for text in sorted({one for one in texts if one.strip() and "\n" not in one}, key=len):
        if not any(shorter in text for shorter in found):
            found.append(text)
    return "\n".join(found)
