# shellcheck shell=bash
# The groups about updates, and about taking it away again. A part of script/test-container; see
# steps.sh.

# A copy of the source of another version, changed by the sed script $2 in the file $1.
spoilt_source() {
    rm -rf "$container/srv/spoilt"
    cp -r "$work/source" "$container/srv/spoilt"
    sed -i 's/^__version__ = .*/__version__ = "9.9.9"/' "$container/srv/spoilt/edge/__init__.py"
    [ $# -eq 0 ] || sed -i "$2" "$container/srv/spoilt/$1"
}

step_broken_update() {
    local before running
    before=$(state_without_pycache) running=$(process)
    spoilt_source edge/selftest.py '1i raise SystemExit(70)'
    holds "an update that fails its self-test is refused" exits 1 \
        inside /srv/spoilt/firmware_config/install.sh "${OFFLINE[@]}"
    holds "that is said" it_said "is as it was"
    spoilt_source setup.py '1i syntax error'
    holds "so is one that cannot be built" exits 1 \
        inside /srv/spoilt/firmware_config/install.sh "${OFFLINE[@]}"
    spoilt_source
    inside sh -c '/srv/spoilt/firmware_config/install.sh --wheels /mnt/shared/wheels >/dev/null 2>&1 &
        sleep 4; kill -TERM $!; wait $!' || true
    holds "and one that is interrupted" same "$(state_without_pycache)" "$before"
    holds "the service did not notice" same "$(process)" "$running"
}

state_without_pycache() {
    inside sh -c 'find /opt/ser-edge /etc/systemd /etc/ser-edge /etc/ssh ! -path "*/__pycache__*" \
        ! -type d ! -type l -printf "%p %m %u %s %T@\n" | sort
        find /opt/ser-edge /etc/systemd -type l -printf "%p %l\n" | sort'
}

step_update_that_does_not_start() {
    local before
    before=$(state_without_pycache)
    spoilt_source edge/cli/run.py '1i raise SystemExit(70)'
    echo '# of the spoilt version' >>"$container/srv/spoilt/systemd/ser-edge.service"
    printf '[Timer]\nOnCalendar=daily\nUnit=ser-edge-selftest.service\n[Install]\nWantedBy=timers.target\n' \
        >"$container/srv/spoilt/systemd/ser-edge-selftest2.timer"
    holds "an update whose service does not start is taken back" exits 75 \
        inside /srv/spoilt/firmware_config/install.sh "${OFFLINE[@]}"
    holds "everything is as it was" same "$(state_without_pycache)" "$before"
    comes_true "and the old one listens" 60 is_listening
    rm -rf "$container/srv/spoilt"
    cp -r "$work/source" "$container/srv/spoilt"
    sed -i 's#^ExecStart=.*#ExecStart=/bin/false#' "$container/srv/spoilt/systemd/ser-edge.service"
    holds "a unit that does not start is taken back too" exits 75 \
        inside /srv/spoilt/firmware_config/install.sh "${OFFLINE[@]}"
    holds "everything is as it was again" same "$(state_without_pycache)" "$before"
    comes_true "and it listens" 60 is_listening
}

step_stopped_stays_stopped() {
    inside systemctl stop ser-edge.service
    holds "a stopped service is left stopped by an update" says "stays so" \
        inside "$INSTALLER" --rebuild "${OFFLINE[@]}"
    holds "two releases are kept" same "$(n_releases)" 2
    inside systemctl start ser-edge.service
    comes_true "it listens with the new release" 60 is_listening
}

step_edited_config() {
    local config=$container/etc/ser-edge/config.toml
    sed -i 's/^retention_days = .*/retention_days = 30/' "$config"
    spoilt_source edge/config/default.toml '1i # Of a later version.'
    holds "an update goes well" inside /srv/spoilt/firmware_config/install.sh "${OFFLINE[@]}"
    holds "an edited configuration stays" grep -q 'retention_days = 30' "$config"
    holds "the new default lies beside it" grep -q 'Of a later version' "$config.new"
    comes_true "the new version listens" 60 is_listening
    holds "and says which it is" says 9.9.9 trouble
    holds "again nothing is changed" says "nothing was changed" \
        inside /srv/spoilt/firmware_config/install.sh "${OFFLINE[@]}"
}

step_daily_check() {
    holds "the daily check is content" inside systemctl start ser-edge-selftest.service
    inside systemctl stop ser-edge.service
    holds "it fails where nobody listens" refuses inside systemctl start ser-edge-selftest.service
    inside systemctl reset-failed ser-edge-selftest.service
    inside systemctl start ser-edge.service
}

step_reboot() {
    comes_true "before the reboot it listens" 60 is_listening
    holds "the machine starts again" reboot
    comes_true "the service is active after a reboot" 60 is_active
    comes_true "so is what tells others" 60 is_active ser-edge-deliver.service
    comes_true "and the page answers" 60 page_answers
    comes_true "and deaf, because its microphone is not there yet" 30 says DEAF inside ser-edge status
    inside systemctl start ser-test-microphone.service
    comes_true "and listens when it comes" 90 is_listening
}

answering() {
    inside script --quiet --return --command "$INSTALLER --uninstall" /dev/null <<<"$1"
}

program_is_gone() {
    same '' "$(inside sh -c 'ls -d /opt/ser-edge /usr/local/bin/ser-edge \
        /etc/systemd/system/ser-edge*.service /etc/systemd/system/ser-edge*.timer \
        /etc/systemd/system/*.wants/ser-edge* /etc/ssh/sshd_config.d/ser-edge.conf 2>/dev/null')"
}

step_uninstall() {
    local before
    inside systemctl stop ser-test-microphone.service
    before=$(state_of_machine)
    holds "a dry run of the uninstallation ends well" inside "$INSTALLER" --uninstall --dry-run
    holds "and changes nothing" same "$(state_of_machine)" "$before"
    holds "without a terminal it uninstalls and keeps the data" says "kept: /var/lib/ser-edge" \
        inside "$INSTALLER" --uninstall
    holds "the program is gone" program_is_gone
    holds "so is its process" refuses inside pgrep -f ser-edge
    holds "the log is there" inside test -s /var/lib/ser-edge/log.db
    holds "the configuration is there" grep -q 'retention_days = 30' \
        "$container/etc/ser-edge/config.toml"
    holds "sshd is content" inside sshd -t
    holds "a second time there is nothing to do" says "nothing was changed" \
        inside "$INSTALLER" --uninstall --yes
}

# An update as it happens in the field: from what the former commit installed.
step_former_commit() {
    local rows
    if [ ! -d "$work/shared/former" ]; then
        echo "NOT RUN: there is no former commit with an installer that differs from this one"
        return
    fi
    echo "     from $(cat "$work/shared/former/commit")"
    holds "the former commit installs, over data that was kept" \
        inside /mnt/shared/former/firmware_config/install.sh --wheels /mnt/shared/wheels-former
    # Where this group runs alone, nobody has edited it yet.
    sed -i 's/^retention_days = .*/retention_days = 30/' "$container/etc/ser-edge/config.toml"
    prepare_microphone
    inside systemctl restart ser-edge.service
    inside systemctl start ser-test-microphone.service
    comes_true "and is active" 60 is_active
    rows=$(inside ser-edge log --json | wc -l)
    holds "this commit updates it" inside "$INSTALLER" "${OFFLINE[@]}"
    comes_true "and listens" 60 is_listening
    comes_true "it tells others, whatever the former could" 30 is_active ser-edge-deliver.service
    comes_true "and shows a page" 60 page_answers
    holds "both also after the next start of the machine" inside \
        systemctl is-enabled ser-edge-deliver.service ser-edge-dashboard.service
    holds "the log has what it had" test "$(inside ser-edge log --json | wc -l)" -ge "$rows"
    holds "the edited configuration is the same" grep -q 'retention_days = 30' \
        "$container/etc/ser-edge/config.toml"
}

step_purge() {
    [ -d "$container/opt/ser-edge" ] || inside "$INSTALLER" "${OFFLINE[@]}" >/dev/null
    holds "asked, and told no, it keeps the data" says "kept: /var/lib/ser-edge" answering n
    holds "the program is gone" program_is_gone
    holds "the data is there" inside test -d /var/lib/ser-edge -a -d /etc/ser-edge
    holds "asked, and told yes, it removes it" says "remove /var/lib/ser-edge" answering y
    holds "nothing is left" same '' \
        "$(inside sh -c 'ls -d /var/lib/ser-edge /etc/ser-edge 2>/dev/null; getent passwd ser-edge')"
}
