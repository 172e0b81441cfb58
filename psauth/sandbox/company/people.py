"""The people, groups and robots of the invented company."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from random import Random
from typing import Any

from psauth.sandbox.company.names import mailbox
from psauth.sandbox.company.worktime import opaque_id

ORGANIZATION = "Larkspur Instruments"

# Forty rows with the robots: two full pages, so that the list of users ends on an empty third one.
_STAFF: tuple[tuple[str, str], ...] = (
    ("Ada Lindqvist", "hr"),
    ("Zoë Ångström", "hr"),
    ("Marta Kowalczyk", "hr"),
    ("Tomás Ibáñez", "hr"),
    ("Nguyễn Minh Châu", "it"),
    ("Søren Kjær", "it"),
    ("Priya Raghunathan", "it"),
    ("Łukasz Wójcik", "it"),
    ("Olu Adébáyò", "it"),
    ("François Lefèvre", "finance"),
    ("Ingrid Sæther", "finance"),
    ("Chidi Okonkwo", "finance"),
    ("李 静", "finance"),
    ("Beatriz Gonçalves", "finance"),
    ("Anaïs Dupré", "legal"),
    ("Jürgen Weiß", "legal"),
    ("Hana Dvořáková", "ops"),
    ("Mehmet Yıldız", "ops"),
    ("Sinéad O'Brien", "ops"),
    ("Rafael Núñez", "ops"),
    ("Aiko Tanaka", "ops"),
    ("Camille Rousseau", "sales"),
    ("Dmitri Volkov", "sales"),
    ("Grace Mbeki", "sales"),
    ("Pilar Muñoz", "sales"),
    ("Björk Jónsdóttir", "support"),
    ("Amir Haddad", "support"),
    ("Katya Петрова", "support"),
    ("João Conceição", "support"),
    ("Eleni Παπαδοπούλου", "product"),
    ("Noah Fitzgerald", "product"),
    ("Mei-Ling Wu", "product"),
    ("Vikram Subramanian", "product"),
    ("Léa Marchand", "office"),
    ("Yusuf Al-Sayed", "office"),
    ("Margit Halvorsen", "exec"),
    ("Desmond Achebe", "exec"),
)

_GROUPS = (("Finance team", "finance"), ("IT service desk", "it"), ("People team", "hr"))
_ROBOTS = ("Zapier integration", "HRIS sync")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody the service can name: a member, a group, or an API user."""

    id: str
    email: str
    name: str
    role: str

    def record(self) -> dict[str, Any]:
        """`{id, email, username}`, as every record of the service embeds it."""
        return {"id": self.id, "email": self.email, "username": self.name}


class Staff:
    """Everybody, reachable by id, address and role.

    `members` are people who can sign in; `users` is what the list of users shows, sorted by name.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.members = [Person(opaque_id(seed, "user", n), f"{mailbox(n)}@example.com", n, role) for n, role in _STAFF]
        self.robots: list[Person] = []
        for name in _ROBOTS:
            code = uuid.UUID(int=Random(f"{seed}/{name}").getrandbits(128), version=4)
            self.robots.append(Person(opaque_id(seed, "robot", name), f"api-{code}@process.st", name, "robot"))
        self.groups = []
        for name, role in _GROUPS:
            group = opaque_id(seed, "group", name)
            self.groups.append(Person(group, f"group-{group}@process.st", name, f"group:{role}"))
        everyone = [*self.members, *self.robots, *self.groups]
        shown = [*self.members, *self.robots, self.groups[0]]
        self.users = sorted(shown, key=lambda p: p.name.casefold())
        self.by_id = {p.id: p for p in everyone}
        self.by_email = {p.email.casefold(): p for p in everyone}
        self.by_role: dict[str, list[Person]] = {}
        for person in self.members:
            self.by_role.setdefault(person.role, []).append(person)

    def invite(self, email: str) -> Person:
        """A guest of that address, from now on."""
        person = Person(opaque_id(self._seed, "guest", email.casefold()), email, email.partition("@")[0], "guest")
        self.users = sorted([*self.users, person], key=lambda p: p.name.casefold())
        self.by_id[person.id] = self.by_email[email.casefold()] = person
        return person

    @property
    def signers(self) -> list[Person]:
        """The few people the consent page offers to sign in as."""
        return [self.by_role[role][0] for role in ("ops", "hr", "finance", "exec")]

    def group(self, role: str) -> Person | None:
        """The group of `role`, where there is one."""
        return next((g for g in self.groups if g.role == f"group:{role}"), None)
