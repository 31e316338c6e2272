# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node sends of its runtime and of that runtime's files, as POSIX sh.

Files go whole up to a bound, because only a parser of the whole tells what a runtime reads. Values that are secrets by
their key (passwords, tokens, headers that authorize) are blotted out before they leave the node, and only where that
leaves the file's syntax as it was. Of files with keys only certificates leave the node, and of environment files only
the variables of proxies.
"""

from __future__ import annotations

SEND = r"""
send_count=0
send_seen='|'
send_times=

# send PATH [BYTES [FILTER]]: the state of a path, and what a regular file holds.
send() {
    case $send_seen in *"|$1|"*) return 0 ;; esac
    [ "$send_count" -lt 120 ] || { say too_many_files 1; return 0; }
    send_seen="$send_seen$1|"
    send_count=$((send_count + 1))
    say "path_$send_count" "$1"
    if [ -d "$1" ]; then say "state_$send_count" folder
    elif [ ! -e "$1" ]; then
        if [ -L "$1" ]; then say "state_$send_count" dangling
        elif [ -d "${1%/*}" ] && [ ! -x "${1%/*}" ]; then say "state_$send_count" unreadable
        else say "state_$send_count" absent; fi
    elif [ ! -f "$1" ]; then say "state_$send_count" special
    elif [ ! -r "$1" ]; then say "state_$send_count" unreadable
    else
        say "state_$send_count" read
        send_larger=
        [ "${2:-32768}" -eq 0 ] || [ "$(wc -c <"$1")" -le "${2:-32768}" ] || send_larger=1
        [ -z "$send_larger" ] || say "larger_$send_count" 1
        block "file_$send_count" "${3:-send_text}" "$1" "${2:-32768}"
    fi
}

# A file whose changes need a restart: its time is sent as well.
send_timed() {
    send "$@"
    [ ! -f "$1" ] || send_times="$send_times$1$nl"
}

send_end() {
    [ -n "$send_times" ] || return 0
    have stat || { lacks times stat; return 0; }
    IFS=$nl
    set -f
    set -- $send_times
    set +f
    IFS=' 	'$nl
    block times stat -L -c '%Y %n' "$@"
}

# Only complete quoted values and plain YAML scalars are blotted out, so that what was a valid file stays one.
send_text() {
    if have sed; then
        blot_key="[\"']?[A-Za-z_-]*([Pp]assw[a-z]*|[Aa]uth|[Aa]uthorization|[Tt]oken|[Ss]ecret|[Cc]ookie|[Kk]ey)[\"']?"
        blot_is='[[:space:]]*[=:][[:space:]]*'
        blot_yaml='(password|auth|identity_token|token)[[:space:]]*:[[:space:]]*'
        set -- "$1" "$2" -E \
            -e "s/($blot_key$blot_is\\[?[[:space:]]*)\"[^\"\\]*\"/\\1\"hidden\"/g" \
            -e "s/^([[:space:]]*$blot_yaml)[^]\"'[{}#&*!|>[:space:]][^#]*\$/\\1hidden/" \
            -e "/[Pp][Rr][Oo][Xx][Yy]/s,([\"'][^\"'[:space:]]*://)[^\"']*@,\\1hidden@,g" \
            -e "/[Pp][Rr][Oo][Xx][Yy]/s,://[^\"'[:space:]]*@,://hidden@,g" \
            -e "s,([Pp][Rr][Oo][Xx][Yy]=)[^:\"'[:space:]]*:[^/\"'[:space:]][^\"'[:space:]]*@,\\1hidden@,g" \
            -e "s,://[^]/@\"'[:space:]]*@,://hidden@,g"
        send_path=$1 send_most=$2
        shift 2
        if [ "$send_larger" ]; then head -c "$send_most" "$send_path" | sed "$@"; else sed "$@" <"$send_path"; fi
    else
        head -c "$2" "$1"
    fi
}

# Of a file that may hold keys, the certificates only.
send_certificates() {
    have head && have sed || return 127
    head -c "$2" "$1" | sed -n '/-----BEGIN CERTIFICATE-----/,/-----END CERTIFICATE-----/p'
}

# Of an environment file, the proxies only, without their logins.
send_proxies() {
    have head && have sed || return 127
    proxy_name='^[[:space:]]*(export[[:space:]]+)?[A-Za-z_]*[Pp][Rr][Oo][Xx][Yy]='
    proxy_url="=[\"']?[A-Za-z][A-Za-z0-9+.-]*://"
    head -c "$2" "$1" | sed -n -E -e "\\,$proxy_name,!d" -e "s,($proxy_url).*@,\\1hidden@," \
        -e "\\,$proxy_url,!s,(=[\"']?).*@,\\1hidden@," -e p
}

# The strings of a TOML key, alone or in an array over several lines: strings_in TEXT KEY -> $found, one a line
strings_in() {
    found= open=
    rt_ifs=$IFS
    IFS=$nl
    set -f
    for line in $1; do
        line=${line#"${line%%[! 	]*}"}
        if [ -z "$open" ]; then
            case $line in
                "$2"=*|"$2 "*=*|"$2	"*=*) line=${line#*=}; open=alone ;;
                *) continue ;;
            esac
        fi
        while :; do
            line=${line#"${line%%[]\[\"\'#]*}"}
            case $line in
                '') break ;;
                \#*) break ;;
                \[*) open=array; line=${line#?} ;;
                \]*) open=; break ;;
                \"*\"*) line=${line#?}; found="$found${line%%\"*}$nl"; line=${line#*\"} ;;
                \'*\'*) line=${line#?}; found="$found${line%%\'*}$nl"; line=${line#*\'} ;;
                *) break ;;
            esac
        done
        [ "$open" != alone ] || open=
    done
    set +f
    IFS=$rt_ifs
}

