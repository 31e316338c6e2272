# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a node resolves names and opens connections, as POSIX sh.

The node's own way is ``getent`` (nsswitch, hosts file, search list). Why it fails tells none of its exit codes, so
each name server is asked apart: through bash's ``/dev/udp`` a query of RFC 1035 is sent whose answer travels to the
controller as it came; else by dig, nslookup (bind's or busybox's) or host, whose words travel.
"""

from __future__ import annotations

NAMES = r"""
# One fact in one printf below PIPE_BUF: those of processes that run side by side do not tear.
net_say() { printf '\n%s say %s %.3500s\n' "$M" "$1" "$2"; }

# A resolv.conf -> $net_servers $net_search $net_options; glibc and Go use three servers at most.
net_resolv_conf() {
    net_servers= net_search= net_options= net_lines=0
    [ -f "$1" ] && [ -r "$1" ] || return 1
    while read -r net_word net_rest || [ "$net_word" ]; do
        net_lines=$((net_lines + 1))
        [ $net_lines -le 200 ] || break
        net_rest=${net_rest%%[#;]*}
        case $net_word in
            nameserver)
                net_rest=${net_rest%%[ 	]*}
                clean_host "$net_rest" && case " $net_servers " in
                    *" $net_rest "*|*" "*" "*" "*" ") ;;
                    *) net_servers="${net_servers:+$net_servers }$net_rest" ;;
                esac ;;
            search|domain) net_search=$net_rest ;;
            options) net_options="$net_options $net_rest" ;;
        esac
    done <"$1"
}

# The node's resolver: behind the stub of systemd-resolved stand the servers that are really asked.
net_resolver() {
    net_stub= net_source=/etc/resolv.conf
    net_resolv_conf /etc/resolv.conf
    case " $net_servers " in
        *" 127.0.0.53 "*|*" 127.0.0.54 "*)
            if [ -r /run/systemd/resolve/resolv.conf ]; then
                net_stub=$net_servers net_own_search=$net_search net_own_options=$net_options
                net_resolv_conf /run/systemd/resolve/resolv.conf
                net_search=$net_own_search net_options=$net_own_options
                net_source='/run/systemd/resolve/resolv.conf behind the stub in /etc/resolv.conf'
            fi ;;
    esac
    say servers "$net_servers"
    say search "$net_search"
    say options "$net_options"
    say source "$net_source"
    say stub "$net_stub"
}

# The lines of /etc/hosts that may name one of these hosts: net_hosts_file HOST...
net_hosts_file() {
    net_hosts_lines=
    [ -r /etc/hosts ] && [ $# -gt 0 ] || return 0
    net_patterns=
    for net_h in "$@"; do net_patterns="$net_patterns -e $net_h"; done
    net_hosts_lines=$(grep -iF $net_patterns /etc/hosts 2>/dev/null | head -n 40)
    IFS=$nl
    for net_line in $net_hosts_lines; do net_say hosts "$net_line"; done
    IFS=$net_blanks
}

# One line: FAMILY EXIT HUNDREDTHS TOOL WORDS...: net_resolve FAMILY HOST
net_resolve() {
    now
    net_from=$NOW
    if have getent; then
        net_out=$(limit 6 getent "ahostsv$1" "$2" 2>&1)
        net_rc=$? net_tool=getent
    elif net_in_hosts_file "$1" "$2"; then
        net_out=$net_found net_rc=0 net_tool=hosts
    elif have nslookup; then
        net_out=$(limit 6 nslookup "$2" 2>&1)
        net_rc=$? net_tool=nslookup
    elif have busybox && busybox nslookup --help >/dev/null 2>&1; then
        net_out=$(limit 6 busybox nslookup "$2" 2>&1)
        net_rc=$? net_tool=nslookup
    else
        net_out= net_rc=127 net_tool=none
    fi
    now
    net_f=$1
    set -- $net_out
    printf '%.3000s\n' "$net_f $net_rc $((NOW - net_from)) $net_tool $*"
}

net_in_hosts_file() {
    net_found=
    IFS=$nl
    set -- "$1" "$2" $net_hosts_lines
    IFS=$net_blanks
    net_f=$1 net_h=$2
    shift 2
    for net_line in "$@"; do
        set -- ${net_line%%#*}
        case $net_f$1 in 4*:*|6*.*.*.*) continue ;; esac
        net_a=$1
        for net_word in "$@"; do
            [ "$net_word" != "$net_h" ] || net_found="$net_found$net_a STREAM "
        done
    done
    [ "$net_found" ]
}

# Both families side by side: net_addresses HOST -> $net_v4 $net_v6, bounded; says own
net_addresses() {
    net_v4= net_v6=
    case $1 in
        \[*\]) net_v6=${1#\[}; net_v6=${net_v6%\]}; return 0 ;;
        *[!0-9.]*) ;;
        *.*.*.*) net_v4=$1; return 0 ;;
    esac
    net_lines=$(net_resolve 4 "$1" & net_resolve 6 "$1" & wait)
    IFS=$nl
    set -- $net_lines
    IFS=$net_blanks
    for net_line in "$@"; do
        net_say own "$net_line"
        net_pick $net_line
    done
}

