#!/bin/sh
# An example for the plugin exec: keeps each licence as a file in a folder. Copy it, and put calls to your vendor in its place.
# Usage: vendor.sh FOLDER
#
# Each request comes as JSON on the standard input and, but for the product's options, also as variables ISP_ADDONS_...,
# which is what a shell can work with. The answer is one JSON object on the standard output. Every verb sets what is wanted,
# so running it twice does the same as once.
set -eu
umask 077

folder=${1:-}
if ! [ -d "$folder" ] || ! [ -w "$folder" ]; then
    echo "there is no folder '$folder' to write to; name it after vendor.sh" >&2
    exit 69 # nothing was done
fi
file=$folder/${ISP_ADDONS_KEY:-none}

# A text as JSON; null for an empty one. Only the account can hold characters that must be escaped.
json() {
    [ -n "$1" ] || { printf null; return; }
    printf '"%s"' "$(printf '%s' "$1" | tr -d '\000-\037' | sed 's/[\\"]/\\&/g')"
}

# Reads the licence into $state $quantity $paid_until $account; fails when there is none.
load() {
    [ -f "$file" ] || return 1
    { read -r state; read -r quantity; read -r paid_until; read -r account; } <"$file"
}

# Writes it whole or not at all.
save() {
    printf '%s\n%s\n%s\n%s\n' "$state" "$quantity" "$paid_until" "$account" >"$file.$$"
    mv "$file.$$" "$file"
}

must_exist() {
    load && return
    printf '{"outcome": "rejected", "code": "not_found", "text": "there is no licence %s"}\n' "$ISP_ADDONS_KEY"
    exit 0
}

done_with() {
    printf '{"outcome": "done", "reference": "%s"}\n' "$ISP_ADDONS_KEY"
}

show() {
    printf '{"key": "%s", "state": "%s", "quantity": %s, "reference": "%s", "account": %s, "paid_until": %s}' \
        "$1" "$state" "$quantity" "$1" "$(json "$account")" "$(json "$paid_until")"
}

case ${ISP_ADDONS_ACTION:-} in
order)
    if load && [ "$account" != "$ISP_ADDONS_ACCOUNT" ]; then
        echo "the licence $ISP_ADDONS_KEY belongs to another account" >&2
        exit 65 # rejected
    fi
    state=active quantity=$ISP_ADDONS_QUANTITY paid_until=$ISP_ADDONS_PAID_UNTIL account=$ISP_ADDONS_ACCOUNT
    save
    done_with
    ;;
charge)
    must_exist
    paid_until=$ISP_ADDONS_PAID_UNTIL
    save
    done_with
    ;;
suspend)
    must_exist
    state=suspended
    save
    done_with
    ;;
resume)
    must_exist
    state=active paid_until=$ISP_ADDONS_PAID_UNTIL
    save
    done_with
    ;;
change)
    must_exist
    quantity=$ISP_ADDONS_QUANTITY
    save
    done_with
    ;;
cancel)
    rm -f -- "$file"
    done_with
    ;;
read)
    if load; then
        show "$ISP_ADDONS_KEY"
    else
        printf '{"key": "%s", "state": "absent", "quantity": 0}' "$ISP_ADDONS_KEY"
    fi
    ;;
list)
    total=0 separator=
    printf '{"licences": ['
    for file in "$folder"/*; do
        case $file in *.*) continue ;; esac # being written just now
        load || continue
        printf '%s' "$separator"
        show "${file##*/}"
        total=$((total + 1)) separator=', '
    done
    printf '], "total": %s, "complete": true}\n' "$total"
    ;;
check)
    printf '{"protocol": 1, "about": "the example vendor.sh", "suspends": "state", "can_schedule": false, '
    printf '"changes_quantity": true, "counts_seats": false, "endless": true, "lists": true}\n'
    ;;
*)
    echo "there is no action '${ISP_ADDONS_ACTION:-}'" >&2
    exit 64 # this is not supported
    ;;
esac
