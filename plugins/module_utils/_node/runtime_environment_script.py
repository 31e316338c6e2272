# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a runtime was started with that decides on its ways: its proxies, and the certificates that it trusts, as sh."""

from __future__ import annotations

ENVIRONMENT = r"""
# Words of which some are quoted, because they hold blanks -> $rt_text, one a line
rt_words() {
    rt_rest=$1 rt_text=
    while [ "$rt_rest" ]; do
        case $rt_rest in
            ' '*) rt_v= rt_rest=${rt_rest#?} ;;
            \"*\"*) rt_rest=${rt_rest#?}; rt_v=${rt_rest%%\"*} rt_rest=${rt_rest#*\"} ;;
            *' '*) rt_v=${rt_rest%% *} rt_rest=${rt_rest#* } ;;
            *) rt_v=$rt_rest rt_rest= ;;
        esac
        rt_text=$rt_text$rt_v$rt_newline
    done
}

# Proxies as Go's net/http takes them (the capitals first), and the files of trusted certificates.
rt_environment() {
    rt_text=
    if [ "$RT_PID" ] && [ -r "/proc/$RT_PID/environ" ]; then
        rt_memory "$RT_PID" environ
        [ -z "$rt_text" ] || RT_PROXY_FROM=${RT_PROXY_FROM:-process}
    elif [ "$RT_UNIT" ] && [ -d /run/systemd/system ] && have systemctl; then
        rt_words "$(IFS=$sep; limit 1 systemctl show -p Environment --value "$RT_UNIT" 2>/dev/null)"
        RT_PROXY_FROM=${RT_PROXY_FROM:-unit}
    fi
    for rt_line in $rt_text; do
        case $rt_line in
            SSL_CERT_FILE=?*) RT_CERT_FILE=${rt_line#*=} ;;
            SSL_CERT_DIR=?*) RT_CERT_DIR=${rt_line#*=} ;;
        esac
        [ "$RT_PROXY_FROM" != file ] || continue
        case $rt_line in
            https_proxy=*) [ "$RT_HTTPS_PROXY" ] || RT_HTTPS_PROXY=${rt_line#*=} ;;
            HTTPS_PROXY=?*) RT_HTTPS_PROXY=${rt_line#*=} ;;
            http_proxy=*) [ "$RT_HTTP_PROXY" ] || RT_HTTP_PROXY=${rt_line#*=} ;;
            HTTP_PROXY=?*) RT_HTTP_PROXY=${rt_line#*=} ;;
            no_proxy=*) [ "$RT_NO_PROXY" ] || RT_NO_PROXY=${rt_line#*=} ;;
            NO_PROXY=?*) RT_NO_PROXY=${rt_line#*=} ;;
        esac
    done
}
"""
