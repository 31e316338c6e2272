# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS, HTTP and proxies from a node, as POSIX sh.

Nothing that is sent carries a credential of a registry. A login that stands in the proxy's own URL goes to that
proxy, as the runtime sends it, and reaches curl by its standard input. Certificates travel as PEM, and the controller
reads them; what is trusted is decided on the node, with the files that its runtime uses.
"""

from __future__ import annotations

WEB = r"""
# What trusts a host: the system's certificates and the files of net_cas, as one stream
net_cat_trust() {
    IFS=$nl
    set -- $net_cas
    IFS=$net_blanks
    for net_file in "$net_bundle" "$@"; do
        [ -f "$net_file" ] && [ -r "$net_file" ] && { head -c 4194304 "$net_file"; echo; }
    done
}

# openssl s_client with that trust and no standard input: net_s_client ARGS... The first read of the input is the CAs.
net_s_client() {
    [ -z "$net_roots_dir" ] || set -- "$@" -CApath "$net_roots_dir"
    if [ "$net_cas" ]; then
        net_cat_trust 2>/dev/null | limit 3 openssl s_client -CAfile /dev/stdin "$@" 2>&1
    elif [ "$net_bundle" ]; then
        limit 3 openssl s_client -CAfile "$net_bundle" "$@" 2>&1 </dev/null
    else
        limit 3 openssl s_client "$@" 2>&1 </dev/null
    fi
}

# Go's clients refuse what is older than TLS 1.2 (crypto/tls, since Go 1.18).
net_versions='-no_tls1 -no_tls1_1'

# -servername for names only (RFC 6066, 3: no literal addresses) -> $net_sni
net_server_name() {
    case $1 in
        \[*) net_sni= ;;
        *[!0-9.]*) net_sni="-servername $1" ;;
        *) net_sni= ;;
    esac
}

# The words of s_client and the certificates, without the session and its key.
net_tls_words() { grep -v -e '^    [0-9a-f]\{4\} - ' -e '^    [A-Z].*:' -e '^ *[asv]:' | head -c 40000; }

# TLS with one address: net_tls ADDRESS HOST PORT -> status 0 where the handshake ended well; prints the block tls
net_tls() {
    net_server_name "$2"
    net_bracketed "$1"
    if have openssl; then
        now
        net_from=$NOW
        net_out=$({ net_s_client -connect "$net_b:$3" $net_sni $net_versions -showcerts
            printf '\nnet_exit %s\n' $?; } |
            net_tls_words)
        now
        say tls "$1 openssl $((NOW - net_from))"
        block tls printf '%s\n' "$net_out"
        # Without a certificate openssl says that it verifies well, too.
        case $net_out in *'no peer certificate available'*) return 1 ;; esac
        case $net_out in *'Verification: OK'*|*'Verification error'*|*'Verify return code:'*) return 0 ;; esac
        return 1
    fi
    if have curl; then
        say tls "$1 curl 0"
        net_curl_get "$1" https "$2" "$3" verify
        return $?
    fi
    lacks tls openssl curl
    return 0
}

# curl with the trust of the runtime on descriptor 8: net_curl SECONDS ARGS...
net_curl_trusting() {
    net_x=$1
    shift
    if [ "$net_cas" ]; then
        net_cat_trust 2>/dev/null | { exec 8<&0; limit "$net_x" curl --cacert /dev/fd/8 "$@" </dev/null 2>&1; }
    elif [ "$net_bundle" ]; then
        limit "$net_x" curl --cacert "$net_bundle" "$@" </dev/null 2>&1
    else
        limit "$net_x" curl "$@" </dev/null 2>&1
    fi
}

net_format='\nnet_curl %{http_code} %{http_connect} %{time_connect} %{time_appconnect} %{time_starttransfer}\n'

net_padding=image-pull-probe
net_padding=$net_padding$net_padding$net_padding$net_padding
net_padding=$net_padding$net_padding$net_padding$net_padding
net_padding=$net_padding$net_padding$net_padding$net_padding
net_padding=$net_padding$net_padding$net_padding$net_padding

# GET /v2/ of one address: net_curl_get ADDRESS SCHEME HOST PORT HOW (HOW: verify, or anything else)
net_curl_get() {
    net_how=$5
    net_bracketed "$1"
    now
    say http "$1 curl $2 $NOW"
    net_to="$2://$3:$4/v2/"
    set -- -sS -g --noproxy '*' --max-time 3 --connect-timeout 3 --resolve "$3:$4:$net_b" \
        -A image-pull-probe -o /dev/null
    if [ "$net_how" = verify ]; then
        net_out=$(net_curl_trusting 4 -q "$@" -D - -w "$net_format" "$net_to"; printf 'net_exit %s\n' $?)
    else
        # The same once more over the same connection, so large that it takes several packets.
        net_out=$(limit 5 curl -q -k "$@" -D - -w "$net_format" --fail-early "$net_to" --next \
            -k "$@" --max-time 2 -H "X-Padding: $net_padding" -w '\nnet_large %{http_code}\n' "$net_to" </dev/null 2>&1
            printf 'net_exit %s\n' $?)
        # curl before 7.52 knows no --fail-early.
        case $net_out in *'net_exit 2')
            net_out=$(limit 5 curl -q -k "$@" -D - -w "$net_format" "$net_to" </dev/null 2>&1
                printf 'net_exit %s\n' $?) ;;
        esac
    fi
    block http printf '%.8000s\n' "$net_out"
    case $net_out in *'net_exit 0') return 0 ;; esac
    return 1
}

