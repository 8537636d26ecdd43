# shellcheck shell=bash
# Assertions, one line each. A part of script/test-container, which sets $work.

n_passed=0 n_failed=0

# holds SENTENCE COMMAND...: one line, ok or FAIL.
holds() {
    local sentence=$1
    shift
    if "$@" >"$work/output" 2>&1; then
        [ "$1" = it_said ] || cp "$work/output" "$work/last"
        echo "ok   $sentence"
        n_passed=$((n_passed + 1))
    else
        echo "FAIL $sentence"
        sed 's/^/       /' "$work/output" | tail -n 12
        n_failed=$((n_failed + 1))
    fi
}

# As holds, for what comes true within a number of seconds.
comes_true() {
    local sentence=$1 limit_s=$2
    shift 2
    holds "$sentence" within "$limit_s" "$@"
}

within() {
    local until=$((SECONDS + $1))
    shift
    until "$@" >"$work/attempt" 2>&1; do
        if [ "$SECONDS" -ge "$until" ]; then
            cat "$work/attempt"
            return 1
        fi
        sleep 0.3
    done
}

refuses() { ! "$@"; }

# What the last command that was held to something has said.
it_said() { grep -qF -- "$1" "$work/last" || { cat "$work/last"; return 1; }; }

# exits CODE COMMAND...
exits() {
    local expected=$1 code=0
    shift
    "$@" || code=$?
    [ "$code" -eq "$expected" ] || { echo "exit code $code instead of $expected"; return 1; }
}

# says WORDS COMMAND...: the output has these words, whatever the exit code.
says() {
    local words=$1
    shift
    "$@" >"$work/said" 2>&1 || true
    grep -qF -- "$words" "$work/said" || { echo "not said: $words"; cat "$work/said"; return 1; }
}

same() { diff <(echo "$1") <(echo "$2"); }

differ() { [ "$1" != "$2" ] || { echo "both are '$1'"; return 1; }; }
