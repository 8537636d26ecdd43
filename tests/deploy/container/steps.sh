# shellcheck shell=bash
# What must hold in the container, in groups that run in this order. A part of script/test-container,
# which gives: inside COMMAND..., $container (its root, from outside), $work, $repository.

# shellcheck source=tests/deploy/container/assertions.sh
source "$repository/tests/deploy/container/assertions.sh"
# shellcheck source=tests/deploy/container/updates.sh
source "$repository/tests/deploy/container/updates.sh"
# shellcheck source=tests/deploy/container/beside.sh
source "$repository/tests/deploy/container/beside.sh"
# shellcheck source=tests/deploy/container/fleet.sh
source "$repository/tests/deploy/container/fleet.sh"

readonly STEPS=(dry_run first_install hardening microphone beside mute crash stuck reload bad_config start_limit
    push broken_update update_that_does_not_start stopped_stays_stopped edited_config daily_check
    reboot uninstall former_commit purge)

readonly INSTALLER=/mnt/source/firmware_config/install.sh
readonly OFFLINE=(--wheels /mnt/shared/wheels)

run_steps() {
    local step
    [ $# -gt 0 ] || set -- "${STEPS[@]}"
    for step in "$@"; do
        echo "== ${step//_/ }"
        "step_$step"
    done
    if [ "$n_failed" -gt 0 ]; then
        echo "== the last lines of the service's log"
        inside journalctl --unit ser-edge --no-pager --lines 40 --output short-monotonic || true
    fi
    echo "$n_passed passed, $n_failed failed"
    [ "$n_failed" -eq 0 ]
}

property() { inside systemctl show --property="$1" --value "${2:-ser-edge.service}"; }

has_property() { same "$(property "$1")" "$2"; }

is_active() { inside systemctl is-active "${1:-ser-edge.service}"; }

is_listening() { inside ser-edge status; }

process() { property MainPID "${1:-ser-edge.service}"; }

# The process of the unit $2 is another one than $1, and there is one.
runs_anew() { differ "$(process "${2:-}")" "$1" && differ "$(process "${2:-}")" 0 && is_active "${2:-}"; }

release() { inside readlink /opt/ser-edge/current; }

n_releases() { inside sh -c 'ls /opt/ser-edge/releases | wc -l'; }

trouble() { inside cat /run/ser-edge/status.json; }

as_user() {
    local user=$1
    shift
    inside setpriv --reuid="$user" --regid="$(inside id -g "$user")" --init-groups "$@"
}

# Everything that an installer could change; the log goes on by itself.
state_of_machine() {
    inside sh -c 'find /etc /opt /usr /var/lib /home /root /run/sshd -xdev \
        ! -path "/var/lib/ser-edge/log.db*" -printf "%p %y %m %u %g %s %T@ %l\n" | sort
        ls -A /var/tmp | grep -v ^systemd; systemctl list-unit-files --no-legend'
}

step_dry_run() {
    local before
    before=$(state_of_machine)
    holds "a dry run ends well" inside "$INSTALLER" --dry-run "${OFFLINE[@]}"
    holds "it says what it would do" it_said "would make the user ser-edge"
    holds "it changed nothing" same "$(state_of_machine)" "$before"
    holds "a user may try it too" as_user nobody "$INSTALLER" --dry-run "${OFFLINE[@]}"
    holds "but only root may install" exits 1 as_user nobody "$INSTALLER" "${OFFLINE[@]}"
    holds "a wrong option is a usage error" exits 2 inside "$INSTALLER" --force
    holds "so is a folder that is not there" exits 2 inside "$INSTALLER" --wheels /nowhere
    mkdir -p "$container/mnt/empty"
    holds "a folder without wheels is refused" exits 1 inside "$INSTALLER" --wheels /mnt/empty
    holds "still nothing is changed" same "$(state_of_machine | grep -v ' /mnt')" "$before"
}

# The service finds its microphone where feeder.py will put it: not yet.
prepare_microphone() {
    mkdir -p "$container/etc/systemd/system/ser-edge.service.d"
    cat >"$container/etc/systemd/system/ser-edge.service.d/microphone.conf" <<'UNIT'
[Service]
Environment=ALSA_CONFIG_PATH=/mnt/source/tests/deploy/container/asound.conf
UNIT
    cat >"$container/etc/systemd/system/ser-test-microphone.service" <<'UNIT'
[Service]
ExecStart=/opt/ser-edge/current/bin/python /mnt/source/tests/deploy/container/feeder.py /mnt/source/edge/samples/room.flac
ExecStopPost=/bin/rm -f /run/ser-test/microphone
UNIT
    inside systemctl daemon-reload
}

step_first_install() {
    local before
    prepare_microphone
    holds "it installs without network" inside "$INSTALLER" "${OFFLINE[@]}"
    holds "it says what it changed" it_said "make the user ser-edge"
    holds "the service is active without any microphone" is_active
    comes_true "it says that it is deaf" 20 says DEAF inside ser-edge status
    holds "being deaf is exit code 69" exits 69 inside ser-edge status
    holds "the unit and the timer are enabled" inside \
        systemctl is-enabled ser-edge.service ser-edge-selftest.timer
    holds "so is what runs beside it" inside \
        systemctl is-enabled ser-edge-deliver.service ser-edge-dashboard.service
    holds "secrets have a folder of their own" same "$(inside stat -c '%a %U %G' /etc/ser-edge/secrets)" \
        "2750 root ser-edge"
    holds "the service may write nothing of the program" same '' \
        "$(as_user ser-edge find /opt/ser-edge /usr/local/bin /etc/ser-edge -writable ! -type l)"
    holds "it is in the groups of microphones and pins" says 'audio gpio' as_user ser-edge id -nG
    holds "everybody may ask for the status" says DEAF as_user nobody ser-edge status
    holds "nobody else may read the log" refuses as_user nobody ls /var/lib/ser-edge
    before=$(process)
    holds "a second time it changes nothing" says "nothing was changed" inside "$INSTALLER" "${OFFLINE[@]}"
    holds "and leaves the service alone" same "$(process)" "$before"
}

step_hardening() {
    local unit
    for unit in ser-edge ser-edge-deliver ser-edge-dashboard ser-edge-selftest ser-edge-again; do
        holds "systemd finds no fault in $unit.service" same '' \
            "$(inside systemd-analyze verify "/etc/systemd/system/$unit.service" 2>&1)"
        holds "$unit.service is exposed by 1.5 at most" inside \
            systemd-analyze security --no-pager --threshold=15 "$unit.service"
    done
    holds "sshd lets the user do one thing" says "forcecommand /usr/local/bin/ser-edge model receive" \
        inside sshd -T -C user=ser-edge,host=here,addr=127.0.0.1
    holds "and leaves other users alone" says "forcecommand none" \
        inside sshd -T -C user=root,host=here,addr=127.0.0.1
}

step_microphone() {
    local before
    before=$(process)
    inside systemctl start ser-test-microphone.service
    comes_true "a microphone that comes late is heard" 60 is_listening
    holds "by the same process" same "$(process)" "$before"
    comes_true "what it hears stands in the unit's status" 30 says listening property StatusText
    comes_true "and in the log" 60 says % inside ser-edge log
    holds "no line of the journal is a C library's" refuses says "Cannot create" \
        inside journalctl --unit ser-edge --no-pager --output cat
}

step_crash() {
    local before
    before=$(process)
    inside kill -9 "$before"
    comes_true "killed, it is started again" 60 runs_anew "$before"
    comes_true "and listens" 60 is_listening
}

step_stuck() {
    local before
    before=$(process)
    inside kill -STOP "$before"
    comes_true "stuck, it is ended by the watchdog and started again" 90 runs_anew "$before"
    holds "the journal says so" says "Watchdog timeout" \
        inside journalctl --unit ser-edge --no-pager --output cat
    comes_true "and listens" 60 is_listening
}

step_reload() {
    local before
    before=$(process)
    echo 'wrong = 1' >>"$container/etc/ser-edge/config.toml"
    inside systemctl reload ser-edge.service
    comes_true "a wrong configuration is reported when it is read again" 30 says wrong trouble
    holds "and the service goes on with the old one" same "$(process)" "$before"
    sed -i '/^wrong = 1$/d' "$container/etc/ser-edge/config.toml"
    inside systemctl reload ser-edge.service
    comes_true "once it is right, the trouble is over" 30 refuses says wrong trouble
    holds "all by the same process" same "$(process)" "$before"
    holds "which listens" is_listening
}

step_bad_config() {
    echo 'wrong = 1' >>"$container/etc/ser-edge/config.toml"
    holds "it does not start with a wrong configuration" refuses inside systemctl restart ser-edge.service
    holds "that is exit code 78" has_property ExecMainStatus 78
    inside sleep 7 # more than RestartSec=
    holds "it is not started again" says failed inside systemctl is-active ser-edge.service
    holds "not even after half an hour" says inactive inside systemctl is-active ser-edge-again.service
    holds "an update is refused as long" exits 1 inside "$INSTALLER" --rebuild "${OFFLINE[@]}"
    holds "and says which key" it_said "wrong"
    sed -i '/^wrong = 1$/d' "$container/etc/ser-edge/config.toml"
    inside systemctl start ser-edge.service
    comes_true "once it is right, it listens" 60 is_listening
}

step_start_limit() {
    cat >"$container/etc/systemd/system/ser-edge.service.d/broken.conf" <<'UNIT'
[Service]
Type=exec
ExecStart=
ExecStart=/bin/false
RestartSec=100ms
UNIT
    inside systemctl daemon-reload
    inside systemctl reset-failed ser-edge.service # the starts of the groups before do not count
    inside systemctl --no-block restart ser-edge.service
    comes_true "what fails again and again is given up" 60 says failed \
        inside systemctl is-active ser-edge.service
    holds "after the sixth start" grep -x '[56]' <(property NRestarts)
    inside sleep 4
    holds "half an hour later it is tried again" says activating \
        inside systemctl is-active ser-edge-again.service
    rm "$container/etc/systemd/system/ser-edge.service.d/broken.conf"
    inside systemctl daemon-reload
    inside systemctl stop ser-edge.service
    holds "whoever stops it ends the waiting" says inactive \
        inside systemctl is-active ser-edge-again.service
    inside systemctl reset-failed ser-edge.service
    inside systemctl start ser-edge.service
    comes_true "mended, it listens" 60 is_listening
}

# A push over the container's own sshd, from outside: our files, its network.
push() {
    nsenter -t "$leader" -n "$pusher" -m trainer push "$1" ssh://ser-edge@127.0.0.1 --key "$work/key" \
        --json "${ssh_options[@]}" "${@:2}"
}

step_push() {
    local before pusher=$repository/.venv-test/bin/python
    if ! "$pusher" -c 'import trainer.cli.push' 2>/dev/null; then
        holds "$pusher is here (script/setup test makes it)" false
        return
    fi
    ssh-keygen -q -t ed25519 -N '' -C container -f "$work/key"
    ssh_options=(-o "IdentityFile=$work/key" -o IdentitiesOnly=yes
        -o "UserKnownHostsFile=$work/known_hosts" -o StrictHostKeyChecking=accept-new)
    "$pusher" "$repository/tests/deploy/container/make_model.py" "$work/newer.tflite" 2
    before=$(process)
    holds "without its key nobody gets in" exits 69 push "$work/newer.tflite"
    cp "$work/key.pub" "$container/srv/key.pub"
    inside sh -c 'ser-edge model authorize /srv/key.pub >>/etc/ser-edge/authorized_keys'
    holds "an unsigned or unknown signature is refused" exits 65 push "$work/newer.tflite"
    echo "container namespaces=\"ser-edge-model\" $(cut -d ' ' -f 1,2 "$work/key.pub")" \
        >>"$container/etc/ser-edge/allowed_signers"
    holds "a signed model is taken" push "$work/newer.tflite"
    holds "and reported as changed" it_said '"changed"'
    holds "the same again is a no-op" says '"unchanged"' push "$work/newer.tflite"
    holds "the service never stopped" same "$(process)" "$before"
    holds "the key opens nothing else" exits 2 nsenter -t "$leader" -n ssh -i "$work/key" \
        -o "UserKnownHostsFile=$work/known_hosts" -o BatchMode=yes ser-edge@127.0.0.1 id
    comes_true "and it listens with the new model" 60 says '"version": "2"' trouble
}
