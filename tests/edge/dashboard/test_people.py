from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.dashboard import passwords
from edge.dashboard.database import Database
from edge.dashboard.passwords import Cost
from edge.dashboard.people import People, Person
from edge.dashboard.sessions import Sessions
from edge.dashboard.tokens import Tokens
from edge.errors import NoInputError, RecordError, UsageError
from tests.fakes.dashboard import CHEAP, PASSWORD


@dataclass
class Clock:
    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "state" / "dashboard.db")


@pytest.fixture
def people(database: Database, clock: Clock) -> People:
    return People(database, now_s=clock, cost=CHEAP)


@pytest.fixture
def sessions(database: Database, clock: Clock) -> Sessions:
    return Sessions(database, idle_s=3600, now_s=clock)


@pytest.fixture
def tokens(database: Database, clock: Clock) -> Tokens:
    return Tokens(database, now_s=clock)


def content(database: Database) -> bytes:
    return database.path.read_bytes()


class TestPasswords:
    @given(st.text(max_size=40), st.text(max_size=40))
    def test_only_the_same_password_matches(self, one: str, other: str) -> None:
        stored = passwords.hashed(one, cost=CHEAP)
        assert passwords.matches(one, stored)
        assert passwords.matches(other, stored) == (one == other)

    def test_the_usual_cost_takes_32_mb_and_is_stored(self) -> None:
        stored = passwords.hashed(PASSWORD, cost=Cost())
        assert stored.startswith("scrypt$32768$8$1$")
        assert 128 * Cost().n * Cost().r == 32 * 2**20
        assert passwords.matches(PASSWORD, stored)

    def test_two_people_with_one_password_cannot_be_told_from_the_file(self) -> None:
        assert passwords.hashed(PASSWORD, cost=CHEAP) != passwords.hashed(PASSWORD, cost=CHEAP)

    @pytest.mark.parametrize("password", ["", "short", "x" * 201, "annemarie", "eiramenna"])
    def test_what_is_no_hurdle_is_refused(self, password: str) -> None:
        with pytest.raises(UsageError):
            passwords.refuse_weak(password, name="Annemarie")


