"""What the compiler, and compiled code, has to say."""

from __future__ import annotations

import logging
from typing import Iterable, NamedTuple

_LOGGER = logging.getLogger("bpt")


class Diagnostic(NamedTuple):
    """One message, as the compiler's tools print it."""

    location: str
    """`file:line:column`; empty where there is no such place."""
    severity: str
    """`error`, `warning`, `remark`, or a `note` on the diagnostic before it."""
    message: str

    def __str__(self) -> str:
        return f"{self.location}: {self.severity}: {self.message}" if self.location else self.message


class Error(RuntimeError):
    """IR, an option or an array is wrong, or compiled code found that sizes do
    not fit. `str()` is the text of `diagnostics`, one a line."""

    diagnostics: list[Diagnostic]

    def __init__(self, diagnostics: str | Iterable[Diagnostic]) -> None:
        if isinstance(diagnostics, str):
            diagnostics = [Diagnostic("", "error", diagnostics)]
        self.diagnostics = list(diagnostics)
        super().__init__("\n".join(map(str, self.diagnostics)))

    def __reduce__(self) -> tuple[type[Error], tuple[list[Diagnostic]]]:
        return type(self), (self.diagnostics,)


def log_diagnostics(diagnostics: Iterable[Diagnostic]) -> None:
    """Logs what is no error: warnings, and the rest at level INFO."""
    for diagnostic in diagnostics:
        level = logging.WARNING if diagnostic.severity == "warning" else logging.INFO
        _LOGGER.log(level, "%s", diagnostic)
