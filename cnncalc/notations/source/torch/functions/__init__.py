"""`torch.…` and the methods of tensors, by subject; `table` has them by name."""
