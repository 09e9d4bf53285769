"""Compiled operations, kept by exactly what the compiler looked at."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from resolvers.reading.compiler import Mark
from resolvers.reading.cost import Cost
from resolvers.reading.inputs import Question, Questions
from resolvers.reading.statement import Compiled
from resolvers.reading.wire import Statement

__all__ = ["Plan", "Plans"]

MOST_PLANS = 200
"""Plans of one document. A client that varies what the compiler asks about pays for compiling, not we with memory."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A statement that answers an operation, and what is still to do with its answer.

    `statement` None: the compiler declined, the reference answers.
    """

    statement: Compiled | None
    marks: tuple[Mark, ...] = ()
    """Empty: the statement's answer goes out as it is."""
    cost: Cost = 0
    planning: str = "auto"
    """PostgreSQL's `plan_cache_mode` for it."""
    prepared: Statement | None = None
    """`statement` as connections know it."""


@dataclass(slots=True)
class _Node:
    """A question and what follows each answer, or a plan at the end."""

    question: Question | None = None
    plan: Plan | None = None
    answers: dict[Hashable, "_Node"] = field(default_factory=dict)


class Plans:
    """The plans of one document: a tree of questions for every kind of viewer."""

    def __init__(self) -> None:
        self._roots: dict[Hashable, _Node] = {}
        self._count = 0

    def find(self, key: Hashable, variables: Mapping[str, Any], compile: Callable[[Questions], Plan]) -> Plan:
        """The plan for these variables, compiled if there is none. `key` is what matters besides the variables."""
        node = self._roots.get(key)
        while node is not None:
            if node.question is None:
                if node.plan is not None:
                    return node.plan
                break  # another thread is about to put it here
            node = node.answers.get(node.question.answer(variables))
        questions = Questions(variables)
        plan = compile(questions)
        if self._count >= MOST_PLANS:
            self._roots.clear()
            self._count = 0
        self._keep(key, questions, plan)
        return plan

    def _keep(self, key: Hashable, questions: Questions, plan: Plan) -> None:
        node = self._roots.setdefault(key, _Node())
        for question, answer in questions.asked:
            following = node.answers.setdefault(answer, _Node())
            node.question = question
            node = following
        node.plan = plan
        self._count += 1
