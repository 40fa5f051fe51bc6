"""A real kernel in a virtual machine: `make vm` runs the tests of `guest` on its drivers."""
