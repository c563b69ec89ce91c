"""What the stand-in Aircall keeps of its one company: users, teams, numbers, webhooks."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

EVENTS = ("user.created.v2", "user.deleted.v2", "user.updated.v2", "number.created", "call.ended")
"""The events to which a webhook of the stand-in can subscribe."""

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_LONGEST_TEAM = 64
_FIRST_ID = 456


class Invalid(ValueError):
    """What the API refuses with 422: the sentence that it answers."""


@dataclass
class User:
    """One user; ``available`` as the API has it."""

    id: int
    email: str
    name: str
    available: bool = True


@dataclass
class Team:
    """One team and the ids of its users."""

    id: int
    name: str
    users: list[int] = field(default_factory=list)


@dataclass
class Webhook:
    """One webhook: where to, for which events, and the token that each call bears."""

    id: str
    url: str
    events: list[str]
    token: str
    active: bool = True


class Company:
    """One company. Ids are given once and never again."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.clear()

    def clear(self) -> None:
        """A new company, with nobody but its owner."""
        self.users: dict[int, User] = {}
        self.teams: dict[int, Team] = {}
        self.webhooks: dict[str, Webhook] = {}
        self._next = _FIRST_ID
        self.add_user({"email": "owner@example.net", "name": "The Owner"})

    def about(self) -> dict[str, Any]:
        """The company as the API tells it."""
        return {"name": self.name, "users_count": len(self.users), "numbers_count": 1}

    def numbers(self) -> list[dict[str, Any]]:
        """The only number of the company."""
        return [{"id": 1, "name": "Main line", "digits": "+33 1 00 00 00 00", "country": "FR", "open": True}]

    def find_user(self, named: str) -> User | None:
        """A user by id or e-mail address."""
        return next((each for each in self.users.values() if named in (str(each.id), each.email)), None)

    def add_user(self, told: Mapping[str, Any]) -> User:
        """Make a user. Raises `Invalid`."""
        email, name = told.get("email"), told.get("name", "")
        if not isinstance(email, str) or not _EMAIL.fullmatch(email):
            raise Invalid("email is not an e-mail address")
        if self.find_user(email) is not None:
            raise Invalid("email has already been taken")
        user = User(self._id(), email, str(name) or email)
        self.users[user.id] = user
        return user

    def change_user(self, user: User, told: Mapping[str, Any]) -> None:
        """Change name or availability."""
        user.name = str(told.get("name", user.name))
        user.available = bool(told.get("available", user.available))

    def remove_user(self, user: User) -> None:
        """The user is gone, from his teams too."""
        del self.users[user.id]
        for team in self.teams.values():
            team.users = [each for each in team.users if each != user.id]

    def add_team(self, told: Mapping[str, Any]) -> Team:
        """Make a team. Raises `Invalid`: names are unique and at most 64 characters long."""
        name = told.get("name")
        if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_TEAM:
            raise Invalid(f"name must have 1 to {_LONGEST_TEAM} characters")
        if any(each.name == name for each in self.teams.values()):
            raise Invalid("name has already been taken")
        team = Team(self._id(), name)
        self.teams[team.id] = team
        return team

    def team(self, team: Team) -> dict[str, Any]:
        """A team with its users, as the API tells it."""
        return {"id": team.id, "name": team.name, "users": [asdict(self.users[each]) for each in team.users]}

    def add_webhook(self, told: Mapping[str, Any], *, token: str) -> Webhook:
        """Make a webhook; without ``events`` it is for all of them. Raises `Invalid`."""
        url = told.get("url")
        if not isinstance(url, str) or not url.startswith(("https://", "http://127.0.0.1")):
            raise Invalid("url must be https")
        webhook = Webhook(f"webhook-{self._id()}", url, _events(told), token)
        self.webhooks[webhook.id] = webhook
        return webhook

    def change_webhook(self, webhook: Webhook, told: Mapping[str, Any]) -> None:
        """Change address, events or whether it is active; leaving ``events`` out means all of them, here too."""
        webhook.events = _events(told)
        webhook.url = str(told.get("url", webhook.url))
        webhook.active = bool(told.get("active", webhook.active))

    def _id(self) -> int:
        self._next += 1
        return self._next


def _events(told: Mapping[str, Any]) -> list[str]:
    wanted = told.get("events", list(EVENTS))
    if not isinstance(wanted, list) or not set(wanted) <= set(EVENTS):
        raise Invalid(f"events are some of {', '.join(EVENTS)}")
    return wanted
