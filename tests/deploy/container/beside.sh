# shellcheck shell=bash
# The groups about what runs beside the ears: who tells others, and the page; and about closing the
# ears on purpose. A part of script/test-container; see steps.sh.

readonly DELIVER=ser-edge-deliver.service PAGE=ser-edge-dashboard.service

# What a browser on that machine would get, its exit code too.
page_answers() { says "<form" inside python3 /mnt/source/tests/deploy/container/browse.py; }

# What the webhook got.
received() { inside cat /run/ser-test/received; }

# A rule that holds whenever somebody speaks, and somebody who is told.
call_at_every_word() {
    cp "$container/etc/ser-edge/config.toml" "$work/config-before.toml"
    cat >>"$container/etc/ser-edge/config.toml" <<'TOML'
[[alert]]
name = "any word"
when = ["activated", "distress", "settled"]
confidence = 0.0
hold_s = 0.5
within_s = 1.0
[[channel]]
name = "hook"
kind = "webhook"
url_file = "secrets/hook"
TOML
    inside sh -c 'umask 027; echo http://127.0.0.1:8099/ >/etc/ser-edge/secrets/hook'
    cat >"$container/etc/systemd/system/ser-test-receiver.service" <<'UNIT'
[Service]
ExecStart=/usr/bin/python3 /mnt/source/tests/deploy/container/receiver.py
UNIT
    inside systemctl daemon-reload
    inside systemctl start ser-test-receiver.service
    inside systemctl reload ser-edge.service
}

call_nobody() {
    cp "$work/config-before.toml" "$container/etc/ser-edge/config.toml"
    inside rm /etc/ser-edge/secrets/hook
    inside systemctl stop ser-test-receiver.service
    inside systemctl reload ser-edge.service
}

step_beside() {
    local ears deliver page
    ears=$(process)
    comes_true "what tells others is active, with nobody to tell" 60 is_active "$DELIVER"
    comes_true "the page answers on this machine" 60 page_answers
    holds "and on no other" refuses grep -q ' 00000000:223D ' "/proc/$leader/net/tcp"
    deliver=$(process "$DELIVER")
    page=$(process "$PAGE")
    call_at_every_word
    comes_true "an alarm is delivered, out of its sandbox" 120 says "any word" received
    holds "by the process that ran before, after one reload" same "$(process "$DELIVER")" "$deliver"
    holds "nobody else may read the secret" refuses as_user nobody cat /etc/ser-edge/secrets/hook
    holds "not even the ears" same '' "$(inside nsenter -t "$ears" -m ls -A /etc/ser-edge/secrets)"
    call_nobody
    inside kill -9 "$deliver" "$page"
    comes_true "killed, what tells others is started again" 60 runs_anew "$deliver" "$DELIVER"
    comes_true "so is the page" 60 runs_anew "$page" "$PAGE"
    comes_true "which answers" 60 page_answers
    holds "the ears did not notice" same "$(process)" "$ears"
    holds "and listen" is_listening
    holds "no line of the journal is a traceback" refuses says Traceback \
        inside journalctl --unit "$DELIVER" --unit "$PAGE" --no-pager --output cat
}

# Whether the service has the microphone open, as the kernel says it.
has_the_microphone() {
    inside sh -c "ls -l /proc/$(process)/fd" >"$work/files" && grep /run/ser-test/microphone "$work/files"
}

step_mute() {
    local before
    comes_true "the microphone is open" 30 has_the_microphone
    holds "it can be muted" as_user ser-edge ser-edge mute
    comes_true "the microphone is closed then, not ignored" 10 refuses has_the_microphone
    comes_true "that is said" 5 says MUTED inside ser-edge status
    inside systemctl restart ser-edge.service
    comes_true "it stays so over a new start" 30 says MUTED inside ser-edge status
    holds "at which the microphone is not opened" refuses has_the_microphone
    before=$(process)
    inside sleep 40 # more than WatchdogSec=
    holds "the watchdog is content" same "$(process)" "$before"
    holds "nobody else may unmute it" refuses as_user nobody ser-edge unmute
    holds "it can be unmuted" as_user ser-edge ser-edge unmute
    comes_true "and listens" 60 says listening inside ser-edge status
    holds "with its microphone" has_the_microphone
}
