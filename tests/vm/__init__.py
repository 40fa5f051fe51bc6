"""The cameras of a real kernel, in a virtual machine: run by `make vm`, not by `make test`."""
