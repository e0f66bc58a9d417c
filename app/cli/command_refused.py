"""The error with which a command is refused."""


class CommandRefusedError(Exception):
    """The command cannot be carried out. Its text is one line for standard error; the exit code is 1."""
