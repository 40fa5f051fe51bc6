"""The time that a panel is set to: this machine's, as far as it is to be trusted."""

from typing import Final

from appliance.light_clock import LightClock

_NS_PER_S: Final = 1_000_000_000
_PATIENCE_S: Final = 600.0
"""A machine without a battery clock starts with a wrong time; a time service needs a minute."""


class HostTime:
    """This machine's time, carried on by its steady clock where nobody vouches for its steps.

    A step without synchronization is somebody's slip until a time service confirms it, but the
    machine's quartz is a hundred times better than a controller's. One thread at a time.
    """

    def __init__(self, clock: LightClock) -> None:
        self._clock = clock
        self._began_s: float | None = None
        self._base_ns: int | None = None
        """UTC minus the steady clock when it was last trusted."""
        self.is_synchronized = False
        self.is_guess = False
        """Whether nobody has vouched for it and it was taken because none came in ten minutes."""
        self.step_ns = 0
        """By how much the machine's clock was stepped since it was last trusted."""

    @property
    def is_known(self) -> bool:
        """Return whether a panel that does not know the time may be set to it."""
        return self._base_ns is not None

    def utc_ns(self) -> int:
        """Return the trusted time."""
        return self._clock.utc_ns() - self.step_ns

    def note(self, *, agrees: bool) -> bool:
        """Look at the machine's clocks; return whether their rate may be another from now on.

        `agrees`: whether a panel that knows the time confirms the machine's.
        """
        now_s = self._clock.monotonic_s()
        if self._began_s is None:
            self._began_s = now_s
        was_synchronized, self.is_synchronized = self.is_synchronized, self._clock.is_synchronized()
        base_ns = self._clock.utc_ns() - round(now_s * _NS_PER_S)
        if self.is_synchronized:
            self._base_ns, self.is_guess = base_ns, False
        elif agrees:
            self._base_ns = base_ns
        elif self._base_ns is None and now_s - self._began_s >= _PATIENCE_S:
            self._base_ns, self.is_guess = base_ns, True
        self.step_ns = 0 if self._base_ns is None else base_ns - self._base_ns
        return self.is_synchronized != was_synchronized
