"""What a study is about, as it stands in its file; and in what two of them differ."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np

from symjax.core.errors import note
from symjax.text.json_reader import LoadError
from symjax.verbs.diff import diff
from symjax.verbs.equality import eq

from ..algorithms.algorithm import Algorithm
from ..results.joining import same_space
from ..results.objective import Objective
from ..spaces.opening import read_space, read_tree, tree_record, write_space
from ..spaces.space import Space
from ..spaces.space_text import name_of
from .storage.database import Database
from .storage.errors import StudyError

_LIBRARIES = ("symjax-flax", "jax", "jaxlib", "flax", "optax", "numpy")
_COLUMNS = (
    "name", "created", "versions", "space", "outline", "predicates", "algorithm", "objective", "repeats",
    "key", "batch", "function",
)  # fmt: skip


@dataclass(frozen=True)
class Description:
    """What a study is about. Texts are JSON, but for `outline`.

    Attributes:
        name: What people call it.
        created: Seconds since 1970.
        versions: Of the libraries.
        space: The space.
        outline: The space in words.
        predicates: The names of what `Space.constrain` was given.
        algorithm: The algorithm.
        objective: What counts.
        repeats: How many seeds each trial runs with.
        key: The key; None before the first run.
        batch: How many trials are asked for at a time; likewise.
        function: What is evaluated; likewise.
    """

    name: str
    created: float
    versions: str
    space: str
    outline: str
    predicates: str
    algorithm: str
    objective: str
    repeats: int
    key: str | None = None
    batch: int | None = None
    function: str | None = None

    @classmethod
    def of(
        cls, name: str, created: float, space: Space, algorithm: Algorithm, objective: Objective, repeats: int
    ) -> Self:
        """The description of a new study.

        Raises:
            TypeError: The space or the algorithm holds what cannot be saved.
        """
        try:
            written = json.dumps(write_space(space))
        except TypeError as error:
            note(
                error,
                "a study holds its space as JSON, so that it can be read a year later: let the function "
                "stand at the top of a module",
            )
            raise
        return cls(
            name,
            created,
            json.dumps({"python": sys.version.split()[0], **{name: version(name) for name in _LIBRARIES}}),
            written,
            str(space),
            json.dumps([name_of(predicate) for predicate in space.predicates]),
            json.dumps(tree_record(algorithm)),
            json.dumps(objective.to_record()),
            repeats,
        )

    def statement(self) -> tuple[str, Sequence[Any]]:
        """What enters it into a file."""
        marks = ", ".join("?" * len(_COLUMNS))
        values = [getattr(self, name) for name in _COLUMNS]
        return f"INSERT INTO study (id, {', '.join(_COLUMNS)}) VALUES (1, {marks})", values

    @classmethod
    def read(cls, database: Database) -> Self:
        """The description of a study that is there.

        Raises:
            StudyError: There is none.
        """
        rows = database.execute(f"SELECT {', '.join(_COLUMNS)} FROM study")
        if not rows:
            raise StudyError(
                f"{database.path} is damaged: it does not say what it is about; go on with a backup"
            )
        return cls(*rows[0])

    def begun(
        self, database: Database, key: jax.Array, batch: int | None, default: int, function: str
    ) -> Self:
        """The same once a run is about to begin, within a transaction.

        Args:
            database: The study's file.
            key: The key.
            batch: How many trials are asked for at a time, if that was said.
            default: How many, if it was never said.
            function: What is evaluated; empty if it is a loop of Python.

        Raises:
            StudyError: The key is another than that of the first run.
        """
        current, text = self.read(database), write_key(key)
        if current.key is not None and current.key != text:
            raise StudyError(
                f"{database.path} was begun with another key: give the same one, so that the search goes on "
                "as if it had never stopped; for another search give another file"
            )
        current = replace(
            current,
            key=text,
            batch=batch or current.batch or default,
            function=function or current.function,
        )
        values = (text, current.batch, current.function)
        database.execute("UPDATE study SET key = ?, batch = ?, function = ?", values)
        return current

    def switched(self, database: Database, algorithm: Algorithm) -> Self:
        """The same with another algorithm, within a transaction."""
        current = replace(self.read(database), algorithm=json.dumps(tree_record(algorithm)))
        database.execute("UPDATE study SET algorithm = ?", (current.algorithm,))
        return current

    def aimed(self, database: Database, objective: Objective) -> Self:
        """The same with another objective, if no trial is finished yet; within a transaction."""
        (was_used,) = database.execute("SELECT EXISTS (SELECT 1 FROM trials)")[0]
        own = self.read_objective()
        numbers = {max(1, len(each.metrics)) for each in (own, objective)}  # algorithms have begun with one
        if was_used or objective == Objective() or len(numbers) > 1:
            return self
        current = replace(self.read(database), objective=json.dumps(objective.to_record()))
        database.execute("UPDATE study SET objective = ?", (current.objective,))
        return current

    # What it is made of.

    def read_space(self, modules: Sequence[str]) -> Space:
        """The space, but for its predicates.

        Raises:
            LoadError: It names classes that are not imported.
        """
        return read_space(json.loads(self.space), modules)

    def read_algorithm(self, modules: Sequence[str]) -> Algorithm:
        """The algorithm.

        Raises:
            LoadError: It names a class that is not imported.
        """
        algorithm: Algorithm = read_tree(json.loads(self.algorithm), modules)
        return algorithm

    def read_objective(self) -> Objective:
        """What counts."""
        return Objective.of_record(json.loads(self.objective))

    # What differs.

    def check_space(self, path: object, space: Space, modules: Sequence[str]) -> None:
        """Refuses another space.

        Raises:
            StudyError: It is one; the message says in what.
        """
        if _bare(json.loads(self.space)) == _bare(write_space(space)):
            names = [name_of(predicate) for predicate in space.predicates]
            if names != json.loads(self.predicates):
                raise StudyError(
                    f"{path} was begun with a space that is constrained by "
                    f"{', '.join(json.loads(self.predicates)) or 'nothing'}, and this one is by "
                    f"{', '.join(names) or 'nothing'}: give the same, or another file"
                )
            return
        try:
            own = self.read_space(modules)
        except (LoadError, ValueError, KeyError) as error:
            raise StudyError(f"{path} is a study of another space:\n{self.outline}") from error
        if same_space(own, space):  # written in another way, by another version
            return
        if own.spec != space.spec:
            try:
                space.spec.require(own.spec)
            except ValueError as error:
                why = str(error).removeprefix("a DNA of another space: ")
                raise StudyError(f"{path} is a study of another space: {why}. {_OTHER}") from None
        raise StudyError(f"{path} is a study of another space: {diff(own.tree, space.tree)}. {_OTHER}")

    def check_algorithm(self, path: object, algorithm: Algorithm, modules: Sequence[str]) -> None:
        """Refuses another algorithm.

        Raises:
            StudyError: It is one; the message says in what.
        """
        if json.loads(self.algorithm)["tree"] == tree_record(algorithm)["tree"]:
            return
        try:
            own = self.read_algorithm(modules)
        except LoadError as error:
            raise StudyError(
                f"{path} was begun with another algorithm: {self.algorithm}. {_SWITCH}"
            ) from error
        if not eq(own, algorithm):
            what = (
                diff(own, algorithm) if type(own) is type(algorithm) else f"{own!r} there, {algorithm!r} here"
            )
            raise StudyError(f"{path} was begun with another algorithm: {what}. {_SWITCH}")

    def check_objective(self, path: object, objective: Objective, repeats: int | None) -> None:
        """Refuses another objective, or another number of repeats, where one is said.

        Raises:
            StudyError: It is one.
        """
        own = self.read_objective()
        if objective not in (Objective(), own):
            raise StudyError(
                f"{path} was begun with the objective {str(own) or 'unsaid'}, and not {objective}: results "
                "can be ranked otherwise by study.results.with_objective(…), a search by another objective "
                "is another study"
            )
        if repeats not in (None, self.repeats):
            raise StudyError(f"{path} was begun with {self.repeats} repeats, and not {repeats}. {_OTHER}")


_OTHER = "Give the same, or another file"
_SWITCH = "Give the same; or say study.switch(algorithm), which tells the new one all that is known"


def write_key(key: jax.Array) -> str:
    """A key as JSON."""
    typed = jnp.issubdtype(key.dtype, jax.dtypes.prng_key)
    impl = str(jax.random.key_impl(key)) if typed else None
    return json.dumps({"impl": impl, "data": np.asarray(jax.random.key_data(key)).tolist()})


def read_key(text: str) -> jax.Array:
    """The inverse of `write_key`."""
    record = json.loads(text)
    data = jnp.asarray(record["data"], jnp.uint32)
    return data if record["impl"] is None else jax.random.wrap_key_data(data, impl=record["impl"])


def _bare(record: Any) -> Any:
    """A space's record without what hangs on the versions of libraries."""
    return [record["opened"], *(record[part]["tree"] for part in ("tree", "patches", "inputs"))]
