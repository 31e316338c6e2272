# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a runtime's files say of the way to a host, as POSIX sh: its mirrors, the CA files that it is trusted by.

This reads just what is needed to go the same way in the same round trip; what is wrong in these files is told by the
slice of the configuration, which reads them whole.

Sources: Go's ``crypto/x509/root_linux.go`` and ``root_unix.go`` for the system's certificates, ``SSL_CERT_FILE`` and
``SSL_CERT_DIR``; containerd's ``docs/hosts.md`` and ``remotes/docker/config/hosts.go`` for the names of folders;
``dockerd`` (``insecure-registries``, ``registry-mirrors``, ``/etc/docker/certs.d``); ``containers-registries.conf(5)``
and ``containers-certs.d(5)``.
"""

from __future__ import annotations

FILES = r"""
# The certificates of the system as the runtime's process finds them -> $net_bundle $net_roots_dir $net_loose
net_trust() {
    net_bundle=$RT_CERT_FILE net_roots_dir=${RT_CERT_DIR%%:*} net_loose=
    [ -z "$net_bundle" ] || { say system_trust "$net_bundle"; return 0; }
    for net_file in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem \
        /etc/pki/tls/cacert.pem /etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem /etc/ssl/cert.pem; do
        [ -r "$net_file" ] || continue
        net_bundle=$net_file
        break
    done
    say system_trust "$net_bundle"
    [ "$net_roots_dir" ] || net_loose_files
}