# getent: each address before STREAM; nslookup: each after the first Name: (what stands before is the server's).
net_pick() {
    net_tool=$4
    [ "$2" = 0 ] || [ "$net_tool" = nslookup ] || return 0
    net_f=$1 net_last= net_named=
    shift 4
    for net_word in "$@"; do
        case $net_tool in
            nslookup)
                case $net_word in Name:) net_named=1; continue ;; esac
                [ "$net_named" ] && net_take "$net_word" ;;
            *) [ "$net_word" != STREAM ] || net_take "$net_last" ;;
        esac
        net_last=$net_word
    done
}

net_take() {
    clean_host "$1" || return 0
    case $1 in
        ::ffff:*) ;;
        *:*:*)
            [ $net_f = 6 ] || return 0
            case " $net_v6 " in *" $1 "*|*" "*" "*" ") ;; *) net_v6="${net_v6:+$net_v6 }$1" ;; esac ;;
        *[!0-9.]*|*[!0-9]) ;;
        *.*.*.*)
            [ $net_f = 4 ] || return 0
            case " $net_v4 " in *" $1 "*|*" "*" "*" "*" ") ;; *) net_v4="${net_v4:+$net_v4 }$1" ;; esac ;;
    esac
}

# The question section's name as octal escapes for printf -> $net_q, and its length in bytes -> $net_length
net_qname() {
    net_rest=${1%.}.
    net_q= net_length=1
    while [ "$net_rest" ]; do
        net_label=${net_rest%%.*}
        net_rest=${net_rest#*.}
        net_n=${#net_label}
        [ $net_n -gt 0 ] && [ $net_n -lt 64 ] || return 1
        net_q="$net_q\\$((net_n / 64))$((net_n / 8 % 8))$((net_n % 8))$net_label"
        net_length=$((net_length + net_n + 1))
    done
    net_q="$net_q\\000"
}

# A and AAAA of HOST from SERVER over one socket; the answers as they came. dd sends each block as one datagram.
net_udp() {
    net_qname "$2" || return 2
    net_head='\001\000\000\001\000\000\000\000\000\000'
    printf "\\120\\001$net_head$net_q\\000\\001\\000\\001\\120\\034$net_head$net_q\\000\\034\\000\\001" |
        limit 2 $net_in bash -c 'exec 8<>"/dev/udp/$0/53" || exit 9
            dd ibs=1 obs="$1" >&8 2>/dev/null || exit 8
            exec dd bs=850 count=2 <&8 2>/dev/null' "$1" $((net_length + 16)) 2>/dev/null
}

# One line: KIND SERVER HOST HUNDREDTHS TOOL EXIT ANSWER...: net_ask KIND SERVER HOST
net_ask() {
    now
    net_from=$NOW net_kind=$1 net_s=$2 net_h=$3 net_tool= net_rc=127 net_out=
    if have bash && have dd && have od; then
        net_tool=udp net_rc=0
        net_out=$({ net_udp "$net_s" "$net_h"; printf 'EXIT%03d' $?; } | od -An -v -tx1)
        # Nine: this bash knows no /dev/udp.
        case $net_out in *'30 30 39') net_tool= ;; esac
    fi
    [ "$net_tool" ] || net_ask_by_tool
    now
    set -- $net_out
    [ "$net_tool" != udp ] || IFS=
    net_out="$*"
    IFS=$net_blanks
    net_say answer "$net_kind $net_s $net_h $((NOW - net_from)) ${net_tool:-none} $net_rc $net_out"
}

net_ask_by_tool() {
    if have dig; then
        net_tool=dig
        net_out=$(limit 3 $net_in dig +tries=1 +time=2 +noall +comments +answer "@$net_s" \
            "$net_h." A "$net_h." AAAA 2>&1)
    elif have nslookup; then
        net_tool=nslookup
        net_out=$(limit 2 $net_in nslookup "$net_h." "$net_s" 2>&1)
    elif have busybox && busybox nslookup --help >/dev/null 2>&1; then
        net_tool=nslookup
        net_out=$(limit 2 $net_in busybox nslookup "$net_h." "$net_s" 2>&1)
    elif have host; then
        net_tool=host
        net_out=$(limit 3 $net_in host -W 2 -R 1 "$net_h." "$net_s" 2>&1)
    else
        lacks dns_servers bash dig nslookup host
        return 0
    fi
    net_rc=$?
}

# The number of dots from which on a name is asked as it is first (resolv.conf(5)) -> $net_ndots
net_ndots_of() {
    net_ndots=1
    case " $net_options" in *" ndots:"[0-9]*) net_ndots=${net_options##*ndots:}; net_ndots=${net_ndots%%[!0-9]*} ;; esac
}

# What the search list makes of a name, where the list comes first: net_ask_search HOST
net_ask_search() {
    net_count_dots "$1"
    [ "$net_n" -lt "$net_ndots" ] && [ "$net_first" ] || return 0
    net_asked_name=$1
    for net_domain in $net_search; do
        clean_host "$net_domain" || continue
        net_ask search "$net_first" "$net_asked_name.${net_domain%.}" &
    done
    wait
}

# Each server apart, all at once.
net_ask_servers() {
    net_ndots_of
    net_first=${net_servers%% *}
    for net_name in $net_names; do
        for net_server in $net_stub $net_servers; do net_ask name "$net_server" "$net_name" & done
        net_ask_search "$net_name" &
    done
    wait
}

net_count_dots() {
    net_x=$1 net_n=0
    while :; do
        case $net_x in *.*) net_x=${net_x#*.}; net_n=$((net_n + 1)) ;; *) break ;; esac
    done
}

# One line: ADDRESS EXIT HUNDREDTHS TOOL WORDS...: net_tcp ADDRESS PORT
net_tcp() {
    now
    net_from=$NOW net_rc=127 net_tool=none net_out=
    if have bash; then
        net_tool=bash
        net_out=$(limit 3 $net_in bash -c 'exec 8<>"/dev/tcp/$0/$1"' "$1" "$2" 2>&1)
        net_rc=$?
        case $net_out in *"/dev/tcp/"*"No such file"*) net_tool=none ;; esac
    fi
    [ $net_tool != none ] || net_tcp_by_tool "$1" "$2"
    now
    net_a=$1
    set -- $net_out
    printf '%.1000s\n' "$net_a $net_rc $((NOW - net_from)) $net_tool $*"
}

