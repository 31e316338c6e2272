# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sh of the network slice: one job that finds out whom to ask, and starts a job for each host beside the others.

The pod's network is entered with ``nsenter``: only the network namespace, so that the node's own tools do the asking.
Its sandbox is found by the state files of the runtimes (OCI runtime specification, ``config.json`` with the CRI's
annotations), which need no client and no answer of a runtime that may hang.
"""

from __future__ import annotations

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.network_files_script import FILES
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.network_names_script import NAMES
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.network_web_script import WEB

_POD = r"""
# The process of a pod's sandbox: net_pod_find NAMESPACE NAME -> $net_pid
net_pod_find() {
    net_pid=
    set +f
    for net_file in /run/containerd/io.containerd.runtime.v2.task/k8s.io/*/config.json \
        /run/k3s/containerd/io.containerd.runtime.v2.task/k8s.io/*/config.json \
        /var/snap/microk8s/common/run/containerd/io.containerd.runtime.v2.task/k8s.io/*/config.json \
        /run/containers/storage/overlay-containers/*/userdata/config.json; do
        [ -r "$net_file" ] || continue
        net_files="$net_files $net_file"
    done
    set -f
    # Annotations of containerd's CRI and of CRI-O.
    net_files=$(grep -lE "\"io.kubernetes.(cri.sandbox-name|pod.name)\": ?\"$2\"" $net_files /dev/null 2>/dev/null)
    for net_file in $net_files; do
        grep -qE "\"io.kubernetes.(cri.sandbox-namespace|pod.namespace)\": ?\"$1\"" "$net_file" || continue
        for net_x in "${net_file%/*}/init.pid" "${net_file%/*}/pidfile"; do
            net_y=
            [ -r "$net_x" ] || continue
            read -r net_y <"$net_x"
            case $net_y in ''|*[!0-9]*) continue ;; esac
            [ -e "/proc/$net_y/ns/net" ] && net_pid=$net_y && return 0
        done
    done
    if [ "$RT" = docker ] && have docker; then
        net_x=$(limit 2 docker ps -q --filter "label=io.kubernetes.pod.name=$2" \
            --filter "label=io.kubernetes.pod.namespace=$1" 2>/dev/null | head -n 1)
        [ -z "$net_x" ] || net_pid=$(limit 2 docker inspect -f '{{.State.Pid}}' "$net_x" 2>/dev/null)
    fi
    case $net_pid in ''|0|*[!0-9]*) net_pid=; return 1 ;; esac
}

# The first addresses of a DNS answer in hex (RFC 1035, 4.1.3), or of a tool's words -> $net_found
net_answer_addresses() {
    net_found= net_x=$1
    case $net_tool in
        udp)
            while :; do
                case $net_x in *00010001????????0004????????*) ;; *) return 0 ;; esac
                net_x=${net_x#*00010001????????0004}
                net_y=$((0x${net_x%"${net_x#????????}"}))
                net_found="$net_found $((net_y >> 24 & 255)).$((net_y >> 16 & 255))"
                net_found="$net_found.$((net_y >> 8 & 255)).$((net_y & 255))"
                case $net_found in *" "*" "*" "*) return 0 ;; esac
            done ;;
        *)
            net_f=4 net_v4= net_named=
            for net_word in $net_x; do
                case $net_word in
                    Name:|ANSWER|address) net_named=1 ;;
                    *) [ -z "$net_named" ] || net_take "$net_word" ;;
                esac
            done
            net_found=$net_v4 ;;
    esac
}

net_pod_host() {
    for net_server in $net_servers; do
        net_ask name "$net_server" "$1"
        net_answer_addresses "$net_out"
        [ -z "$net_found" ] || break
    done
    for net_a in $net_found; do net_say tcp "$1 $2 $(net_tcp "$net_a" "$2")" & done
    wait
}

