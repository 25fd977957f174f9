"""What is covered, as a table: each public name with its module, and how it is covered or why it is not."""

from collections.abc import Iterator

from . import names
from .subjects import subjects

LAWS = "covered"
VALUE = "a value as it is"


def rows() -> Iterator[tuple[str, str, str]]:
    """Module, name, and `LAWS`, `VALUE` or the reason why neither; aliases point to the name that is covered."""
    covered = {(subject.room.title, subject.name) for subject in subjects()}
    for room in names.ROOMS:
        left_out = names.exceptions(room)
        known = names.members(room)
        for name, value in known.items():
            if (room.title, name) in covered:
                status = LAWS
            elif name in left_out:
                status = left_out[name].value
            else:
                status = (
                    VALUE if names.is_value(room, value) else "NOT COVERED: add an example or an exception"
                )
            yield (*_place(room, name), status)
        for first, other in names.aliases(room):
            yield (*_place(room, other), f"the same object as {'.'.join(_place(room, first))}")


def _place(room: names.Room, name: str) -> tuple[str, str]:
    prefix, _, own = name.rpartition(".")
    return room.modules[prefix].__name__, own


def table() -> str:
    """The rows as text, and the numbers under them."""
    found = sorted(set(rows()))
    widths = [max(len(row[column]) for row in found) for column in (0, 1)]
    lines = [f"{module:{widths[0]}}  {name:{widths[1]}}  {status}" for module, name, status in found]
    statuses = [status for _, _, status in found]
    counts = {status: statuses.count(status) for status in statuses if not status.startswith("the same")}
    total = [f"{count:5}  {status}" for status, count in sorted(counts.items(), key=lambda item: -item[1])]
    return "\n".join([*lines, "", *total])