# The request as it goes over the line: net_request HOST PORT
net_request() {
    net_x=$1
    case $2 in 443|80) ;; *) net_x=$1:$2 ;; esac
    printf 'GET /v2/ HTTP/1.1\r\nHost: %s\r\nUser-Agent: image-pull-probe\r\n' "$net_x"
    printf 'Accept: */*\r\nConnection: close\r\n\r\n'
}

# GET /v2/ by whatever is there: net_http ADDRESS SCHEME HOST PORT
net_http() {
    if have curl; then
        net_curl_get "$@" any
        return 0
    fi
    now
    if [ "$2" = https ] && have openssl; then
        say http "$1 openssl $2 $NOW"
        net_server_name "$3"
        net_bracketed "$1"
        net_out=$( { net_request "$3" "$4" |
            limit 3 openssl s_client -quiet -ign_eof -connect "$net_b:$4" $net_sni 2>&1
            printf '\nnet_exit %s\n' $?; } | head -c 8000)
    elif [ "$2" = http ] && have bash; then
        say http "$1 bash $2 $NOW"
        net_out=$( { net_request "$3" "$4" | limit 3 bash -c 'exec 8<>"/dev/tcp/$0/$1" || exit 7
            cat >&8; exec head -n 40 <&8' "$1" "$4" 2>&1; printf '\nnet_exit %s\n' $?; } | head -c 8000)
    elif have wget || { have busybox && busybox wget --help >/dev/null 2>&1; }; then
        net_x=wget
        have wget || net_x='busybox wget'
        say http "$1 wget $2 $NOW"
        net_out=$(unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY
            # busybox built without -T falls over it.
            { limit 3 $net_x --no-check-certificate -S -O /dev/null "$2://$3:$4/v2/" 2>&1
            printf '\nnet_exit %s\n' $?; } | head -c 8000)
    else
        lacks http curl openssl wget
        return 0
    fi
    block http printf '%s\n' "$net_out"
}

# GET /v2/ through the runtime's proxy: net_by_proxy PROXY SCHEME HOST PORT CAS
net_by_proxy() {
    net_cas=$5
    case $1 in *[\"\\]*|*"$nl"*) say proxied "none $2 $3 $4 0"; return 0 ;; esac
    now
    if have curl; then
        say proxied "curl $2 $3 $4 $NOW"
        net_proxy=$1 net_ph=$3 net_pp=$4
        set -- -q -sS -g --noproxy '' --max-time 5 --connect-timeout 3 -A image-pull-probe -o /dev/null -D - \
            -w "$net_format" -K /dev/fd/9 "$2://$3:$4/v2/"
        net_out=$(printf 'proxy = "%s"\n' "$net_proxy" | { exec 9<&0; net_curl_trusting 6 "$@"; }
            printf 'net_exit %s\n' $?)
        # curl quotes a proxy that it cannot parse, with its login.
        net_without_login "$net_proxy"
        while [ "$net_shown" != "$net_proxy" ]; do
            case $net_out in
                *"$net_proxy"*) net_out=${net_out%%"$net_proxy"*}$net_shown${net_out#*"$net_proxy"} ;;
                *) break ;;
            esac
        done
        block proxied printf '%.8000s\n' "$net_out"
        case $net_out in *'net_exit 60'|*'net_exit 51') net_chain_by_proxy "$net_proxy" ;; esac
        return 0
    fi
    case $1 in *@*) say proxied "none $2 $3 $4 0"; lacks proxy curl; return 0 ;; esac
    net_url "$1" || return 0
    case $1 in *://*) ;; *) net_u_scheme=http ;; esac
    [ "$net_u_scheme" = http ] || { say proxied "none $2 $3 $4 0"; lacks proxy curl; return 0; }
    net_nc=
    if have bash; then net_nc=bash; elif have nc; then net_nc=nc; elif have busybox; then net_nc='busybox nc'; fi
    [ "$net_nc" ] || { say proxied "none $2 $3 $4 0"; lacks proxy curl bash nc; return 0; }
    say proxied "connect $2 $3 $4 $NOW"
    case $net_nc in
        bash)
            net_out=$(printf 'CONNECT %s:%s HTTP/1.1\r\nHost: %s:%s\r\n\r\n' "$3" "$4" "$3" "$4" |
                limit 5 bash -c 'exec 8<>"/dev/tcp/$0/$1" || exit 7; cat >&8; exec head -n 1 <&8' \
                "$net_u_host" "$net_u_port" 2>&1; printf '\nnet_exit %s\n' $?) ;;
        *)
            net_out=$( { printf 'CONNECT %s:%s HTTP/1.1\r\nHost: %s:%s\r\n\r\n' "$3" "$4" "$3" "$4"; sleep 3; } |
                limit 5 $net_nc "$net_u_host" "$net_u_port" 2>&1 | head -n 1; printf '\nnet_exit 0\n') ;;
    esac
    block proxied printf '%.4000s\n' "$net_out"
}

