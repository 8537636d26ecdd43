"""Hosts by name, by file, and what is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.errors import NoInputError, UsageError
from trainer.delivery import inventory

INI = """\
; the house
[rooms]
kitchen ansible_host=192.0.2.7 ansible_user=pi   # by the window
attic ansible_host=192.0.2.8 ansible_user=pi ansible_port=2222
[rooms:vars]
ansible_python_interpreter=/usr/bin/python3
[all:children]
rooms
[guests]
guest.local "colour=dark red"
"""


def destinations(*named: str, file: Path | None = None) -> list[str]:
    return [host.destination for host in inventory.hosts(named, inventory=file)]


def test_a_plain_file_has_one_host_a_line(tmp_path: Path) -> None:
    file = tmp_path / "hosts"
    file.write_text("# ours\n\npi@kitchen.local\nssh://pi@attic:2222  # far away\nkitchen\n")
    assert destinations(file=file) == ["pi@kitchen.local", "ssh://pi@attic:2222", "kitchen"]


def test_ansibles_file_is_understood(tmp_path: Path) -> None:
    file = tmp_path / "hosts.ini"
    file.write_text(INI)
    found = inventory.hosts((), inventory=file)
    assert [(host.name, host.destination) for host in found] == [
        ("kitchen", "pi@192.0.2.7"),
        ("attic", "ssh://pi@192.0.2.8:2222"),
        ("guest.local", "guest.local"),
    ]


def test_each_host_comes_once_and_in_order(tmp_path: Path) -> None:
    file = tmp_path / "hosts"
    file.write_text("c\na\nd\n")
    assert destinations("a", "b", "a", file=file) == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("-oProxyCommand=evil", "is no host"),
        ('"a b"', "is no host"),
        ("pi[1:8].local", "a range of Ansible's"),
        ("kitchen attic", "'attic' after a host"),
        ("kitchen ansible_host=-oX", "is no host"),
        ('kitchen "', "No closing quotation"),
    ],
)
def test_what_is_no_host_is_refused_with_its_line(line: str, told: str, tmp_path: Path) -> None:
    file = tmp_path / "hosts"
    file.write_text(f"first\n{line}\n")
    with pytest.raises(UsageError, match=r"hosts, line 2: ") as caught:
        inventory.hosts((), inventory=file)
    assert told in str(caught.value)


def test_nobody_is_refused() -> None:
    with pytest.raises(UsageError, match="no host is named"):
        inventory.hosts((), inventory=None)


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(NoInputError, match="check --inventory"):
        inventory.hosts((), inventory=tmp_path / "absent")
