# shellcheck shell=bash
# The service: started again with the new release, watched for a moment, and put back if it fails.
# A part of ../install.sh.

readonly SERVICE=ser-edge.service
readonly START_LIMIT_S=150 # more than TimeoutStartSec= of the unit
readonly STAYS_UP_S=8      # more than RestartSec=, so that a crash after the start is seen

was_active='' # whether the service ran when this began

has_systemd() { [ -z "$prefix" ] && [ -d /run/systemd/system ]; }

service_state() { systemctl is-active "$SERVICE" 2>/dev/null || true; }

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
    change "start the service" start_service && return
    [ -n "$dry_run" ] || fail "the service does not start: journalctl -u ser-edge says why"
}

# Whoever has stopped the service wants it stopped.
start_again() {
    case $(service_state) in
        active | reloading | activating) was_active=yes ;;
        failed) ;;
        *) say "the service is stopped, and stays so"; return 0 ;;
    esac
    if ! change "start the service again" start_service; then
        [ -n "$was_active" ] || fail "the service failed before, and still does:" \
            "journalctl -u ser-edge says why"
        go_back
    fi
}

start_service() {
    systemctl reset-failed "$SERVICE" 2>/dev/null || true
    timeout "$START_LIMIT_S" systemctl restart "$SERVICE" 2>"$work/log" && stays_up
}

stays_up() {
    local process left
    process=$(main_process)
    for ((left = STAYS_UP_S; left > 0; left--)); do
        sleep 1
        [ "$(service_state)" = active ] && [ "$(main_process)" = "$process" ] || return 1
    done
}

main_process() { systemctl show --property=MainPID --value "$SERVICE"; }

# The new installation does not run: everything as it was before.
go_back() {
    local unit
    warn "the service does not start with the new installation; its last words:"
    journalctl --unit "$SERVICE" --lines 10 --no-pager --output cat >&2 || true
    for unit in "${new_units[@]}"; do systemctl --quiet disable --now "$unit" || true; done
    put_back_files
    [ "$release" = "$former" ] || switch_links_back
    systemctl daemon-reload
    if start_service; then
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
    say "the service is $(service_state); \"ser-edge status\" says what it hears," \
        "\"sudo ser-edge doctor\" what is missing"
}
