"""The cameras of a real kernel, in a virtual machine: `make vm` runs the tests of `guest`."""