class TestPeople:
    def test_who_is_added_is_known_by_name_and_password(self, people: People) -> None:
        people.add("Anna", role="look", password=PASSWORD)
        assert people.check("anna", PASSWORD) == Person(name="Anna", role="look")
        assert people.check("anna", PASSWORD + "!") is None
        assert people.check("otto", PASSWORD) is None

    def test_the_file_is_for_its_owner_alone(self, people: People, database: Database) -> None:
        people.add("anna", role="look", password=PASSWORD)
        assert stat.S_IMODE(database.path.stat().st_mode) == 0o600
        assert PASSWORD.encode() not in content(database)

    def test_what_root_makes_belongs_to_whom_the_folder_belongs_to(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        given: list[tuple[Path, int, int]] = []
        monkeypatch.setattr(os, "geteuid", lambda: 0)
        monkeypatch.setattr(os, "chown", lambda path, uid, gid: given.append((path, uid, gid)))
        path = tmp_path / "dashboard.db"
        People(Database(path), now_s=lambda: 0.0, cost=CHEAP).all()
        owner = tmp_path.stat()
        assert given == [(path, owner.st_uid, owner.st_gid)]

    @pytest.mark.parametrize(
        ("name", "role", "password", "part"),
        [
            ("", "look", PASSWORD, "is no name"),
            ("a\nb", "look", PASSWORD, "is no name"),
            (" anna", "look", PASSWORD, "is no name"),
            ("a" * 41, "look", PASSWORD, "is no name"),
            ("anna", "king", PASSWORD, "is no role"),
            ("anna", "look", "short", "5 characters"),
            ("OTTO", "look", PASSWORD, "already"),
        ],
    )
    def test_who_cannot_be_added(
        self, people: People, name: str, role: str, password: str, part: str
    ) -> None:
        people.add("otto", role="administer", password=PASSWORD)
        with pytest.raises(UsageError, match=part):
            people.add(name, role=role, password=password)
        assert [person.name for person in people.all()] == ["otto"]

    def test_another_password_and_another_role(self, people: People) -> None:
        people.add("anna", role="look", password=PASSWORD)
        people.set_password("anna", "a quite different one")
        people.set_role("ANNA", "administer")
        assert people.check("anna", PASSWORD) is None
        assert people.check("anna", "a quite different one") == Person(
            name="anna", role="administer"
        )

    def test_who_is_removed_is_gone(self, people: People) -> None:
        people.add("anna", role="look", password=PASSWORD)
        people.remove("anna")
        assert people.all() == []
        for change in (people.remove, people.find, lambda n: people.set_role(n, "look")):
            with pytest.raises(NoInputError, match="no user 'anna'"):
                change("anna")

    def test_a_password_stored_cheaply_is_stored_anew_at_the_next_log_in(
        self, database: Database, clock: Clock
    ) -> None:
        People(database, now_s=clock, cost=CHEAP).add("anna", role="look", password=PASSWORD)
        dearer = People(database, now_s=clock, cost=Cost(n=2**5))
        assert dearer.check("anna", "wrong password") is None
        assert b"scrypt$16$" in content(database)
        assert dearer.check("anna", PASSWORD)
        assert b"scrypt$32$" in content(database)
        assert dearer.check("anna", PASSWORD)

    def test_a_database_of_another_program_is_left_alone(self, tmp_path: Path) -> None:
        path = tmp_path / "dashboard.db"
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("CREATE TABLE things (id)")
        connection.close()
        before = path.read_bytes()
        with pytest.raises(RecordError, match="another program"):
            People(Database(path), now_s=lambda: 0.0).all()
        assert path.read_bytes() == before

    def test_a_newer_database_is_refused(self, people: People, database: Database) -> None:
        people.all()
        with closing(sqlite3.connect(database.path)) as connection, connection:
            connection.execute("PRAGMA user_version = 99")
        connection.close()
        with pytest.raises(RecordError, match="version 99"):
            people.all()

    def test_a_disk_that_is_full_shuts_nobody_out(
        self, people: People, sessions: Sessions, tokens: Tokens, clock: Clock, database: Database
    ) -> None:
        anna = people.add("anna", role="look", password=PASSWORD)
        word, token = sessions.begin(anna), tokens.add("board", role="look")
        clock.now += 600
        with database.open() as connection:
            for table in ("sessions", "tokens"):
                connection.execute(
                    f"CREATE TRIGGER full_{table} BEFORE UPDATE ON {table}"
                    " BEGIN SELECT raise(FAIL, 'database or disk is full'); END"
                )
        assert sessions.person(word) == anna
        assert tokens.program(token)

    def test_a_place_that_cannot_be_written_is_a_sentence(self, tmp_path: Path) -> None:
        (tmp_path / "state").write_text("a file where a folder should be")
        with pytest.raises(RecordError, match="cannot be used"):
            Database(tmp_path / "state" / "dashboard.db").secret("csrf")

    def test_a_full_disk_is_told_with_what_helps(self, database: Database) -> None:
        def fill() -> None:
            with database.open() as connection:
                connection.execute("PRAGMA max_page_count = 1")
                connection.execute("INSERT INTO secrets VALUES ('large', zeroblob(1000000))")

        with pytest.raises(RecordError, match="full; make room on the disk"):
            fill()

    def test_a_secret_stays_the_same(self, database: Database) -> None:
        first = database.secret("csrf")
        assert len(first) == 32
        assert Database(database.path).secret("csrf") == first != database.secret("notices")


class TestSessions:
    @pytest.fixture(autouse=True)
    def _anna(self, people: People) -> None:
        people.add("anna", role="look", password=PASSWORD)

    def test_a_session_is_known_by_its_word_which_is_not_stored(
        self, people: People, sessions: Sessions, database: Database
    ) -> None:
        word = sessions.begin(people.find("anna"))
        assert sessions.person(word) == Person(name="anna", role="look")
        assert sessions.person(word[:-1]) is None
        assert word.encode() not in content(database)

    def test_a_session_ends(self, people: People, sessions: Sessions) -> None:
        one, other = (sessions.begin(people.find("anna")) for _ in range(2))
        sessions.end(one)
        sessions.end(one)
        assert sessions.person(one) is None
        assert sessions.person(other)

    def test_an_unused_session_ends_and_a_used_one_goes_on(
        self, people: People, sessions: Sessions, clock: Clock
    ) -> None:
        word = sessions.begin(people.find("anna"))
        for _ in range(5):
            clock.now += 3000
            assert sessions.person(word)
        clock.now += 3601
        assert sessions.person(word) is None

    def test_a_session_outlives_a_clock_that_was_wrong(
        self, people: People, sessions: Sessions, clock: Clock
    ) -> None:
        word = sessions.begin(people.find("anna"))
        clock.now -= 900_000
        assert sessions.person(word)
        clock.now += 3500
        assert sessions.person(word)

    def test_old_sessions_leave_the_file(
        self, people: People, sessions: Sessions, clock: Clock, database: Database
    ) -> None:
        for _ in range(3):
            sessions.begin(people.find("anna"))
        clock.now += 4000
        sessions.begin(people.find("anna"))
        with database.open() as connection:
            assert connection.execute("SELECT count(*) FROM sessions").fetchone()[0] == 1

    def test_looking_often_writes_seldom(
        self, people: People, sessions: Sessions, clock: Clock, database: Database
    ) -> None:
        word = sessions.begin(people.find("anna"))
        before = content(database)
        for _ in range(50):
            clock.now += 1
            assert sessions.person(word)
        assert content(database) == before

    @pytest.mark.parametrize("what", ["set_password", "set_role", "remove"])
    def test_a_change_of_the_person_ends_their_sessions(
        self, people: People, sessions: Sessions, what: str
    ) -> None:
        people.add("otto", role="look", password=PASSWORD)
        word, others = (sessions.begin(people.find(name)) for name in ("anna", "otto"))
        values = {"set_password": ["another password"], "set_role": ["administer"], "remove": []}
        getattr(people, what)("ANNA", *values[what])
        assert sessions.person(word) is None
        assert sessions.person(others)


class TestTokens:
    def test_a_token_is_shown_once_and_stored_as_a_hash(
        self, tokens: Tokens, database: Database
    ) -> None:
        word = tokens.add("wall board", role="look")
        assert word.startswith("ser_")
        assert word.encode() not in content(database)
        assert word[4:].encode() not in content(database)
        assert tokens.program(word) == Person(name="wall board", role="look", is_program=True)
        assert tokens.program(word[:-1] + "?") is None

    def test_its_last_use_is_noted(self, tokens: Tokens, clock: Clock) -> None:
        word = tokens.add("board", role="look")
        assert tokens.all()[0].used is None
        used = []
        for _ in range(3):
            clock.now += 40
            tokens.program(word)
            (token,) = tokens.all()
            assert token.used
            used.append(token.used.timestamp() - 1_000_000)
        assert used == [40, 40, 120]  # to a minute: not every use is written
        assert token.created.timestamp() == 1_000_000

    def test_a_removed_token_counts_no_more(self, tokens: Tokens) -> None:
        word = tokens.add("board", role="look")
        tokens.remove("BOARD")
        assert tokens.program(word) is None
        with pytest.raises(NoInputError, match="no token 'board'"):
            tokens.remove("board")

    def test_a_name_is_taken_once(self, tokens: Tokens) -> None:
        tokens.add("board", role="look")
        with pytest.raises(UsageError, match="already"):
            tokens.add("Board", role="look")
