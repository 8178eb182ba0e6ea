"""Questions that come at once are asked together: one send, one wait, an answer for each.

Whoever finds nobody asking asks at once; those who come meanwhile stand in line, and the first of them asks
for the whole line as soon as that answer is there. No timer and no background thread: alone it is a plain
question. Only `threading` is used, so gevent's workers do as well.
"""

import os
import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")
LARGEST = 128  # questions asked together


class Member(Generic[Question, Answer]):
    """A question in line, and what came of it."""

    __slots__ = ("answer", "error", "leads", "question", "woken")

    def __init__(self, question: Question) -> None:
        self.question = question
        self.woken: threading.Event | None = None
        self.leads = False
        self.answer: Answer | None = None
        self.error: Exception | None = None


class Gathering(Generic[Question, Answer]):
    """The line of one process. `ask_all` answers many questions in their order, or raises for all of them."""

    def __init__(self, ask_all: Callable[[Sequence[Question]], Sequence[Answer]]) -> None:
        self.ask_all = ask_all
        self.reset()
        os.register_at_fork(after_in_child=self.reset)

    def reset(self) -> None:
        """Forget everyone: in the child of a fork no thread of the parent goes on."""
        self.lock = threading.Lock()
        self.line: list[Member[Question, Answer]] = []
        self.is_asking = False

    def ask(self, question: Question) -> Answer:
        """Return the answer. Raises what `ask_all` raises."""
        member: Member[Question, Answer] = Member(question)
        with self.lock:
            if self.is_asking:
                member.woken = threading.Event()
                self.line.append(member)
            else:
                self.is_asking = member.leads = True
        if member.woken is not None:
            self.wait(member, member.woken)
        if member.leads:
            self.lead(member)
        if member.error is not None:
            raise member.error
        return member.answer  # type: ignore[return-value]  # there is one where there is no error

    def wait(self, member: Member[Question, Answer], woken: threading.Event) -> None:
        """Wait for the answer, or for the turn to lead; who is interrupted passes the lead on."""
        try:
            woken.wait()
        except BaseException:
            with self.lock:
                if member in self.line:
                    self.line.remove(member)
            if member.leads:
                self.pass_on()
            raise

    def lead(self, member: Member[Question, Answer]) -> None:
        """Ask for oneself and for the line as it stands, let the next begin, then tell everyone."""
        with self.lock:
            others, self.line = self.line[: LARGEST - 1], self.line[LARGEST - 1 :]
        group = [member, *others]
        try:
            for one, answer in zip(group, self.ask_all([one.question for one in group]), strict=True):
                one.answer = answer
        except Exception as error:
            for one in group:
                one.error = error
        except BaseException:  # whoever asked is ended; the others need not be
            for one in others:
                one.error = InterruptedError("the one who asked for all was interrupted")
            raise
        finally:
            self.pass_on()
            for one in others:
                one.woken.set()  # type: ignore[union-attr]  # who stood in line has one

    def pass_on(self) -> None:
        """Let the first in line lead, if anyone waits."""
        with self.lock:
            successor = self.line.pop(0) if self.line else None
            self.is_asking = successor is not None
            if successor is not None:
                successor.leads = True
        if successor is not None:
            successor.woken.set()  # type: ignore[union-attr]