# DNS and TCP as the pod has them: net_pod NAMESPACE/NAME|PID
net_pod() {
    case $1 in
        */*) net_pod_find "${1%%/*}" "${1#*/}" ;;
        *) net_pid=$1; [ -e "/proc/$1/ns/net" ] || net_pid= ;;
    esac
    say pid "$net_pid"
    [ "$net_pid" ] || return 0
    have nsenter || { lacks pod nsenter; return 0; }
    net_in="nsenter -t $net_pid -n"
    $net_in true 2>/dev/null || { say refused "$($net_in true 2>&1)"; return 0; }
    net_stub=
    net_resolv_conf "/proc/$net_pid/root/etc/resolv.conf" || { say unread 1; return 0; }
    say servers "$net_servers"
    say search "$net_search"
    say options "$net_options"
    net_i=0
    while [ $net_i -lt $net_count ]; do
        net_i=$((net_i + 1))
        eval "set -- \$net_h$net_i"
        [ "$1" != proxy ] || continue
        net_say asked "$1 $2 $3 $4"
        case $2 in \[*) ;; *[!0-9.]*) net_pod_host "$2" "$3" & ;; esac
    done
    net_first=${net_servers%% *}
    net_ndots_of
    for net_name in $net_names; do net_ask_search "$net_name" & done
    wait
}
"""

_MAIN = r"""
# A proxy without the login that its URL may have, which ends at the last @ -> $net_shown
net_without_login() {
    net_shown=$1
    case $1 in *@*) ;; *) return 0 ;; esac
    net_shown=${1##*@}
    case ${1%%://*} in "$1" | *[!A-Za-z0-9+.-]*) ;; *) net_shown=${1%%://*}://$net_shown ;; esac
}

net_main() {
    set -f
    net_blanks=$IFS
    net_count=0 net_keys= net_names= net_all_ca= net_in= net_files=
    now
    say clock "$(date +%s) $NOW"
    net_resolver
    net_trust
    net_interfaces
    for net_word in $NET_HOSTS; do
        IFS='|'
        set -- $net_word
        IFS=$net_blanks
        net_from_files "$@"
    done
    for net_proxy in "$RT_HTTPS_PROXY" "$RT_HTTP_PROXY"; do
        [ "$net_proxy" ] || continue
        # Of a SOCKS proxy only names and connections are looked at here.
        case $net_proxy in https://*) ;; *) net_proxy=http://${net_proxy#*://} ;; esac
        net_url "$net_proxy" && net_add proxy "$net_u_host" "$net_u_port" "$net_u_scheme" 0 ''
    done
    net_without_login "$RT_HTTPS_PROXY"
    say https_proxy "$net_shown"
    net_without_login "$RT_HTTP_PROXY"
    say http_proxy "$net_shown"
    say no_proxy "$RT_NO_PROXY"
    net_hosts_file $net_names
    net_i=0
    while [ $net_i -lt $net_count ]; do
        net_i=$((net_i + 1))
        eval "set -- \$net_h$net_i \"\$net_c$net_i\$net_loose\""
        net_say host "$net_i $1 $2 $3"
        spawn "network_h$net_i" "$NET_SECONDS" 100000 net_host "$@"
        [ "$1" != proxy ] || continue
        net_proxy=$RT_HTTPS_PROXY
        [ "$4" = https ] || net_proxy=$RT_HTTP_PROXY
        [ "$net_proxy" ] || continue
        spawn "network_p$net_i" "$NET_SECONDS" 60000 net_by_proxy "$net_proxy" "$4" "$2" "$3" "${6#"$nl"}"
    done
    [ -z "$net_names" ] || spawn network_dns 6 200000 net_ask_servers
    [ -z "$NET_POD" ] || spawn network_pod "$NET_SECONDS" 100000 net_pod "$NET_POD"
    say hosts_asked "$net_count"
}
net_main
"""

TEXT = NAMES + FILES + WEB + _POD + _MAIN
"""The whole text of the job. It takes NET_HOSTS (words ROLE|HOST|PORT), NET_SECONDS (for each of them) and NET_POD."""
