#!/usr/bin/env python3
"""Make the boot partition of a fresh card one that sets up a listening Pi without a screen.

Runs on any desktop with Python 3.11, without installing anything; docs/first-boot.md is the guide.
It adds a folder `ser-edge` with this project, and the call of its installer: to what Raspberry Pi
Imager has prepared, or, with --hostname and --ssh-key, to first-boot files of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sys
import tarfile
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
PROJECT: Final = HERE.parents[1]
PARTS: Final = (
    *("edge", "trainer", "systemd", "firmware_config"),
    *("setup.py", "pyproject.toml", "README.md", "LICENSE", "NOTICE"),
)
"""What the installer needs of the project."""
CALL: Final = "bash /boot/firmware/ser-edge/first-boot.sh --later"
PASSWORD_VARIABLE: Final = "SER_WIFI_PASSWORD"  # noqa: S105 - its name, not the password


class CardError(Exception):
    """What keeps the card from being prepared, in one sentence."""


def main() -> int:
    """Prepare the card, or say in one sentence why not."""
    arguments = _arguments()
    try:
        prepare(arguments)
    except CardError as error:
        print(f"prepare_card: {error}", file=sys.stderr)  # noqa: T201
        return 1
    print("prepare_card: the card is ready; the Pi needs some minutes for its first start")  # noqa: T201
    return 0


def prepare(arguments: argparse.Namespace) -> None:
    """Write everything; the call of the installer comes last."""
    boot: Path = arguments.boot
    if not (boot / "config.txt").is_file():
        raise CardError(f"{boot} has no config.txt: name the mounted boot partition of the card")
    texts = _own_files(arguments) if arguments.ssh_key else _imagers_files(boot)
    _fill_folder(boot / "ser-edge", arguments)
    for name, text in texts.items():
        _write(boot / name, text)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("boot", type=Path, help="the mounted boot partition (bootfs) of the card")
    parser.add_argument("--hostname", help="name of the Pi in the network")
    parser.add_argument("--user", default="pi", help="who may log in by key; default: pi")
    parser.add_argument("--ssh-key", type=Path, metavar="KEY.pub", help="public key of that person")
    parser.add_argument(
        "--wifi",
        metavar="NAME",
        help=f"Wi-Fi to join; its password is taken from {PASSWORD_VARIABLE}, or asked for",
    )
    parser.add_argument("--wifi-country", metavar="CC", help="country of the Wi-Fi, as in GB")
    parser.add_argument("--config", type=Path, help="becomes /etc/ser-edge/config.toml")
    parser.add_argument("--signers", type=Path, help="who may sign models: allowed_signers")
    parser.add_argument("--push-keys", type=Path, help="who may push models: authorized_keys")
    parser.add_argument("--wheels", type=Path, help="folder of wheels, for a Pi without internet")
    parser.add_argument("--debs", type=Path, help="folder of Debian packages, for the same")
    return parser.parse_args()


def _own_files(arguments: argparse.Namespace) -> dict[str, str]:
    """Return the first-boot files of our own, filled in."""
    if not (arguments.boot / "user-data").is_file():
        raise CardError(
            "this card's system has no cloud-init (Raspberry Pi OS Bookworm): set name, user, key "
            "and Wi-Fi in Raspberry Pi Imager, and run this again without --ssh-key"
        )
    words = {
        "HOSTNAME": _hostname(arguments.hostname),
        "USER": _matching(arguments.user, r"[a-z][a-z0-9_-]{0,30}", "--user", "a name as in: pi"),
        "SSH_KEY": _public_key(arguments.ssh_key),
        **_wifi(arguments),
    }
    files = {name: _template(name, words) for name in ("user-data", "network-config", "meta-data")}
    if not arguments.wifi:
        files["network-config"] = files["network-config"].partition("  wifis:")[0]
    return files


def _imagers_files(boot: Path) -> dict[str, str]:
    """Return what Raspberry Pi Imager has prepared, with the call of the installer added."""
    for name, add in (("firstrun.sh", _add_to_script), ("user-data", _add_to_user_data)):
        if (boot / name).is_file():
            text = (boot / name).read_text(encoding="utf-8")
            return {} if "ser-edge/first-boot.sh" in text else {name: add(text)}
    raise CardError(
        "Raspberry Pi Imager has prepared nothing here: set name, user, key and Wi-Fi there, or on "
        "Trixie give --hostname and --ssh-key"
    )


def _add_to_script(text: str) -> str:
    """Put the call before Imager's script takes itself away."""
    head, found, tail = text.partition("\nrm -f ")
    if not found:
        raise CardError("firstrun.sh is not as Raspberry Pi Imager writes it; it was left alone")
    return f"{head}\n{CALL}{found}{tail}"


