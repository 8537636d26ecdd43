# shellcheck shell=bash
# The service: started again with the new release, watched for a moment, and put back if it fails.
# A part of ../install.sh.

readonly SERVICE=ser-edge.service
# What runs beside it: none of them needs another.
readonly COMPANIONS=(ser-edge-deliver.service ser-edge-dashboard.service)
readonly START_LIMIT_S=150 # more than TimeoutStartSec= of the unit
readonly STAYS_UP_S=8      # more than RestartSec=, so that a crash after the start is seen

ran=() # units that ran when this began, and so must run again

has_systemd() { [ -z "$prefix" ] && [ -d /run/systemd/system ]; }

state_of() { systemctl is-active "$1" 2>/dev/null || true; }

make_service_run() {
    local unit
    [ -n "$dry_run" ] || ! has_systemd || systemctl daemon-reload
    for unit in "${new_units[@]}"; do
        if grep -q '^\[Install\]' "$source_dir/systemd/$unit"; then
            change "have $unit started at every boot" enable_unit "$unit" ||
                warn "systemd refuses that: systemctl enable $unit says why"
        fi
    done
    if [ -z "$start" ] || ! has_systemd; then
        return 0
    elif [ -z "$former" ]; then
        start_new
    elif [ "$release" != "$former" ] || [ -n "$files_changed$units_changed" ]; then
        start_again
    fi
}

enable_unit() {
    [ -z "$prefix" ] || return 0
    systemctl --quiet enable "$1" || return 1
    if has_systemd && [ -n "$start" ] && [[ $1 == *.timer ]]; then
        systemctl --quiet start "$1"
    fi
}

start_new() {
    change "start the service" start_units "$SERVICE" ||
        fail "the service does not start: journalctl -u ser-edge says why"
    start_beside "${COMPANIONS[@]}"
}

# Whoever has stopped something wants it stopped. What ran must run again, or the new installation is
# taken back: where nobody is told of an alarm, it is no better than a deaf room.
start_again() {
    local unit failed='' beside=()
    case $(state_of "$SERVICE") in
        active | reloading | activating) ran+=("$SERVICE") ;;
        failed) failed=yes ;;
        *) say "the service is stopped, and stays so" ;;
    esac
    for unit in "${COMPANIONS[@]}"; do
        case $(state_of "$unit") in
            active | reloading) ran+=("$unit") ;;
            # It was failing, which an update may mend but need not.
            activating | failed) beside+=("$unit") ;;
            *) if is_new "$unit"; then beside+=("$unit"); else say "$unit is stopped, and stays so"; fi ;;
        esac
    done
    [ ${#ran[@]} -eq 0 ] || change "start the service again" start_units "${ran[@]}" || go_back
    [ -z "$failed" ] || change "start the service" start_units "$SERVICE" ||
        fail "the service failed before, and still does: journalctl -u ser-edge says why"
    start_beside "${beside[@]}"
}

is_new() { [[ " ${new_units[*]} " == *" $1 "* ]]; }

# What was not running before, and would be welcome.
start_beside() {
    [ $# -gt 0 ] || return 0
    change "start $(names "$@")" start_units "$@" ||
        warn "not all of $(names "$@") runs; the service does. journalctl -u ser-edge-... says why"
}

names() { echo "${*%.service}"; }

start_units() {
    systemctl reset-failed "$@" 2>/dev/null || true
    timeout "$START_LIMIT_S" systemctl restart "$@" 2>"$work/log" && stay_up "$@"
}

stay_up() {
    local processes left
    processes=$(main_processes "$@")
    for ((left = STAYS_UP_S; left > 0; left--)); do
        sleep 1
        all_are_active "$@" && [ "$(main_processes "$@")" = "$processes" ] || return 1
    done
}

# In no pipe: grep ends at the first word that it looks for, which would fail systemctl.
all_are_active() {
    local states
    states=$(systemctl is-active "$@" || true)
    ! grep -qvx active <<<"$states"
}

main_processes() { systemctl show --property=MainPID --value "$@"; }

# The new installation does not run: everything as it was before.
go_back() {
    local unit
    warn "$(names "${ran[@]}"): not all of it runs with the new installation; the last words:"
    for unit in "${ran[@]}"; do
        journalctl --unit "$unit" --lines 10 --no-pager --output cat >&2 || true
    done
    for unit in "${new_units[@]}"; do systemctl --quiet disable --now "$unit" || true; done
    put_back_files
    [ "$release" = "$former" ] || switch_links_back
    systemctl daemon-reload
    if start_units "${ran[@]}"; then
        warn "the former installation runs again, as it was"
    else
        warn "the former installation was put back, but does not start either: journalctl -u ser-edge"
    fi
    exit 75
}

# Called when something failed: before the switch what was begun is undone, and a sentence says what
# this machine has now.
leave_as_it_was() {
    [ "$doing" = install ] && [ -z "$switched$dry_run" ] || return 0
    [ -z "$built" ] || rm -rf "$built"
    if [ ${#replaced[@]} -gt 0 ]; then
        put_back_files
        ! has_systemd || systemctl daemon-reload
    fi
    if [ -n "$(current_release)" ]; then
        warn "the installation that was there is as it was"
    else
        warn "nothing was installed"
    fi
}

summarise_service() {
    if [ "$doing" = uninstall ] || ! has_systemd; then
        return 0
    fi
    say "the service is $(state_of "$SERVICE"); \"ser-edge status\" says what it hears," \
        "\"sudo ser-edge doctor\" what is missing"
}
