# shellcheck shell=bash
# One release is one virtual environment below /opt/ser-edge/releases. It is built where it stays,
# tried, and marked as whole by its file "recipe"; then the link "current" is changed.
# A part of ../install.sh.

# The trainer is part of the project and a few kilobytes; a card may have been prepared without it.
readonly PARTS=(edge trainer setup.py pyproject.toml README.md LICENSE NOTICE)
# Microphone and pins; the page and the messages.
readonly EXTRAS=pi,care

release=''  # the one that shall run
former=''   # the one that "current" pointed to when this began; empty for the first time
built=''    # the release that this run has begun to build
switched='' # whether the new release is the current one
previous='' # what the link "previous" said when this began

current_release() { readlink -e "$opt/current" || true; }

source_version() {
    sed -n 's/^__version__ = "\(.*\)"$/\1/p' "$source_dir/edge/__init__.py"
}

parts_there() { (cd "$source_dir" && ls -d "${PARTS[@]}" 2>/dev/null) || true; }

# A name for all that a release is made from: the same name, the same release.
recipe() {
    local parts
    {
        cd "$source_dir"
        mapfile -t parts < <(parts_there)
        find "${parts[@]}" -type f ! -path '*/__pycache__/*' -print0 | sort -z | xargs -0 sha256sum
        "$python" -VV
        shares_system_packages && echo shared
        cat "$here/install/release.sh"
    } | sha256sum | cut -d ' ' -f 1
}

# The wheel of the distribution $1 in the folder of wheels; fails where there is none.
wheel_of() {
    [ -n "$wheels" ] && [ -n "$(find "$wheels" -maxdepth 1 -iname "$1-*.whl" -print -quit)" ]
}

check_wheels() {
    wheel_of setuptools || wheel_of "speech_emotion_edge-$(source_version)" ||
        fail "$wheels holds neither setuptools nor speech_emotion_edge $(source_version); make it with:" \
            "python3 -m pip wheel --wheel-dir $wheels '$source_dir[$EXTRAS]' 'setuptools>=77'"
}

choose_release() {
    former=$(current_release)
    if [ -n "$former" ] && [ -z "$rebuild" ] && release_is_sound "$former" &&
        [ "$(cat "$former/recipe")" = "$(recipe)" ]; then
        release=$former
        return
    fi
    release=$(new_release)
    change "build ser-edge $(source_version) in $release (a few minutes on a Pi)" build_release
}

new_release() {
    local name
    name=$opt/releases/$(source_version)-$(date -u +%Y%m%dT%H%M%SZ)
    while [ -e "$name" ]; do name+=+; done
    echo "$name"
}

# Before the link changes, all that it will point to must have survived a power cut. (Below another
# folder than / that is the business of whoever makes the image.)
reach_the_disk() { [ -n "$prefix" ] || sync -f "$1"; }

release_is_sound() {
    [ -f "$1/recipe" ] && "$1/bin/python" -c 'import edge' 2>/dev/null
}

build_release() {
    local sharing=() requirements=()
    built=$release
    shares_system_packages && sharing=(--system-site-packages)
    quietly "$python" -m venv "${sharing[@]}" "$release"
    if [ "$(bits)" = 64 ]; then
        quietly pip_install "$(what_to_install)[$EXTRAS]"
    else
        quietly pip_install --no-deps "$(what_to_install)"
        mapfile -t requirements < <(requirements_of_32_bits)
        quietly pip_install "${requirements[@]}"
    fi
    try_release
    cp "$source_dir/edge/config/default.toml" "$release/config.default.toml"
    recipe >"$release/recipe"
    reach_the_disk "$release"
}

# The project's source, copied so that building writes nothing into the clone; or, where the folder
# of wheels cannot build, its wheel.
what_to_install() {
    if [ -n "$wheels" ] && ! wheel_of setuptools; then
        echo speech-emotion-edge
        return
    fi
    local parts
    mapfile -t parts < <(parts_there)
    mkdir -p "$work/source"
    tar -C "$source_dir" --exclude=__pycache__ -c "${parts[@]}" | tar -C "$work/source" -x --no-same-owner
    echo "$work/source"
}

# A 32-bit system may run on a 64-bit kernel, and then pip takes the machine for one of 64 bits: what
# setup.py requires of a 32-bit one is worked out here.
requirements_of_32_bits() {
    "$release/bin/python" - "$EXTRAS" <<'PYTHON'
import sys
from importlib.metadata import requires
from pip._vendor.packaging.requirements import Requirement

here = [{"extra": extra, "platform_machine": "armv7l"} for extra in sys.argv[1].split(",")]
for requirement in map(Requirement, requires("speech-emotion-edge")):
    if requirement.marker is None or any(map(requirement.marker.evaluate, here)):
        print(f"{requirement.name}{requirement.specifier}")
PYTHON
}

pip_install() {
    # By the environment, so that it holds for the build's own environment too.
    [ -z "$wheels" ] || export PIP_NO_INDEX=1 PIP_FIND_LINKS=$wheels
    TMPDIR=$work "$release/bin/python" -m pip install --disable-pip-version-check --no-input "$@"
}

# Run a command as the service would, but far away from its data.
as_the_service() {
    (cd / && exec setpriv --reuid="$user" --regid="$user" --init-groups --no-new-privs \
        env -i PATH=/usr/bin:/bin LANG=C.UTF-8 HOME=/nonexistent GPIOZERO_PIN_FACTORY=mock \
        STATE_DIRECTORY=/nonexistent RUNTIME_DIRECTORY=/nonexistent "$@")
}

# A release must work here before it may take over: its libraries load, its model answers as it
# should, and the configuration that is in force is one that it understands.
try_release() {
    local config=$etc/config.toml
    : >"$work/empty.toml"
    say "try it: libraries, self-test, configuration"
    quietly as_the_service "$release/bin/python" -c 'import pyaudio, gpiozero'
    quietly as_the_service "$release/bin/python" -c 'import flask, werkzeug, markupsafe, cheroot, paho.mqtt.client, apprise'
    quietly as_the_service "$release/bin/ser-edge" selftest --config "$work/empty.toml"
    [ ! -f "$config" ] || quietly as_the_service "$release/bin/ser-edge" check-config --config "$config"
}

# The commit point: a link is replaced by rename.
point() {
    local link=$1 target=$2
    ln -sfn "$target" "$link.new"
    mv -T "$link.new" "$link"
}

switch_release() {
    [ "$release" = "$former" ] ||
        change "switch to $(basename "$release")" switch_links
    switched=yes
}

switch_links() {
    previous=$(readlink "$opt/previous" || true)
    [ -z "$former" ] || point "$opt/previous" "releases/$(basename "$former")"
    point "$opt/current" "releases/$(basename "$release")"
    reach_the_disk "$opt"
}

switch_links_back() {
    point "$opt/current" "releases/$(basename "$former")"
    if [ -n "$previous" ]; then point "$opt/previous" "$previous"; else rm -f "$opt/previous"; fi
    rm -rf "$release"
}

# The last two stay: the one that runs and the one before.
remove_old_releases() {
    local folder before=$former
    [ "$release" != "$former" ] || before=$(readlink -e "$opt/previous" || true)
    for folder in "$opt"/releases/*/; do
        folder=${folder%/}
        case $folder in
            "$release" | "$before" | "$opt/releases/*") ;;
            *) change "remove the old release $(basename "$folder")" rm -rf "$folder" ;;
        esac
    done
}
