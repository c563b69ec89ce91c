# Sourced by the hook scripts: puts one event durably into the spool folder, then exits.
#
#   0   stored: on disk, will be worked on
#   2   bad arguments: a sentence on stderr and in refused.log; repeating them is useless
#   75  could not store: a sentence on stderr; nothing is kept, repeat it
#
# POSIX sh. Builtins do all the work; the one program run for a stored event is sync.

export LC_ALL=C # lengths and patterns in bytes; sync loads no locale
PATH=${PATH:+$PATH:}/usr/bin:/bin
umask 027
set -C            # > creates a file or fails: two events never share one
trap '' PIPE XFSZ # a reader gone or a size limit must become an exit code, not a signal

me=${0##*/}
spool=${ISP_ADDONS_SPOOL:-/var/spool/isp-addons}
words='changed blocked unblocked paid charged period_ending period_began tariff_changed'
words="$words on_block on_unblock on_charge before_period_end" # the hooks' own names
words="$words block_changed inet_on inet_off low_balance payment" # NetUP UTM5's

refuse() {
    printf '%s: %s\n' "$me" "$1" >&2
    { printf '%s %s: %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$me" "$1" >>"$spool/refused.log"; } 2>/dev/null
    exit 2
}

later() {
    printf '%s: not stored, repeat it: %s\n' "$me" "$1" >&2
    exit 75
}

# store_event CHARACTERS WORD account=ACCOUNT [name=value...]; CHARACTERS: what an account may consist of
store_event() {
    allowed=$1
    shift
    check_arguments "$@"
    word=$1 account='' names=' word '
    shift
    for pair do # keeps the order: each pair leaves in front and comes back behind
        shift
        check_name "$pair"
        case $pair in
            account=*) account=${pair#*=} ;;
            *) set -- "$@" "$pair" ;;
        esac
    done
    check_account
    write_event "$@"
    sync "$file" "$spool" || {
        rm -f "$file"
        later "sync could not bring $file to disk."
    }
    exit 0
}

check_arguments() {
    [ $# -gt 0 ] || refuse "No event. Usage: $me WORD account=ACCOUNT [key=UNIQUE] [name=value...]"
    size=0
    for argument do
        case $argument in
            *[[:cntrl:]]*) refuse 'An argument holds a line break or another control character.' ;;
        esac
        size=$((size + ${#argument} + 1))
    done
    [ "$size" -le 4000 ] || refuse "The arguments have $size bytes; an event has at most 4000."
    known=no
    case $1 in
        *' '*) ;;
        *) case " $words " in *" $1 "*) known=yes ;; esac ;;
    esac
    [ $known = yes ] || refuse "'$1' is not an event; known are $words."
}

check_name() {
    name=${1%%=*}
    case $1 in
        *=*) ;;
        *) refuse "'$1' is not understood: after the event, every argument is name=value." ;;
    esac
    case $name in
        '' | [!A-Za-z_]* | *[!A-Za-z0-9_.-]*) refuse "'$name' is not a name: letters, digits and _ . - only." ;;
    esac
    case $names in
        *" $name "*) refuse "'$name' is given twice." ;;
    esac
    names="$names$name "
    case $1 in
        key=) refuse 'The key is empty: leave it out or make it unique.' ;;
        key=*[!\ -~]*) refuse 'The key holds characters beyond ASCII.' ;;
        key=*) [ ${#1} -le 132 ] || refuse 'The key is too long: at most 128 characters.' ;;
    esac
}

check_account() {
    case $account in
        '') refuse 'The account is missing or empty: give account=ACCOUNT.' ;;
        UID | UIP | EMAIL | *[%\$\&\#{}\(\)]*) placeholder=yes ;;
        *[!A-Z_]* | _* | *_ | *__*) placeholder=no ;;
        *_*) placeholder=yes ;;
        *) placeholder=no ;;
    esac
    [ $placeholder = no ] ||
        refuse "The account is literally '$account': the billing did not replace its placeholder; check the spelling in its rule."
    case $account in
        [!0-9A-Za-z]* | *[!$allowed]*) refuse "'$account' is not an account: the characters $allowed only." ;;
    esac
    [ ${#account} -le 64 ] || refuse 'The account is too long: at most 64 characters.'
}

# Leaves the name of the file in $file. The last line proves that the file is whole.
write_event() {
    case $spool in
        /*) ;;
        *) later "the spool folder '$spool' must be an absolute path; set ISP_ADDONS_SPOOL." ;;
    esac
    number=0
    while :; do
        file=$spool/$$-$number.event written=
        {
            printf '%s\n' 'isp-addons-event 1' "word=$word" "account=$account" "$@" end && written=yes || written=no
        } 2>/dev/null >"$file"
        case $written in
            yes) return ;;
            no)
                rm -f "$file"
                later "$spool cannot take the event; is the disk full?"
                ;;
        esac
        [ -d "$spool" ] || later "the spool folder $spool does not exist; create it or set ISP_ADDONS_SPOOL."
        [ -e "$file" ] || later "cannot create a file in $spool; let this user write there."
        number=$((number + 1))
        [ $number -lt 1000 ] || later "$spool holds too many events of process $$."
    done
}
