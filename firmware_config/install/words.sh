# shellcheck shell=bash
# How the installer speaks, and how every change goes through one door, which --dry-run closes.
# A part of ../install.sh.

n_changes=0

say() { echo "install: $*"; }

warn() { echo "install: $*" >&2; }

# A sentence for a person, and the end; finish() says what that means for this machine.
fail() { warn "$@"; exit 1; }

misused() { warn "$@; see --help"; exit 2; }

# change SENTENCE COMMAND...: the only way in which this program changes the machine.
change() {
    local sentence=$1
    shift
    n_changes=$((n_changes + 1))
    if [ -n "$dry_run" ]; then
        say "would $sentence"
    else
        say "$sentence"
        "$@"
    fi
}

# As change, for commands whose words matter only if they fail.
change_quietly() {
    local sentence=$1
    shift
    change "$sentence" quietly "$@"
}

quietly() {
    if ! "$@" >"$work/log" 2>&1; then
        tail -n 20 "$work/log" >&2
        fail "that failed; see the lines above"
    fi
}

# Whether a person said yes; where nobody can be asked, nobody did.
agreed() {
    local answer=''
    [ -t 0 ] || return 1
    read -r -p "install: $* [y/N] " answer || true
    [ "$answer" = y ] || [ "$answer" = yes ]
}

be_root() {
    [ "$(id -u)" -eq 0 ] || [ -n "$dry_run" ] || fail "only root can do that: sudo $0"
}

# Two installers at once would undo each other's work.
one_at_a_time() {
    [ -z "$dry_run" ] || return 0
    mkdir -p "$prefix/run/lock"
    exec 8>"$prefix/run/lock/ser-edge-install.lock"
    flock --nonblock 8 || fail "another installation is under way; wait for its end"
}

# What is left to do however this ends; $1 is the exit code.
finish() {
    local code=$1
    trap - EXIT
    [ "$code" -eq 0 ] || leave_as_it_was
    rm -rf "$work"
    exit "$code"
}

summarise() {
    if [ -n "$dry_run" ]; then
        say "$n_changes changes would be made; none was"
    elif [ "$n_changes" -eq 0 ]; then
        say "everything was in place already: nothing was changed"
    else
        say "done, with $n_changes changes"
    fi
    [ -n "$dry_run" ] || summarise_service
}
