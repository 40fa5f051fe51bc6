"""A virtual machine under QEMU: start it, run commands in it, save its state, end it."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from tests.vm.error import MachineError
from tests.vm.monitor import ask_monitor

READY: Final = "ready"
"""The saved state, behind all start-up."""
USB: Final = "xhci"
"""The controller with free USB ports, into which `order` plugs."""
SHARE: Final = "/mnt/host"
"""Where the guest sees the folder that it shares with its host, once mounted."""

# The `rep` string instructions are slow under emulation: a kernel that avoids them copies video
# five times as fast. KVM is never tried: where it exists without a way to run a stock kernel, as in
# many virtual servers, QEMU does not fall back.
_PROCESSOR: Final = "Nehalem"
_KERNEL_OPTIONS: Final = (
    "console=ttyS0 root=/dev/vda rw quiet mitigations=off nokaslr tsc=reliable audit=0 "
    "clearcpuid=rep_good,erms,fsrm random.trust_cpu=on modprobe.blacklist=kvm_amd,kvm_intel,"
    "cfg80211,ahci,iTCO_wdt,psmouse,drm,pcspkr,i2c_i801,lpc_ich"
)
_MEMORY_MB: Final = 2048
_BOOT_TIMEOUT_S: Final = 300.0
_SAVE_TIMEOUT_S: Final = 120.0
_ORDER_TIMEOUT_S: Final = 10.0
_QUIT_TIMEOUT_S: Final = 20.0


class Machine:
    """A running machine. One thread; `share` is the folder that it sees as `/mnt/host`."""

    def __init__(self, image: Path, share: Path, *, saved_state: str | None) -> None:
        self._image = image
        self._port = _free_port()
        self._log = share / "console.log"
        self._monitor_path = share / "monitor"
        state = [] if saved_state is None else ["-loadvm", saved_state]
        try:
            self._process = subprocess.Popen(
                [*self._command(share), *state], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE
            )
        except FileNotFoundError as error:
            raise MachineError("QEMU is not installed: apt-get install qemu-system-x86") from error

    def wait_for_shell(self) -> None:
        """Return once commands can be run; at most five minutes."""
        deadline_s = time.monotonic() + _BOOT_TIMEOUT_S
        while time.monotonic() < deadline_s:
            if self._process.poll() is not None:
                assert self._process.stderr is not None
                said = self._process.stderr.read().decode(errors="replace").strip()
                raise MachineError(f"QEMU ended at its start: {said}")
            with suppress(subprocess.TimeoutExpired):
                if self._ssh("true", timeout_s=20.0).returncode == 0:
                    return
            time.sleep(0.2)
        raise MachineError(f"no shell after {_BOOT_TIMEOUT_S:.0f} s; its console: {self._log}")

    def run(self, command: str, *, timeout_s: float) -> subprocess.CompletedProcess[str]:
        """Run a shell command as root; what it printed is in `stdout`."""
        try:
            return self._ssh(command, timeout_s=timeout_s)
        except subprocess.TimeoutExpired as error:
            raise MachineError(f"still running after {timeout_s:.0f} s: {command}") from error

    def save(self, state: str) -> None:
        """Save memory and disk under a name, for `saved_state`."""
        self.order(f"savevm {state}", timeout_s=_SAVE_TIMEOUT_S)

    def order(self, command: str, *, timeout_s: float = _ORDER_TIMEOUT_S) -> None:
        """Have QEMU do something by a command of its monitor. Any thread may call it.

        Source: QEMU, "QEMU Monitor".
        """
        said = ask_monitor(
            self._monitor_path,
            "human-monitor-command",
            timeout_s=timeout_s,
            arguments={"command-line": command},
        )
        if said:
            raise MachineError(f"QEMU, {command}: {said}")

    def close(self) -> None:
        """End the machine as if its power were cut; QEMU leaves the image of its disk in order.

        Killed, it would leave parts of the image that belong to nobody, more with every run.
        """
        with suppress(MachineError):
            ask_monitor(self._monitor_path, "quit", timeout_s=_QUIT_TIMEOUT_S)
        try:
            self._process.wait(_QUIT_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stderr is not None
        self._process.stderr.close()

    def _command(self, share: Path) -> list[str]:
        # A saved state can only be loaded by the same devices in the same order.
        return [
            *("qemu-system-x86_64", "-accel", "tcg,thread=multi,tb-size=512", "-cpu", _PROCESSOR),
            *("-machine", "q35", "-smp", "2", "-m", str(_MEMORY_MB), "-nodefaults", "-no-reboot"),
            *("-display", "none", "-serial", f"file:{self._log}"),
            *("-qmp", f"unix:{self._monitor_path},server=on,wait=off"),
            *("-kernel", str(self._image / "vmlinuz"), "-initrd", str(self._image / "initrd.gz")),
            *("-append", _KERNEL_OPTIONS),
            "-drive",
            f"file={self._image / 'vm.qcow2'},if=none,id=disk,format=qcow2,cache=unsafe",
            *("-device", "virtio-blk-pci,drive=disk"),
            *("-netdev", f"user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:{self._port}-:22"),
            *("-device", "virtio-net-pci,netdev=net,romfile=", "-device", "virtio-rng-pci"),
            *("-device", f"qemu-xhci,id={USB}"),
            *("-virtfs", f"local,path={share},mount_tag=host0,security_model=none,id=host0"),
        ]

    def _ssh(self, command: str, *, timeout_s: float) -> subprocess.CompletedProcess[str]:
        options = {
            "StrictHostKeyChecking": "no",
            "UserKnownHostsFile": "/dev/null",
            "LogLevel": "ERROR",
            "ConnectTimeout": "10",
            "IdentitiesOnly": "yes",
        }
        asked = [part for name, value in options.items() for part in ("-o", f"{name}={value}")]
        key = ["-F", "none", "-i", str(self._image / "id"), "-p", str(self._port)]
        try:
            return subprocess.run(
                ["ssh", *key, *asked, "root@127.0.0.1", command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=timeout_s,
                check=False,
            )
        except FileNotFoundError as error:
            raise MachineError("ssh is not installed: apt-get install openssh-client") from error


@contextmanager
def running(image: Path, share: Path, *, saved_state: str | None) -> Iterator[Machine]:
    """Keep a machine running, its shell reachable, for as long as the block runs."""
    machine = Machine(image, share, saved_state=saved_state)
    try:
        machine.wait_for_shell()
        yield machine
    finally:
        machine.close()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
