"""What units see of the input, measured by running the network on inputs that tell it."""