# The chain that comes through a proxy and is not trusted: a proxy that opens TLS shows its own.
net_chain_by_proxy() {
    case $1 in *@*|https://*) return 0 ;; esac
    have openssl && net_url "$1" || return 0
    net_server_name "$net_ph"
    net_out=$(net_s_client -proxy "$net_u_host:$net_u_port" -connect "$net_ph:$net_pp" \
        $net_sni $net_versions -showcerts | net_tls_words)
    block chain printf '%s\n' "$net_out"
}

# What the node's own interfaces let through at once -> $net_mtu
net_interfaces() {
    net_mtu=
    set +f
    for net_file in /sys/class/net/*/mtu; do
        case $net_file in */lo/mtu|*/veth*|*/cali*|*/docker*|*/cni*) continue ;; esac
        read -r net_x 2>/dev/null <"$net_file" && net_mtu="$net_mtu${net_mtu:+ }$net_x"
    done
    set -f
    say mtu "$net_mtu"
}

# Where TLS hangs although TCP passes: do small answers come, and large packets? net_large ADDRESS HOST PORT
net_large() {
    if have openssl; then
        net_server_name "$2"
        net_bracketed "$1"
        # Ciphers without certificates are refused by an alert of seven bytes.
        net_out=$(limit 2 openssl s_client -connect "$net_b:$3" $net_sni -tls1_2 \
            -cipher aNULL:@SECLEVEL=0 </dev/null 2>&1)
        say small "$? $net_out"
    fi
    if have ping; then
        net_x=${net_mtu%% *}
        net_big=$(( ${net_x:-1500} - 28 ))
        net_p=$( { limit 2 ping -n -c 1 -W 1 -M do -s 400 "$1" >/dev/null 2>&1; printf 'net_exit %s\n' $?; } &
            { limit 2 ping -n -c 1 -W 1 -M do -s $net_big "$1" >/dev/null 2>&1; printf 'net_big %s\n' $?; } &
            wait)
        net_say ping "$net_big $net_p"
    else
        lacks ping ping
    fi
}

# Everything about one host, in its order: net_host ROLE HOST PORT SCHEME SKIP CAS
net_host() {
    net_role=$1 net_name=$2 net_port=$3 net_scheme=$4 net_skip=$5 net_cas=${6#"$nl"}
    set -f
    net_say asked "$1 $2 $3 $4 $5"
    IFS=$nl
    for net_file in $net_cas; do
        if [ -r "$net_file" ]; then net_say ca "$net_file"; else net_say ca_missing "$net_file"; fi
    done
    IFS=$net_blanks
    net_addresses "$2"
    net_ok=
    net_lines=$(for net_a in $net_v4 $net_v6; do net_tcp "$net_a" "$net_port" & done; wait)
    IFS=$nl
    set -- $net_lines
    IFS=$net_blanks
    for net_line in "$@"; do
        net_say tcp "$net_line"
        set -- $net_line
        case $2 in 0) net_ok="$net_ok $1 " ;; 127) lacks tcp bash nc openssl curl ;; esac
    done
    net_best=
    for net_a in $net_v4 $net_v6; do
        case $net_ok in *" $net_a "*) net_best=$net_a; break ;; esac
    done
    [ "$net_best" ] || return 0
    if [ "$net_role" = proxy ] && [ "$net_scheme" = http ]; then return 0; fi
    if [ "$net_scheme" = https ]; then
        if ! net_tls "$net_best" "$net_name" "$net_port"; then
            case $net_out in *'net_exit 124'*|*'net_exit 28'*) net_large "$net_best" "$net_name" "$net_port" ;; esac
            # containerd goes on to plain HTTP from http:// alone (core/remotes/docker/config/hosts.go).
            [ "$net_skip" = 0 ] || [ "$RT" = containerd ] || net_http "$net_best" http "$net_name" "$net_port"
            return 0
        fi
        have openssl || ! have curl || return 0
    fi
    [ "$net_role" = proxy ] || net_http "$net_best" "$net_scheme" "$net_name" "$net_port"
}
"""
