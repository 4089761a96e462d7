"""`torch.nn`: modules, containers, layers, and the functions that are layers."""
