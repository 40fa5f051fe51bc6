#!/bin/bash
# settle.sh ROOT KEY - makes a Debian tree boot under QEMU, reachable by ssh with KEY alone.
set -euo pipefail
root=$1 key=$2
system=$root/etc/systemd/system
echo ethoprofiler-vm >"$root/etc/hostname"
echo '127.0.0.1 localhost ethoprofiler-vm' >"$root/etc/hosts"
echo '/dev/vda / ext4 defaults,noatime 0 1' >"$root/etc/fstab"
install -d -m700 "$root/root/.ssh"
install -m600 "$key" "$root/root/.ssh/authorized_keys"
cat >"$root/etc/systemd/network/10-wired.network" <<'NETWORK'
[Match]
Name=e*
[Network]
DHCP=yes
IPv6AcceptRA=no
NETWORK
mkdir -p "$system/multi-user.target.wants"
ln -sf /lib/systemd/system/systemd-networkd.service "$system/multi-user.target.wants/"
# Nothing may wake up in the middle of a measurement.
for unit in apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer fstrim.timer \
	e2scrub_reap.service getty@tty1.service systemd-timesyncd.service \
	systemd-update-utmp.service; do
	ln -sf /dev/null "$system/$unit"
done
chroot "$root" passwd -d root >/dev/null
[ -f "$root/etc/ssh/ssh_host_ed25519_key" ] || chroot "$root" ssh-keygen -A >/dev/null
echo /opt/python >"$root/usr/lib/python3/dist-packages/ethoprofiler-vm.pth"