# Folders and certificate files of one registry host below a folder of such folders: send_host FOLDER
send_certificate_files() {
    for entry in "$1"/*.crt "$1"/*.cert "$1"/*.key; do
        [ -e "$entry" ] || [ -L "$entry" ] || continue
        case $entry in
            *.crt) send "$entry" 65536 send_certificates ;;
            *) send "$entry" 0 send_certificates ;;
        esac
    done
}

# The names of the folders below a folder, at most 100, so that a name that matches nothing can be told.
say_folders() {
    folders=0
    for entry in "$1"/*; do
        [ -d "$entry" ] || continue
        folders=$((folders + 1))
        [ "$folders" -le 100 ] || break
        say folder "$entry"
    done
}

# The unit that starts the runtime, its drop-ins and its environment files, in systemd.unit(5)'s order of folders.
send_unit() {
    [ "$RT_UNIT" ] || return 0
    set --
    for folder in /etc/systemd/system /run/systemd/system /usr/local/lib/systemd/system /usr/lib/systemd/system \
        /lib/systemd/system; do
        # Mostly the same folder once more.
        [ "$folder" != /lib/systemd/system ] || ! [ "$folder" -ef /usr/lib/systemd/system ] 2>/dev/null || continue
        for entry in "$folder/$RT_UNIT" "$folder/$RT_UNIT.d"/*.conf; do
            [ -f "$entry" ] || continue
            send_timed "$entry"
            [ ! -r "$entry" ] || set -- "$@" "$entry"
        done
    done
    [ $# -gt 0 ] && have sed || return 0
    environment_file='s,^[[:space:]]*EnvironmentFile[[:space:]]*=[[:space:]]*-{0\,1}(/[^[:space:]]*).*,\1,p'
    for line in $(sed -n -E "$environment_file" "$@" </dev/null | head -c 65536); do
        send_timed "$line" 65536 send_proxies
    done
}
"""

STATE = r"""
# A proxy without its login: say_proxy KEY URL
say_proxy() {
    case $2 in
        *@*) case ${2%%://*} in
            "$2" | '' | *[!A-Za-z0-9+.-]*) say "$1" "hidden@${2##*@}" ;;
            *) say "$1" "${2%%://*}://hidden@${2##*@}" ;;
        esac ;;
        *) say "$1" "$2" ;;
    esac
}
say name "$RT"
say variant "$RT_VARIANT"
say pid "$RT_PID"
say unit "$RT_UNIT"
say socket "$RT_SOCKET"
say config "$RT_CONFIG"
say root "$RT_ROOT"
say certs "$RT_CERTS"
say endpoint "$RT_ENDPOINT"
say kubelet_pid "$RT_KUBELET_PID"
say proxy_from "$RT_PROXY_FROM"
say_proxy https_proxy "$RT_HTTPS_PROXY"
say_proxy http_proxy "$RT_HTTP_PROXY"
say no_proxy "$RT_NO_PROXY"
if [ -r /proc/1/environ ]; then say root_user 1; fi
{ read -r line </proc/1/comm && say sees_processes 1; } 2>/dev/null
read -r up idle </proc/uptime
say uptime "$up"
say now "$(date +%s)"
if [ "$RT_PID" ]; then
    { read -r line <"/proc/$RT_PID/stat"; } 2>/dev/null && say stat "${line##*) }"
    [ -S "$RT_SOCKET" ] && say socket_there 1
fi
if [ "$RT_UNIT" ] && [ -d /run/systemd/system ] && have systemctl; then
    block unit limit 2 systemctl show --no-pager -p ActiveState,SubState,NRestarts,Result,ActiveEnterTimestamp \
        -p NeedDaemonReload,ExecMainStartTimestamp,ExecMainStatus "$RT_UNIT"
fi
[ -s /etc/environment ] && [ -r /etc/environment ] && block etc_environment send_proxies /etc/environment 16384
"""
"""What is known without asking the runtime."""

ANSWER = r"""
[ "$RT_PID" ] || exit 0
{ read -r line <"/proc/$RT_PID/stat"; } 2>/dev/null || exit 0
# A process that was stopped would only let the clients wait.
case ${line##*) } in T*|t*) exit 0 ;; esac
case $RT in
    containerd)
        if have ctr; then
            block answer limit 2 ctr --address "$RT_SOCKET" version
            [ "$_br" -eq 0 ] && block plugins limit 2 ctr --address "$RT_SOCKET" plugins ls
        elif have k3s; then block answer limit 2 k3s ctr --address "$RT_SOCKET" version
        elif have crictl; then block answer limit 2 crictl --runtime-endpoint "unix://$RT_SOCKET" version
        else lacks answer ctr crictl; fi ;;
    docker)
        if have docker; then
            block answer limit 2 docker --host "unix://$RT_SOCKET" version --format 'Version: {{.Server.Version}}'
        elif have curl; then block answer limit 2 curl -s -S --unix-socket "$RT_SOCKET" http://docker/version
        else lacks answer docker curl; fi ;;
    cri-o)
        if have crictl; then block answer limit 2 crictl --runtime-endpoint "unix://$RT_SOCKET" version
        elif have curl; then block answer limit 2 curl -s -S --unix-socket "$RT_SOCKET" http://crio/info
        else lacks answer crictl curl; fi ;;
esac
"""
"""Whether it answers, by its own client under a limit: a hung runtime lives and does not."""