# Beside a bundle Go reads all files of these folders (crypto/x509, root_unix.go): those that somebody has put there
# himself count. Many are the distribution's own, which the bundle holds.
net_loose_files() {
    set +f
    set --
    for net_file in /etc/ssl/certs/* /etc/pki/tls/certs/*; do
        if [ -L "$net_file" ] || [ "$net_file" = "$net_bundle" ]; then continue; fi
        [ -f "$net_file" ] && [ -r "$net_file" ] || continue
        [ $# -lt 8 ] || { set --; break; }
        set -- "$@" "$net_file"
    done
    set -f
    [ $# -gt 0 ] || return 0
    # Go passes over what it cannot read; openssl and curl give up altogether. Mostly all of them can be read.
    net_x=
    for net_file in "$@"; do net_x="$net_x$nl-certfile$nl$net_file"; done
    IFS=$nl
    if have openssl && ! openssl crl2pkcs7 -nocrl $net_x -out /dev/null 2>/dev/null; then
        for net_file in "$@"; do
            shift
            openssl crl2pkcs7 -nocrl -certfile "$net_file" -out /dev/null 2>/dev/null && set -- "$@" "$net_file"
        done
    fi
    for net_file in "$@"; do net_loose="$net_loose$nl$net_file"; done
    IFS=$net_blanks
}

# scheme://host[:port]/… -> $net_u_scheme $net_u_host $net_u_port; status 1 where it is none or not clean
net_url() {
    case $1 in
        http://*) net_u_scheme=http net_u_port=80 ;;
        https://*|*) net_u_scheme=https net_u_port=443 ;;
    esac
    net_u_host=${1#*://}
    net_u_host=${net_u_host%%[/?#]*}
    net_u_host=${net_u_host##*@}
    case $net_u_host in
        \[*\]:*) net_u_port=${net_u_host##*:}; net_u_host=${net_u_host%:*} ;;
        \[*\]) ;;
        *:*) net_u_port=${net_u_host##*:}; net_u_host=${net_u_host%:*} ;;
    esac
    case $net_u_port in ''|*[!0-9]*|??????*) return 1 ;; esac
    case $net_u_host in *:*) case $net_u_host in \[*\]) ;; *) return 1 ;; esac ;; esac
    clean_host "$net_u_host"
}

# One more host to ask, once: net_add ROLE HOST PORT SCHEME SKIP CAS (CAS: files, one a line)
net_add() {
    case " $net_keys " in *" $2:$3:$4 "*) return 0 ;; esac
    [ "$net_count" -lt 12 ] || { say left_out "$1 $2:$3"; return 0; }
    net_keys="$net_keys $2:$3:$4"
    net_count=$((net_count + 1))
    eval "net_h$net_count=\"\$1 \$2 \$3 \$4 \$5\" net_c$net_count=\$6"
    case " $net_names " in *" $2 "*) ;; *) case $2 in \[*|*[!0-9.]*) net_names="$net_names $2" ;; esac ;; esac
}

# A quoted value, or those of an array, one a line -> $net_values
net_quoted() {
    net_values= net_x=$1
    while :; do
        case $net_x in *[\"\']*) ;; *) return 0 ;; esac
        net_x=${net_x#*[\"\']}
        net_values="$net_values${net_values:+$nl}${net_x%%[\"\']*}"
        case $net_x in *[\"\']*) net_x=${net_x#*[\"\']} ;; *) return 0 ;; esac
    done
}

# What a hosts.toml says for HOST: net_hosts_toml FILE HOST:PORT. The part before any [host] is that of the server.
net_hosts_toml() {
    net_base=${1%/*} net_asked=$2 net_part=server net_open= net_lines=0
    net_url_now= net_ca= net_skip=0
    while IFS= read -r net_line || [ "$net_line" ]; do
        net_lines=$((net_lines + 1))
        [ $net_lines -le 400 ] || break
        net_line=${net_line#"${net_line%%[! 	]*}"}
        if [ "$net_open" ]; then
            net_open="$net_open $net_line"
            case $net_line in *\]*) net_toml_ca "$net_open"; net_open= ;; esac
            continue
        fi
        case $net_line in
            \#*|'') ;;
            \[host.[\"\']*[\"\']\]*)
                net_toml_end
                net_quoted "$net_line"
                net_part=host net_url_now=$net_values ;;
            \[host.[\"\']*) ;;
            \[*) net_toml_end; net_part=other ;;
            server[\ \	=]*) [ $net_part != server ] || { net_quoted "${net_line#*=}"; net_url_now=$net_values; } ;;
            ca[\ \	=]*)
                case $net_line in
                    *\[*\]*) net_toml_ca "$net_line" ;;
                    *\[*) net_open=$net_line ;;
                    *) net_toml_ca "$net_line" ;;
                esac ;;
            skip_verify[\ \	=]*true*) net_skip=1 ;;
        esac
    done <"$1"
    net_toml_end
}

net_toml_ca() {
    net_quoted "${1#*=}"
    IFS=$nl
    for net_file in $net_values; do
        case $net_file in /*) ;; *) net_file=$net_base/$net_file ;; esac
        net_ca="$net_ca${net_ca:+$nl}$net_file"
    done
    IFS=$net_blanks
}

# The end of a part: its endpoint is the asked host itself, or a mirror (or another origin) of it.
net_toml_end() {
    if [ $net_part != other ] && { [ "$net_url_now" ] || [ $net_part = server ]; }; then
        net_entry "${net_url_now:-https://$net_asked}" "$net_asked" "$net_part" "$net_skip" "$net_ca"
    fi
    net_url_now= net_ca= net_skip=0
}

# One endpoint: net_entry URL ASKED PART SKIP CAS
net_entry() {
    net_url "$1" || return 0
    net_all_ca="$net_all_ca${5:+$nl$5}"
    net_key=$net_u_host:$net_u_port
    case $2 in *:*) net_want=$2 ;; *) net_want=$2:$net_u_port ;; esac
    if [ "$net_key" = "$net_want" ]; then
        net_o_scheme=$net_u_scheme net_port=$net_u_port net_o_asked=1
        net_o_ca="$net_o_ca${5:+$nl$5}"
        [ "$4" = 0 ] || net_o_skip=1
    elif [ "$3" = server ]; then
        # Another server stands for the host that references name: that one itself is never asked.
        net_o_asked=${net_o_asked:-0}
        net_more="$net_more${net_more:+$nl}registry $net_u_host $net_u_port $net_u_scheme $4 $5"
    else
        net_more="$net_more${net_more:+$nl}mirror $net_u_host $net_u_port $net_u_scheme $4 $5"
    fi
}

# The folders of a registry host, the first that is there: net_certs HOST PORT
net_certs() {
    net_ifs_dirs=$RT_CERTS
    net_alias=$1
    case $1 in registry-1.docker.io|index.docker.io) net_alias=docker.io ;; esac
    IFS=:
    for net_dir in $net_ifs_dirs; do
        IFS=$net_blanks
        # A port that is not the usual one is part of the folder's name.
        case $2 in
            443|80) set -- "$1" "$2" "$net_alias" "$1" "$net_alias:$2" "${net_alias}_${2}_" _default ;;
            *) set -- "$1" "$2" "$net_alias:$2" "${net_alias}_${2}_" _default ;;
        esac
        for net_sub in "$@"; do
            case $net_sub in "$2"|'') continue ;; esac
            [ -d "$net_dir/$net_sub" ] || continue
            if [ -f "$net_dir/$net_sub/hosts.toml" ] && [ -r "$net_dir/$net_sub/hosts.toml" ]; then
                net_hosts_toml "$net_dir/$net_sub/hosts.toml" "$net_asked_host"
            else
                set +f
                for net_file in "$net_dir/$net_sub"/*.crt; do
                    [ ! -f "$net_file" ] || net_o_ca="$net_o_ca${net_o_ca:+$nl}$net_file"
                done
                set -f
                net_all_ca="$net_all_ca${net_o_ca:+$nl$net_o_ca}"
            fi
            return 0
        done
    done
    IFS=$net_blanks
}

# docker's daemon.json: mirrors of Docker Hub, and hosts that need no valid certificate.
net_daemon_json() {
    net_text=$(head -c 65536 "$RT_CONFIG" 2>/dev/null | tr '\n\t' '  ')
    case $net_text in
        *'"insecure-registries"'*)
            net_x=${net_text#*'"insecure-registries"'}
            net_quoted "${net_x%%]*}"
            IFS=$nl
            for net_v in $net_values; do
                case $net_v in "$1"|"$1:$2") net_o_skip=1 ;; esac
            done
            IFS=$net_blanks ;;
    esac
    case $1 in *docker.io) ;; *) return 0 ;; esac
    case $net_text in
        *'"registry-mirrors"'*)
            net_x=${net_text#*'"registry-mirrors"'}
            net_quoted "${net_x%%]*}"
            IFS=$nl
            for net_v in $net_values; do
                IFS=$net_blanks
                net_entry "$net_v" "$net_asked_host" mirror 0 ''
            done
            IFS=$net_blanks ;;
    esac
}

# containers-registries.conf, version 2: mirrors and insecure hosts of CRI-O and podman.
net_registries_conf() {
    set +f
    set -- "$1" "$2" "${RT_CONFIG:-/etc/containers/registries.conf}" /etc/containers/registries.conf.d/*.conf
    set -f
    net_host=$1 net_hport=$2
    shift 2
    for net_conf in "$@"; do
        [ -r "$net_conf" ] && [ -f "$net_conf" ] || continue
        net_part= net_loc= net_mine= net_skip=0 net_lines=0
        while read -r net_line || [ "$net_line" ]; do
            net_lines=$((net_lines + 1))
            [ $net_lines -le 1000 ] || break
            case $net_line in
                '[[registry]]'*) net_conf_end; net_part=registry net_mine= ;;
                '[[registry.mirror]]'*) net_conf_end; net_part=mirror ;;
                \[*) net_conf_end; net_part= ;;
                prefix[\ \	=]*|location[\ \	=]*)
                    net_quoted "${net_line#*=}"
                    [ $net_part ] || continue
                    case $net_part in
                        mirror) net_loc=$net_values ;;
                        *)
                            net_v=${net_values%%/*}
                            [ "$net_loc" ] || net_loc=$net_values
                            case $net_line in location*) net_loc=$net_values ;; esac
                            case $net_v in
                                "$net_host"|"$net_host:$net_hport") net_mine=1 ;;
                                docker.io) case $net_host in *.docker.io) net_mine=1 ;; esac ;;
                                \*.*) case $net_host in *"${net_v#\*}") net_mine=1 ;; esac ;;
                            esac ;;
                    esac ;;
                insecure[\ \	=]*true*) net_skip=1 ;;
            esac
        done <"$net_conf"
        net_conf_end
    done
}

net_conf_end() {
    case $net_part$net_mine in
        mirror1) [ -z "$net_loc" ] || net_entry "https://$net_loc" "$net_asked_host" mirror "$net_skip" '' ;;
        registry1)
            [ $net_skip = 0 ] || net_o_skip=1
            case ${net_loc%%/*} in
                ''|\**|"$net_host"|"$net_host:$net_hport"|docker.io) ;;
                *) net_entry "https://$net_loc" "$net_asked_host" server "$net_skip" '' ;;
            esac ;;
    esac
    net_loc= net_skip=0
}

# containerd's old way: mirrors and TLS in config.toml itself.
net_old_mirrors() {
    net_part= net_lines=0 net_ca=
    net_alias=$1
    case $1 in registry-1.docker.io|index.docker.io) net_alias=docker.io ;; esac
    while read -r net_line || [ "$net_line" ]; do
        net_lines=$((net_lines + 1))
        [ $net_lines -le 2000 ] || break
        case $net_line in
            \#*) ;;
            \[*registry.mirrors.[\"\']"$net_alias"[\"\']\]*|\[*registry.mirrors.[\"\']"$net_alias:$2"[\"\']\]*)
                net_part=mirrors ;;
            \[*registry.configs.[\"\']"$1"[\"\'].tls\]*|\[*registry.configs.[\"\']"$1:$2"[\"\'].tls\]*) net_part=tls ;;
            \[*) net_part= ;;
            endpoint*=*)
                [ "$net_part" = mirrors ] || continue
                net_quoted "${net_line#*=}"
                IFS=$nl
                for net_v in $net_values; do
                    IFS=$net_blanks
                    net_entry "$net_v" "$net_asked_host" mirror 0 ''
                done
                IFS=$net_blanks ;;
            ca_file*=*)
                [ "$net_part" = tls ] || continue
                net_quoted "${net_line#*=}"
                net_o_ca="$net_o_ca${net_values:+$nl$net_values}"
                net_all_ca="$net_all_ca${net_values:+$nl$net_values}" ;;
            insecure_skip_verify*=*true*) [ "$net_part" != tls ] || net_o_skip=1 ;;
        esac
    done <"$RT_CONFIG"
}

# A host of the question, with what the files say of it and the mirrors that they name: net_from_files ROLE HOST PORT
net_from_files() {
    net_role=$1 net_o_host=$2 net_port=$3
    net_o_scheme=https net_o_skip=0 net_o_ca= net_o_asked= net_more=
    net_asked_host=$2
    [ "$3" = 443 ] || net_asked_host=$2:$3
    if [ "$1" = registry ] || [ "$1" = mirror ]; then
        [ -z "$RT_CERTS" ] || net_certs "$2" "$3"
        set -f
        net_config=
        [ -f "$RT_CONFIG" ] && [ -r "$RT_CONFIG" ] && net_config=1
        case $RT in
            docker) [ -z "$net_config" ] || net_daemon_json "$2" "$3" ;;
            cri-o|podman) net_registries_conf "$2" "$3" ;;
            containerd) [ "$RT_CERTS" ] || [ -z "$net_config" ] || net_old_mirrors "$2" "$3" ;;
        esac
    elif [ "$1" = token ] || [ "$1" = blob ]; then
        # Their connections are made with the settings of the registry that sends there.
        net_o_ca=$net_all_ca
    fi
    [ "$net_o_asked" = 0 ] || net_add "$net_role" "$net_o_host" "$net_port" "$net_o_scheme" "$net_o_skip" "$net_o_ca"
    IFS=$nl
    set -- $net_more
    IFS=$net_blanks
    net_take_more "$@"
}

# The endpoints that files named, each "ROLE HOST PORT SCHEME SKIP CA": further lines are more CA files of the last.
net_take_more() {
    net_m= net_m_ca=
    for net_line in "$@" ''; do
        case $net_line in
            /*) net_m_ca="$net_m_ca$nl$net_line"; continue ;;
        esac
        if [ "$net_m" ]; then
            set -- $net_m
            net_more_ca=
            case $net_m in *" /"*) net_more_ca=/${net_m#* /} ;; esac
            net_add "$1" "$2" "$3" "$4" "$5" "$net_more_ca$net_m_ca"
        fi
        net_m=$net_line net_m_ca=
    done
}
"""
