"""One line on what a configured camera is, for the manifest."""

from urllib.parse import urlsplit

from capture_hw.camera_config import CameraConfig


def camera_text(config: CameraConfig) -> str:
    """Return driver and source, without an address's user, password and query."""
    match config.driver:
        case "simulated":
            return f"simulated seed {config.seed}"
        case "replay":
            return f"replay {config.file.name}"
        case "stream":
            return f"stream {_place(config.url)}"
        case "v4l2":
            return f"v4l2 {config.device} node {config.node}"


def _place(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "at an address that cannot be read"
    at = f"{host}:{port}" if port else f"{host}"
    return f"{parts.scheme}://{at}{parts.path}"
