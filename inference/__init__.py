"""From pictures to behaviors: preprocessing, networks, labels."""
