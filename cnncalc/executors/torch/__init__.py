"""PyTorch as an executor: every layer as the real modules of torch.nn."""
