# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the container runtime of a node, as POSIX sh: the preface of a probe, whose variables all jobs may use.

The runtime is asked nothing, because it may hang; what tells are ``/proc``, the arguments of the processes, the
kubelet's ``--container-runtime-endpoint`` (or ``containerRuntimeEndpoint`` of its configuration), and files. Where
docker and containerd are both there, the kubelet's choice counts, then the runtime that the API names for the node.

Set (never exported):

``RT``
    ``containerd``, ``docker``, ``cri-o``, ``podman``, or empty.
``RT_VARIANT``
    ``k3s``, ``rke2``, ``microk8s``, ``cri-dockerd`` or empty.
``RT_PID``, ``RT_UNIT``
    The living process (empty where none lives) and its systemd unit, else the unit that would start it. Only
    processes of root that lie in no pod's cgroup count; of several a child of init, then the oldest.
``RT_SOCKET``, ``RT_CONFIG``, ``RT_ROOT``
    The socket without a scheme, the configuration file (it need not exist), and the folder of the image store.
``RT_CERTS``
    The folders with a folder for each registry host, in their order, colon-separated; empty where none are read.
``RT_HTTPS_PROXY``, ``RT_HTTP_PROXY``, ``RT_NO_PROXY``
    Of the living process' environment (``RT_PROXY_FROM`` is ``process``), else of the unit (``unit``); empty
    ``RT_PROXY_FROM`` where neither could be read.
``RT_CERT_FILE``, ``RT_CERT_DIR``
    ``SSL_CERT_FILE`` and ``SSL_CERT_DIR`` from where the proxies are, as Go takes them for the system's certificates.
``RT_KUBELET_PID``, ``RT_KUBELET_ARGUMENTS``, ``RT_ENDPOINT``
    The kubelet's process, its arguments (one a line), and the CRI endpoint that it was given.

Sources of the defaults: containerd ``docs/ops.md`` and ``defaults/defaults_unix.go``; dockerd's reference
(``--data-root``, ``--config-file``); ``crio.conf(5)``, ``containers-storage.conf(5)``; k3s and RKE2 run containerd
with ``-c``, ``-a`` and ``--root`` below ``/var/lib/rancher``; kubeadm writes ``/var/lib/kubelet/kubeadm-flags.env``.
"""

from __future__ import annotations

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.runtime_environment_script import (
    ENVIRONMENT,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.runtime_processes_script import (
    PROCESSES,
)

_KNOWN = {"containerd": "containerd", "docker": "docker", "cri-o": "cri-o", "podman": "podman"}

FIND_RUNTIME = (
    PROCESSES
    + ENVIRONMENT
    + r"""
