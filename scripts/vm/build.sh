#!/bin/bash
# build.sh FOLDER PYTHON - makes the virtual machine that `make vm` runs, from Debian and PyPI.
#
# Needs root (it makes device nodes and changes root) and the Debian packages that the Makefile
# names (VM_DEBIAN). Makes FOLDER/{vm.qcow2,vmlinuz,initrd.gz,id,id.pub}. About three minutes. No
# loop device, no kernel module and no KVM of this machine is used.
set -euo pipefail
folder=$1 python=$2
here=$(cd "$(dirname "$0")" && pwd)
suite=bookworm
# What the guest's programs need, and what the tests need there; Debian 12 has Python 3.11.
packages=(av numpy pydantic pyserial click rich pytest)
root=$folder/root modules=$folder/modules
begun=$(date +%s)
say() { echo "vm: $(( $(date +%s) - begun )) s: $*"; }

rm -rf "$folder"
mkdir -p "$folder"
ssh-keygen -q -t ed25519 -N '' -f "$folder/id"

# Beside the guest's own tree a second one that only compiles: no compiler in the guest.
mmdebstrap --quiet --variant=minbase --mode=root \
	--include=linux-headers-amd64,v4l2loopback-dkms \
	--customize-hook='cd "$1/tmp" && chroot "$1" sh -c "cd /tmp && apt-get download -q $(basename "$1"/lib/modules/*-amd64 | sed s/^/linux-image-/)"' \
	--customize-hook="mkdir -p '$modules' && dpkg-deb -x \"\$1\"/tmp/linux-image-*.deb '$modules' && cp \"\$1\"/lib/modules/*/updates/dkms/v4l2loopback.ko '$modules'" \
	"$suite" /dev/null --format=null >"$folder/modules.log" 2>&1 &
compiling=$!
mmdebstrap --quiet --variant=minbase --mode=root \
	--include=systemd-sysv,udev,dbus,openssh-server,python3,kmod,ca-certificates,v4l-utils,iproute2 \
	--dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
	--dpkgopt='path-exclude=/usr/share/locale/*' "$suite" "$root"
say "Debian $suite"

wait $compiling || { cat "$folder/modules.log"; exit 1; }
version=$(basename "$modules"/lib/modules/*)
mkdir -p "$root/lib/modules"
cp -a "$modules/lib/modules/$version" "$root/lib/modules/"
install -D -m644 "$modules/v4l2loopback.ko" "$root/lib/modules/$version/updates/v4l2loopback.ko"
cp "$modules/boot/vmlinuz-$version" "$folder/vmlinuz"
depmod -b "$root" "$version"
say "kernel $version with vivid and v4l2loopback"

"$python" -m pip install --quiet --no-compile --only-binary :all: --python-version 3.11 \
	--target "$root/opt/python" "${packages[@]}"
say "${packages[*]}"

"$here/initrd.sh" "$root" "$version" "$folder/initrd.gz"
"$here/settle.sh" "$root" "$folder/id.pub"
truncate -s 3G "$folder/root.img"
mke2fs -q -t ext4 -L root -d "$root" "$folder/root.img"
qemu-img convert -f raw -O qcow2 "$folder/root.img" "$folder/vm.qcow2"
rm -rf "$root" "$modules" "$folder/root.img"
say "image of $(du -h "$folder/vm.qcow2" | cut -f1)"