def _add_to_user_data(text: str) -> str:
    if not text.startswith("#cloud-config"):
        raise CardError("user-data is no #cloud-config; it was left alone")
    if not re.search(r"^(users?|ssh_authorized_keys):", text, re.MULTILINE):
        raise CardError(
            "user-data names nobody who may log in: set user and key in Raspberry Pi Imager, or "
            "give --hostname and --ssh-key"
        )
    call = f"  - {json.dumps(CALL.split())}\n"
    heading = re.search(r"^runcmd:(.*)\n", text, re.MULTILINE)
    if heading is None:
        return f"{text.rstrip()}\n\nruncmd:\n{call}"
    if heading[1].strip():
        raise CardError("user-data has its runcmd in one line; write one entry a line there")
    return text[: heading.end()] + call + text[heading.end() :]


def _template(name: str, words: dict[str, str]) -> str:
    """Fill in; every word stands in double quotes, where YAML reads what JSON writes."""
    text = (HERE / name).read_text(encoding="utf-8")
    return re.sub(r"@([A-Z_]+)@", lambda found: json.dumps(words[found[1]])[1:-1], text)


def _hostname(given: str | None) -> str:
    pattern = r"[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
    return _matching(given or "", pattern, "--hostname", "letters, digits and - as in: ser-bedroom")


def _matching(given: str, pattern: str, option: str, expected: str) -> str:
    if not re.fullmatch(pattern, given):
        raise CardError(f"{option} is {given!r}; it must be {expected}")
    return given


def _public_key(path: Path) -> str:
    lines = [line.strip() for line in _read(path).splitlines() if line.strip()]
    if len(lines) != 1 or not re.match(r"(ssh-|ecdsa-|sk-)\S+ [A-Za-z0-9+/=]+", lines[0]):
        raise CardError(f"{path} is no public key; name the file that ends in .pub")
    return lines[0]


def _wifi(arguments: argparse.Namespace) -> dict[str, str]:
    if not arguments.wifi:
        return {"WIFI_SSID": "", "WIFI_PASSWORD": "", "WIFI_COUNTRY": ""}
    country = arguments.wifi_country or ""
    _matching(country, "[A-Z]{2}", "--wifi-country", "two letters as in: GB")
    password = os.environ.get(PASSWORD_VARIABLE) or _ask_password(arguments.wifi)
    return {"WIFI_SSID": arguments.wifi, "WIFI_PASSWORD": password, "WIFI_COUNTRY": country}


def _ask_password(wifi: str) -> str:
    import getpass

    return getpass.getpass(f"Password of the Wi-Fi {wifi}: ")


def _fill_folder(folder: Path, arguments: argparse.Namespace) -> None:
    folder.mkdir(exist_ok=True)
    for name in ("first-boot.sh", "ser-edge-first-boot.service"):
        shutil.copyfile(HERE / name, folder / name)
    with tarfile.open(folder / "source.tar.gz", "w:gz") as archive:
        for part in PARTS:
            archive.add(PROJECT / part, part, filter=_without_leftovers)
    for name, given in (
        ("config.toml", arguments.config),
        ("allowed_signers", arguments.signers),
        ("authorized_keys", arguments.push_keys),
    ):
        if given:
            _write(folder / name, _read(given))
    _copy_packages(arguments.wheels, folder / "wheels", "*.whl")
    _copy_packages(arguments.debs, folder / "debs", "*.deb")


def _without_leftovers(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    if "__pycache__" in entry.name or entry.name.endswith((".pyc", ".retry")):
        return None
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    return entry


def _copy_packages(source: Path | None, target: Path, pattern: str) -> None:
    if source is None:
        return
    found = sorted(source.glob(pattern))
    if not found:
        raise CardError(f"{source} holds no {pattern}")
    target.mkdir(exist_ok=True)
    for path in found:
        shutil.copyfile(path, target / path.name)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CardError(f"{path} cannot be read: {error}") from error


def _write(path: Path, text: str) -> None:
    # Line ends as Linux wants them, on every desktop.
    path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    sys.exit(main())