# The value after "=" of a line KEY = VALUE, without quotes and what follows them: rt_value LINE -> $rt_v
rt_value() {
    rt_v=${1#*=}
    rt_v=${rt_v#"${rt_v%%[! 	]*}"}
    case $rt_v in
        \"*) rt_v=${rt_v#\"}; rt_v=${rt_v%%\"*} ;;
        \'*) rt_v=${rt_v#\'}; rt_v=${rt_v%%\'*} ;;
        *) rt_v=${rt_v%%[ 	#]*} ;;
    esac
}

# The first 64 KiB of a regular file -> $rt_text. A NUL is left out by every shell; bash says so.
rt_read() {
    rt_text=
    [ -f "$1" ] && [ -r "$1" ] && { rt_text=$(head -c 65536 "$1"); } 2>/dev/null
}

# What is in a process' memory, one a line: rt_memory PID cmdline|environ -> $rt_text. Both wait for the lock of that
# memory, which a process that hangs in the kernel may hold; it is not asked again then.
rt_memory() {
    rt_text=
    case $rt_mute in *" $1 "*) return 0 ;; esac
    [ -r "/proc/$1/$2" ] || return 0
    rt_text=$(IFS=$sep; limit 1 rt_strings "/proc/$1/$2")
    [ "$rt_text" ] || rt_mute="$rt_mute $1 "
}

# Opening waits as well, so that it is the limited process that opens.
rt_strings() { exec tr '\000' '\n' 2>/dev/null 3>&- 4>&- <"$1"; }

# The arguments of a process, one a line -> $rt_text
rt_arguments() { rt_memory "$1" cmdline; }

# The value of the last argument that has one of these names: rt_option NAME... (of $rt_text) -> $rt_o
rt_option() {
    rt_o= rt_want=
    for rt_line in $rt_text; do
        if [ "$rt_want" ]; then
            rt_o=$rt_line rt_want=
            continue
        fi
        for rt_name in "$@"; do
            case $rt_line in
                "$rt_name") rt_want=1 ;;
                "$rt_name="*) rt_o=${rt_line#*=} ;;
            esac
        done
    done
}

# The endpoint in a line of a kubelet's configuration or flags -> $RT_ENDPOINT
rt_endpoint_in() {
    rt_v=${1#*[rR]untime[-E]*ndpoint}
    rt_v=${rt_v#[\"\']}
    rt_v=${rt_v#"${rt_v%%[!:= 	]*}"}
    rt_v=${rt_v#[\"\']}
    rt_v=${rt_v%%[\"\', 	\}]*}
    [ -z "$rt_v" ] || RT_ENDPOINT=$rt_v
}

# What the kubelet was told: its arguments, its configuration, else the files that kubeadm wrote.
rt_kubelet() {
    RT_ENDPOINT= rt_shim=
    rt_files=/var/lib/kubelet/kubeadm-flags.env${rt_newline}/var/lib/kubelet/config.yaml
    if [ "$RT_KUBELET_PID" ]; then
        rt_arguments "$RT_KUBELET_PID"
        RT_KUBELET_ARGUMENTS=$rt_text
        rt_option --container-runtime
        rt_shim=$rt_o
        rt_option --container-runtime-endpoint
        RT_ENDPOINT=$rt_o
        rt_option --config
        [ -z "$rt_o" ] || rt_files=$rt_o
    fi
    for rt_file in $rt_files; do
        [ -z "$RT_ENDPOINT" ] || break
        rt_read "$rt_file"
        for rt_line in $rt_text; do
            case $rt_line in
                \#*) ;;
                *containerRuntimeEndpoint*|*container-runtime-endpoint*) rt_endpoint_in "$rt_line" ;;
            esac
        done
    done
    RT_ENDPOINT=${RT_ENDPOINT#unix://}
}

# One name out of several: the kubelet's choice, the API's word, what lives, what is installed.
rt_choose() {
    case $RT_ENDPOINT in
        # Bottlerocket's containerd listened under that name.
        */dockershim.sock) RT=${RT_HINT:-docker} ;;
        *docker*) RT=docker ;;
        *crio*|*cri-o*) RT=cri-o ;;
        *containerd*) RT=containerd ;;
    esac
    [ "$RT" ] || [ "$rt_shim" != docker ] || RT=docker
    [ "$RT" ] || RT=$RT_HINT
    [ -z "$RT" ] || return 0
    if [ "$rt_crio" ]; then RT=cri-o
    elif [ "$rt_containerds" ]; then RT=containerd
    elif [ "$rt_dockerd" ]; then RT=docker
    elif rt_first /etc/crio /usr/bin/crio /usr/local/bin/crio /etc/systemd/system/crio.service; then RT=cri-o
    elif rt_first /var/lib/rancher/k3s/agent/etc/containerd /var/lib/rancher/rke2/agent/etc/containerd \
        /var/snap/microk8s/current/args /etc/containerd/config.toml /usr/bin/containerd /usr/local/bin/containerd \
        /lib/systemd/system/containerd.service /etc/systemd/system/containerd.service; then RT=containerd
    elif rt_first /etc/docker/daemon.json /usr/bin/dockerd /usr/local/bin/dockerd /var/lib/docker; then RT=docker
    elif have podman; then RT=podman
    fi
}

# The first path that is there -> $rt_path
rt_first() {
    for rt_path in "$@"; do [ -e "$rt_path" ] && return 0; done
    rt_path=
    return 1
}

# The unit in whose cgroup a process lives -> $RT_UNIT
rt_unit_of() {
    [ -r "/proc/$1/cgroup" ] || return 0
    while read -r rt_line; do
        rt_line=${rt_line##*/}
        case $rt_line in *.service) RT_UNIT=$rt_line; return 0 ;; esac
    done <"/proc/$1/cgroup"
}

rt_unit_guess() {
    for rt_name in "$@"; do
        if rt_first "/etc/systemd/system/$rt_name" "/run/systemd/system/$rt_name" \
            "/usr/local/lib/systemd/system/$rt_name" "/usr/lib/systemd/system/$rt_name" "/lib/systemd/system/$rt_name"
        then RT_UNIT=$rt_name; return 0; fi
    done
}

# Which containerd: of those that listen where the kubelet asks (else of all) the best. $rt_text becomes its arguments.
rt_containerd_pid() {
    rt_best= rt_best_text= rt_other=
    for rt_one in $rt_containerds; do
        rt_rank=${rt_one%%:*} rt_pid=${rt_one#*:}
        rt_prefer rt_other "$rt_pid"
        rt_arguments "$rt_pid"
        rt_option --address -a
        [ "$rt_o" ] || rt_o=/run/containerd/containerd.sock
        case $rt_o in /var/run/*) rt_o=${rt_o#/var} ;; esac
        [ "$rt_o" = "${RT_ENDPOINT#/var}" ] || [ "$rt_o" = "$RT_ENDPOINT" ] || continue
        rt_prefer rt_best "$rt_pid"
        [ "$rt_best" != "$rt_pid" ] || rt_best_text=$rt_text
    done
    RT_PID=$rt_best rt_text=$rt_best_text
    if [ -z "$RT_PID" ] && [ "$rt_other" ]; then
        RT_PID=$rt_other
        rt_arguments "$RT_PID"
    fi
}

# What counts of one file of containerd's; other plugins than the CRI's have a config_path of their own. With a second
# argument its imports are noted, which may stand on several lines.
rt_containerd_file() {
    rt_read "$1"
    rt_section= rt_open=
    for rt_line in $rt_text; do
        rt_line=${rt_line#"${rt_line%%[! 	]*}"}
        if [ "$rt_open" ]; then
            case $rt_line in \#*) continue ;; esac
            rt_imports=$rt_imports$rt_line
            case $rt_line in *\]*) rt_open= ;; esac
            continue
        fi
        case $rt_line in
            \[*) rt_section=$rt_line ;;
            root[\ =]*) [ "$rt_section" ] || { rt_value "$rt_line"; RT_ROOT=${rt_v:-$RT_ROOT}; } ;;
            imports[\ =]*)
                [ -z "$rt_section" ] && [ "$2" ] || continue
                rt_imports=${rt_line#*=}
                case $rt_imports in *\]*) ;; *) rt_open=1 ;; esac ;;
            config_path[\ =]*)
                case $rt_section in *cri*registry*) rt_value "$rt_line"; RT_CERTS=${rt_v:-$RT_CERTS} ;; esac ;;
        esac
    done
}

rt_containerd() {
    rt_text=
    RT_ROOT=/var/lib/containerd RT_CONFIG=/etc/containerd/config.toml RT_SOCKET=/run/containerd/containerd.sock
    rt_containerd_pid
    if [ "$rt_k3s" ] || { [ -z "$RT_PID" ] && [ -d /var/lib/rancher/k3s/agent/etc/containerd ]; }; then
        RT_VARIANT=k3s
    elif [ "$rt_rke2" ] || { [ -z "$RT_PID" ] && [ -d /var/lib/rancher/rke2/agent/etc/containerd ]; }; then
        RT_VARIANT=rke2
    elif [ "$rt_microk8s" ] || { [ -z "$RT_PID" ] && [ -d /var/snap/microk8s/current/args ]; }; then
        RT_VARIANT=microk8s
    fi
    case $RT_VARIANT in
        k3s|rke2)
            RT_SOCKET=/run/k3s/containerd/containerd.sock
            RT_ROOT=/var/lib/rancher/$RT_VARIANT/agent/containerd
            RT_CONFIG=/var/lib/rancher/$RT_VARIANT/agent/etc/containerd/config.toml
            rt_unit_guess "$RT_VARIANT.service" "$RT_VARIANT-agent.service" "$RT_VARIANT-server.service" ;;
        microk8s)
            RT_SOCKET=/var/snap/microk8s/common/run/containerd.sock
            RT_ROOT=/var/snap/microk8s/common/var/lib/containerd
            RT_CONFIG=/var/snap/microk8s/current/args/containerd.toml
            rt_unit_guess snap.microk8s.daemon-containerd.service ;;
        *) rt_unit_guess containerd.service ;;
    esac
    rt_option --address -a
    [ -z "$rt_o" ] || RT_SOCKET=$rt_o
    rt_option --config -c
    [ -z "$rt_o" ] || RT_CONFIG=$rt_o
    rt_option --root
    rt_root=$rt_o
    rt_imports= rt_count=0
    rt_containerd_file "$RT_CONFIG" imports
    while [ $rt_count -lt 64 ]; do
        case $rt_imports in *[\"\']*[\"\']*) ;; *) break ;; esac
        rt_v=${rt_imports#*[\"\']}
        rt_imports=${rt_v#*[\"\']} rt_v=${rt_v%%[\"\']*}
        case $rt_v in /*) ;; *) rt_v=${RT_CONFIG%/*}/$rt_v ;; esac
        rt_count=$((rt_count + 1))
        set +f
        for rt_file in $rt_v; do
            set -f
            # A pattern may well match the file that holds it.
            [ "$rt_file" != "$RT_CONFIG" ] && [ -f "$rt_file" ] || continue
            # Each file costs processes, and the whole look waits for this.
            rt_count=$((rt_count + 1))
            [ $rt_count -le 64 ] || break
            rt_containerd_file "$rt_file"
        done
        set -f
    done
    [ -z "$rt_root" ] || RT_ROOT=$rt_root
}

# A string of a JSON file, wherever it stands in it: rt_json KEY (of $rt_text) -> $rt_v
rt_json() {
    rt_v=
    case $rt_text in *"\"$1\""*) ;; *) return 0 ;; esac
    rt_v=${rt_text#*"\"$1\""}
    rt_v=${rt_v#*:}
    rt_v=${rt_v#*\"}
    rt_v=${rt_v%%\"*}
}

rt_docker() {
    rt_text=
    RT_PID=$rt_dockerd RT_CONFIG=/etc/docker/daemon.json RT_ROOT=/var/lib/docker RT_CERTS=/etc/docker/certs.d
    RT_SOCKET=/run/docker.sock
    case $RT_ENDPOINT in *cri-dockerd*) RT_VARIANT=cri-dockerd ;; esac
    [ -z "$rt_cridockerd" ] || RT_VARIANT=cri-dockerd
    rt_unit_guess docker.service snap.docker.dockerd.service
    [ -z "$RT_PID" ] || rt_arguments "$RT_PID"
    rt_option --host -H
    case $rt_o in unix://*) RT_SOCKET=${rt_o#unix://} ;; esac
    rt_option --config-file
    [ -z "$rt_o" ] || RT_CONFIG=$rt_o
    rt_option --data-root --graph -g
    rt_root=$rt_o
    rt_read "$RT_CONFIG"
    for rt_name in data-root graph; do
        rt_json $rt_name
        [ -z "$rt_v" ] || { RT_ROOT=$rt_v; break; }
    done
    [ -z "$rt_root" ] || RT_ROOT=$rt_root
    for rt_name in https-proxy http-proxy no-proxy; do
        rt_json $rt_name
        [ "$rt_v" ] || continue
        case $rt_name in
            https-proxy) RT_HTTPS_PROXY=$rt_v ;;
            http-proxy) RT_HTTP_PROXY=$rt_v ;;
            no-proxy) RT_NO_PROXY=$rt_v ;;
        esac
        RT_PROXY_FROM=file
    done
}

rt_crio_podman() {
    rt_text=
    RT_ROOT=/var/lib/containers/storage RT_CERTS=/etc/containers/certs.d:/etc/docker/certs.d
    RT_CONFIG=/etc/containers/registries.conf
    rt_root=
    if [ "$RT" = cri-o ]; then
        RT_PID=$rt_crio RT_SOCKET=/run/crio/crio.sock
        rt_unit_guess crio.service cri-o.service
        [ -z "$RT_PID" ] || rt_arguments "$RT_PID"
        rt_option --listen
        [ -z "$rt_o" ] || RT_SOCKET=$rt_o
        rt_option --root -r
        rt_root=$rt_o
    fi
    rt_first /etc/containers/storage.conf /usr/share/containers/storage.conf && rt_read "$rt_path" || rt_text=
    for rt_line in $rt_text; do
        rt_line=${rt_line#"${rt_line%%[! 	]*}"}
        case $rt_line in graphroot[\ =]*) rt_value "$rt_line"; RT_ROOT=${rt_v:-$RT_ROOT} ;; esac
    done
    [ -z "$rt_root" ] || RT_ROOT=$rt_root
}

find_runtime() {
    RT= RT_VARIANT= RT_PID= RT_UNIT= RT_SOCKET= RT_CONFIG= RT_ROOT= RT_CERTS=
    RT_HTTPS_PROXY= RT_HTTP_PROXY= RT_NO_PROXY= RT_PROXY_FROM= RT_CERT_FILE= RT_CERT_DIR= RT_KUBELET_ARGUMENTS=
    rt_mute=
    rt_newline='
'
    rt_processes
    # Texts are taken apart at the ends of lines only, and no word of theirs is a pattern for file names.
    rt_ifs=$IFS IFS=$rt_newline
    set -f
    rt_kubelet
    rt_choose
    case $RT in
        containerd) rt_containerd ;;
        docker) rt_docker ;;
        cri-o|podman) rt_crio_podman ;;
    esac
    if [ "$RT_PID" ]; then rt_unit_of "$RT_PID"; fi
    case $RT_ENDPOINT in
        /*) [ "$RT" = docker ] || RT_SOCKET=$RT_ENDPOINT ;;
    esac
    rt_environment
    set +f
    IFS=$rt_ifs
}
"""
)


def preface(runtime: str = "") -> str:
    """Return the sh text that defines ``find_runtime`` and runs it.

    ``runtime`` is the node's ``containerRuntimeVersion`` of the API (``containerd://1.6.20``), or empty.
    """
    hint = _KNOWN.get(runtime.partition("://")[0], "")
    return f"RT_HINT={hint}\n{FIND_RUNTIME}\nfind_runtime\n"
