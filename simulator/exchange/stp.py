"""Strategy groups: whose orders must not trade with each other."""

from __future__ import annotations

from dataclasses import dataclass, field

MOST_GROUPS = 10


@dataclass(slots=True)
class StrategyGroup:
    """Accounts, by name, that one master account put together."""

    group_id: str
    name: str
    members: set[str] = field(default_factory=set)


class StrategyGroups:
    """The groups of every master account."""

    def __init__(self) -> None:
        self._groups: dict[str, dict[str, StrategyGroup]] = {}
        self._made = 0

    def create(self, master: str, name: str) -> StrategyGroup | None:
        """A new group without members; None if the master has `MOST_GROUPS` already."""
        groups = self._groups.setdefault(master, {})
        if len(groups) >= MOST_GROUPS:
            return None
        self._made += 1
        group = groups[str(self._made)] = StrategyGroup(str(self._made), name)
        return group

    def of(self, master: str) -> list[StrategyGroup]:
        return list(self._groups.get(master, {}).values())

    def find(self, master: str, group_id: str) -> StrategyGroup | None:
        return self._groups.get(master, {}).get(group_id)

    def delete(self, master: str, group_id: str) -> bool:
        return self._groups.get(master, {}).pop(group_id, None) is not None

    def prevents(self, taker: str, maker: str, master_of_taker: str) -> bool:
        """Whether an order of `taker` with a mode may not meet one of `maker`.

        An account's own orders are kept apart as soon as its master has any group; orders of two accounts if both are
        members of one group.
        """
        groups = self._groups.get(master_of_taker)
        if not groups:
            return False
        return taker == maker or any(taker in group.members and maker in group.members for group in groups.values())
