"""Who listens on this machine, and who of them may use a file or a device."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.config.places import SERVICE_USER
from edge.service.checks.finding import Finding


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """A user, with the groups that count for them."""

    name: str
    uid: int
    groups: frozenset[int]
    is_here: bool = False
    """Whether this process runs as them."""

    def may_use(self, path: Path) -> bool:
        """Return whether they may read and write a file or device, or make files in a folder."""
        if self.is_here:
            return os.access(path, os.R_OK | os.W_OK)
        status = path.stat()
        if self.uid == 0:
            return True
        wanted = stat.S_IRUSR | stat.S_IWUSR
        if self.uid != status.st_uid:
            wanted >>= 3 if status.st_gid in self.groups else 6
        return status.st_mode & wanted == wanted

    @property
    def waits_for_login(self) -> set[int]:
        """Groups that they were added to since they logged in."""
        return set(_groups_of(self.name)) - self.groups if self.is_here else set()


def this_user() -> Person:
    """Return the user that this process runs as."""
    uid = os.geteuid()
    groups = frozenset((*os.getgroups(), os.getegid()))
    return Person(name=_name_of(uid), uid=uid, groups=groups, is_here=True)


def service_user() -> Person | None:
    """Return the service's user; None where it is not installed."""
    try:
        uid = pwd.getpwnam(SERVICE_USER).pw_uid
    except KeyError:
        return None
    if uid == os.geteuid():
        return this_user()
    return Person(name=SERVICE_USER, uid=uid, groups=frozenset(_groups_of(SERVICE_USER)))


def listeners() -> list[Person]:
    """Return who may come to listen: the service's user, and whoever asks, unless it is root."""
    here, service = this_user(), service_user()
    if service is None or service.uid == here.uid:
        return [here]
    return [service] if here.uid == 0 else [service, here]


def forbidden(
    name: str, people: Sequence[Person], nodes: Sequence[Path], *, group: str
) -> Finding | None:
    """Return the finding that some of those who listen may not use a device; None if all may.

    Parameters
    ----------
    name : str
        Of the check.
    people : sequence of Person
        The first matters most.
    nodes : sequence of Path
        The device files.
    group : str
        The group that they should belong to.
    """
    shut_out = [
        (person, next(node for node in nodes if not person.may_use(node)))
        for person in people
        if not all(map(person.may_use, nodes))
    ]
    if not shut_out:
        return None
    remedies = (permission_remedy(person, node, group=group) for person, node in shut_out)
    return Finding(
        name=name,
        verdict="problem" if shut_out[0][0] == people[0] else "warning",
        found=", ".join(f"{person.name} may not use {node}" for person, node in shut_out),
        remedy="; ".join(remedies),
    )


def permission_remedy(person: Person, node: Path, *, group: str) -> str:
    """Return how a person comes to use a device that belongs to a group.

    Parameters
    ----------
    person : Person
    node : Path
        The device file.
    group : str
        The group that it should belong to.
    """
    status = node.stat()
    is_shared = status.st_mode & 0o060 == 0o060 and group_name(status.st_gid) == group
    if not is_shared:
        return f"`sudo chgrp {group} {node} && sudo chmod 660 {node}`; after a reboot look again"
    if status.st_gid in person.waits_for_login:
        return f"{person.name} joined group {group} after this login: log out and in again"
    is_service = person.name == SERVICE_USER
    begin = "`sudo systemctl restart ser-edge`" if is_service else "log out and in again"
    return f"`sudo usermod -aG {group} {person.name}`, then {begin}"


def group_name(gid: int) -> str:
    """Return a group's name, or its number where it has none."""
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def _groups_of(name: str) -> list[int]:
    try:
        return os.getgrouplist(name, pwd.getpwnam(name).pw_gid)
    except KeyError:
        return []


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
