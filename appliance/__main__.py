"""`python -m appliance`: the same as `ethoprofiler`."""

from appliance.main import main

if __name__ == "__main__":
    main(prog_name="ethoprofiler")
