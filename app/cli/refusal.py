"""What the command line refuses by itself."""


class CommandRefusedError(Exception):
    """The command cannot be carried out here and now. One line for people; exit code 1."""
