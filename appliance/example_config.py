"""The configuration that `ethoprofiler init` writes."""

from typing import Final

_HEAD: Final = """\
# The configuration of one rack. Every key is explained in docs/configuration.md.
# Look it over with `ethoprofiler check`, start it with `ethoprofiler run`.
# Relative paths start at the folder of this file. Passwords and keys do not belong here.

[rack]
# Both names stand in topics and object keys: lower-case letters, digits and hyphens.
facility = "demo"
name = "rack-1"
# Where recordings go. Give it a disk of its own: a cage needs about 11 GB a day at 1 Mbit/s.
data = "data"
# The facility's standard time, all year round. There is no daylight saving in an animal room.
utc_offset = "+01:00"

[recording]
# A new file every six hours, at 00, 06, 12 and 18 h.
segment_s = 21600
# Recording pauses when less than this is free.
keep_free_gb = 5.0
# Takes the recordings while the disk above refuses them; on another disk.
# spool = "/mnt/spare/ethoprofiler"

[lights]
# Standard time, with seconds. White light in the light phase, infrared always.
lights_on = 07:00:00
light_hours = 12.0
white_percent = 60
ir_percent = 100

[[lights.panel]]
name = "main"
driver = "simulated"
# Tells the simulated cameras below what it shines, so that `ethoprofiler commission` finds it.
light_file = "light.json"

[classifier]
# A shipped model (`ethoprofiler model list`) or the path of a model file.
model = "ethocnn-lite-simulated"
# "auto", "cpu", "cuda" or "tensorrt".
provider = "auto"
threads = 1

[alerts]
# Warn when the disk is full in so many hours, when labels are so many seconds late, and when the
# oldest recording that is not uploaded is so many hours old.
disk_hours = [72.0, 24.0, 4.0]
lag_s = 300.0
backlog_hours = 24.0

# Events to an MQTT 5 broker. The password comes from the environment, ETHOPROFILER_MQTT_PASSWORD,
# or from a file that only the rack may read.
# [mqtt]
# host = "broker.example.org"
# port = 8883
# tls = true
# ca_file = "ca.pem"
# username = "rack-1"
# password_file = "mqtt-password"

# Finished recordings to an S3 bucket. Keys come from the environment, AWS_ACCESS_KEY_ID and
# AWS_SECRET_ACCESS_KEY, or from ~/.aws/credentials.
# [store]
# kind = "s3"
# bucket = "recordings"
# endpoint = "https://s3.example.org"
# region = "us-east-1"
# prefix = "ethoprofiler"
#
# Or into a folder, for example of a mounted server.
# [store]
# kind = "folder"
# path = "/mnt/server/recordings"

# One [[cage]] for each animal. Other cameras than a simulated one:
#   A video file, over and over; `copy` passes H.264 on as it is:
#     camera = { driver = "replay", file = "cage-01.mkv", loop = true, copy = true }
#   A capture card's channel or a USB camera, as `ethoprofiler devices` shows it; `ethoprofiler
#   commission` writes this line, the panel behind the cage and the crop for you:
#     camera = { driver = "v4l2", device = "PCI:0000:03:00.0", node = 0, standard = "PAL" }
#   A network camera that delivers H.264:
#     camera = { driver = "stream", url = "rtsp://camera-01.example.org/h264" }
# If the picture shows more than the cage, say where the cage is, in pixels:
#   crop = { left = 40, top = 60, width = 640, height = 480 }
"""

_CAGE: Final = """
[[cage]]
number = {number}
animal = "mouse-{number:02d}"
strain = "{strain}"
camera = {{ driver = "simulated", seed = {number}, fur = "{fur}", light_file = "light.json" }}
"""

_ANIMALS: Final = (("CD-1", "white"), ("C57BL/6J", "black"))
"""Even and odd cages."""


def example_config(cages: int) -> str:
    """Return the text of a configuration that is valid as it stands."""
    parts = [_HEAD]
    for number in range(1, cages + 1):
        strain, fur = _ANIMALS[number % len(_ANIMALS)]
        parts.append(_CAGE.format(number=number, strain=strain, fur=fur))
    return "".join(parts)
