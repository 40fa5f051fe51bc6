"""Camera drivers; each is opened by `capture_hw.camera.open_camera` only."""
