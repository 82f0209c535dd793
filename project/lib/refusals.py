"""Refusals: how every verb says that it cannot do what was asked."""

from django.utils.functional import Promise


class Refused(Exception):  # noqa: N818 - an answer, not a fault
    """A verb found the data in a state that does not allow it; nothing was changed.

    `code` is for programs and never changes; str() is a sentence for the person, in their language. Both belong to the
    class where there is one, and are given where a refusal is made of facts that only its place knows.
    """

    code = "refused"
    sentence: str | Promise = ""

    def __init__(self, sentence: str = "", *, code: str = "") -> None:
        super().__init__(sentence)
        self.sentence, self.code = sentence or self.sentence, code or self.code

    def __str__(self) -> str:
        return str(self.sentence)