net_tcp_by_tool() {
    net_nc=
    net_bracketed "$1"
    if have nc; then net_nc=nc; elif have busybox && busybox nc --help >/dev/null 2>&1; then net_nc='busybox nc'; fi
    if [ "$net_nc" ]; then
        net_tool=nc
        net_out=$(limit 3 $net_in $net_nc -n -v -z -w 3 "$1" "$2" </dev/null 2>&1)
        net_rc=$?
        case $net_out in
            *Usage:*|*option*|*usage:*)
                # busybox has no -z: a program that does nothing takes the connection.
                net_out=$(limit 3 $net_in $net_nc -w 3 "$1" "$2" -e true </dev/null 2>&1)
                net_rc=$? ;;
        esac
    elif have openssl; then
        net_tool=openssl
        net_out=$(limit 3 $net_in openssl s_client -connect "$net_b:$2" </dev/null 2>&1)
        net_rc=$?
        case $net_out in *CONNECTED*) net_out= net_rc=0 ;; esac
    elif have curl; then
        net_tool=curl
        net_out=$(limit 3 $net_in curl -q -sv -g --noproxy '*' -o /dev/null "http://$net_b:$2/" 2>&1)
        net_rc=$?
        case $net_out in *'* Connected to '*) net_out= net_rc=0 ;; esac
    fi
}

# An address as URLs have it -> $net_b
net_bracketed() {
    case $1 in *:*) net_b="[$1]" ;; *) net_b=$1 ;; esac
}
"""
