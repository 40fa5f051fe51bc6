# ready.sh - run in the guest once, by its shell: everything that comes before the first test.
#
# vivid-000 to vivid-009: an analog card's channels, PAL, one capture node each. vivid-010: four
# inputs (webcam, TV, S-Video, HDMI), multi-planar. vivid-011: webcam and HDMI, with the output,
# text, metadata and radio nodes beside it that nobody may take for a camera.
set -e
ten() { printf "$1,%.0s" 0 1 2 3 4 5 6 7 8 9; }
modprobe vivid n_devs=12 \
	node_types="$(ten 0x1)0x1,0xe1d3d" multiplanar="$(ten 1)2,1" ccs_cap_mode="$(ten 7)7,7" \
	num_inputs="$(ten 1)4,2" input_types="$(ten 0x2)0xe4,0x0c"
# exclusive_caps: the node is a camera once somebody writes pictures into it, like a real one.
modprobe v4l2loopback devices=2 video_nr=40,41 card_label="loop 0,loop 1" \
	exclusive_caps=1,1 max_buffers=8
modprobe -a 9p 9pnet_virtio
# The USB adapter of a light panel, and a witness of what its driver is told.
modprobe -a xhci_pci ftdi_sio usbmon
# Into the memory that is saved, so that no test waits for the disk.
python3 -c 'import av, click, numpy, pydantic, pytest, rich, serial, av.container, numpy.testing'
v4l2-ctl --list-devices >/dev/null
udevadm settle
