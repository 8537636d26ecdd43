# shellcheck shell=bash
# Taking it away again. Data (log, models, configuration, keys) goes only if a person says so.
# A part of ../install.sh.

uninstall_all() {
    remove_units
    remove_path "$sshd_file" "take sshd's drop-in $sshd_file away" remove_sshd_file
    remove_path "$gpio_rule" "take the rule $gpio_rule away" rm -f "$gpio_rule"
    remove_path "$command" "remove the command $command" rm -f "$command"
    remove_path "$opt" "remove $opt" rm -rf "$opt"
    remove_data
    if [ -n "$firmware" ]; then
        run_firmware --remove
    elif [ -d "$prefix/var/backups/ser-edge-firmware" ]; then
        say "the Pi's own settings stay as they are; apply-firmware.sh --remove takes them back"
    fi
    summarise
}

# remove_path PATH SENTENCE COMMAND...: where the path is there.
remove_path() {
    local path=$1
    shift
    if [ -e "$path" ] || [ -L "$path" ]; then change "$@"; fi
}

remove_units() {
    local unit
    for unit in $(installed_units); do
        has_other_owner "$unit" || change "stop and remove the unit $unit" remove_unit "$unit"
    done
    if [ -n "$units_changed" ] && has_systemd; then
        systemctl daemon-reload
        systemctl reset-failed 'ser-edge*' 2>/dev/null || true
    fi
}

remove_sshd_file() {
    rm -f "$sshd_file"
    if has_systemd && systemctl --quiet is-active ssh.service; then
        systemctl reload ssh.service
    fi
}

remove_data() {
    local path there=()
    for path in "$state" "$etc"; do
        [ ! -e "$path" ] || there+=("$path")
    done
    if [ ${#there[@]} -gt 0 ] && ! may_remove_data "${there[@]}"; then
        say "kept: ${there[*]} and the user $user (--uninstall --purge removes them)"
        return 0
    fi
    for path in "${there[@]}"; do
        change "remove $path" rm -rf "$path"
    done
    ! getent passwd "$user" >/dev/null || change "remove the user $user" quietly userdel "$user"
}

may_remove_data() {
    if [ -n "$purge" ] && [ -n "$yes$dry_run" ]; then return; fi
    [ -z "$yes$dry_run" ] || return 1
    agreed "Remove the data too: the log, pushed models, configuration and keys ($*)?"
}
