"""Why a command does not do it."""

__all__ = ["Refusal"]


class Refusal(Exception):
    """One line for the terminal; the command ends with exit code 1."""
