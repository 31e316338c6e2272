# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which processes of a node are its runtime and its kubelet, as POSIX sh: a part of ``find_runtime``.

``rt_processes`` sets a variable for each kind, to a process id (of containerd to several, each as ``RANK:PID``). It
forks nothing. Source: proc(5), cgroups(7); the kubelet keeps pods below a cgroup named ``kubepods``.
"""

from __future__ import annotations

PROCESSES = r"""
# Whether a process is root's, and no pod's: any user, and any pod that shares the node's processes, may start
# something by the name of a runtime, and what is believed of it steers what root does here.
rt_trusted() {
    rt_owner=
    while read -r rt_k rt_v rt_w rt_rest; do
        case $rt_k in Uid:) rt_owner=$rt_v.$rt_w; break ;; esac
    done <"$1/status"
    [ "$rt_owner" = 0.0 ] || return 1
    [ -z "$rt_in_pod" ] || return 0
    while read -r rt_line; do
        case $rt_line in *kubepods*) return 1 ;; esac
    done <"$1/cgroup"
    return 0
} 2>/dev/null

# The better of several is a child of init (as systemd starts it), then the oldest: $rt_stat -> $rt_rank, less is better
rt_rank() {
    set -- ${rt_stat##*") "}
    rt_rank=${20:-0}
    case $rt_rank in '' | *[!0-9]* | 0?*) rt_rank=0 ;; esac
    [ "$2" = 1 ] || rt_rank=$((rt_rank + 1000000000000000))
}

# A process instead of the one that is there, where it is the better one: rt_prefer VARIABLE PID
rt_prefer() {
    eval "[ -z \"\$$1\" ] || [ \"$rt_rank\" -lt \"\$rt_r_$1\" ]" || return 0
    eval "$1=\$2 rt_r_$1=\$rt_rank"
}

# Processes by their names. Those of containers (another PID namespace) are none of the node's.
rt_processes() {
    rt_containerds= rt_dockerd= rt_cridockerd= rt_crio= rt_k3s= rt_rke2= rt_microk8s=
    RT_KUBELET_PID= rt_same= rt_in_pod=
    { [ /proc/self/ns/pid -ef /proc/self/ns/pid ] && rt_same=1; } 2>/dev/null
    # Of a node that is itself a pod, everything lies below a pod's cgroup.
    { read -r rt_line </proc/1/cgroup; } 2>/dev/null && case $rt_line in *kubepods*) rt_in_pod=1 ;; esac
    for rt_entry in /proc/[0-9]*; do
        { read -r rt_comm <"$rt_entry/comm"; } 2>/dev/null || continue
        case $rt_comm in
            containerd|dockerd|cri-dockerd|crio|kubelet|kubelite|k3s-server|k3s-agent|rke2) ;;
            *) continue ;;
        esac
        { read -r rt_stat <"$rt_entry/stat"; } 2>/dev/null || continue
        case $rt_stat in *") Z "*|*") X "*) continue ;; esac
        if [ "$rt_same" ] && [ -e "$rt_entry/ns/pid" ]; then
            [ "$rt_entry/ns/pid" -ef /proc/self/ns/pid ] || continue
        fi
        rt_trusted "$rt_entry" || continue
        rt_pid=${rt_entry#/proc/}
        rt_rank
        case $rt_comm in
            containerd) rt_containerds="$rt_containerds$rt_rank:$rt_pid$rt_newline" ;;
            dockerd) rt_prefer rt_dockerd "$rt_pid" ;;
            cri-dockerd) rt_prefer rt_cridockerd "$rt_pid" ;;
            crio) rt_prefer rt_crio "$rt_pid" ;;
            k3s-server|k3s-agent) rt_prefer rt_k3s "$rt_pid" ;;
            rke2) rt_prefer rt_rke2 "$rt_pid" ;;
            kubelet) rt_prefer RT_KUBELET_PID "$rt_pid" ;;
            kubelite) rt_prefer rt_microk8s "$rt_pid"; rt_prefer RT_KUBELET_PID "$rt_pid" ;;
        esac
    done
}
"""
