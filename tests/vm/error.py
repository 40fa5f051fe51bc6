"""What goes wrong with the virtual machine itself."""


class MachineError(Exception):
    """The machine does not do what it should; says what."""
