"""How rf_torchvision.jsonl and some records of rows_torch.jsonl were made.

Run it by hand with torch and torchvision installed; it prints one JSON line for each network:
the rows that hold parameters in order of execution, and the receptive fields measured by gradient.
Nothing here knows cnncalc, and no number comes from a formula.

    python tests/oracles/record_torchvision.py rows >> rows.jsonl
    python tests/oracles/record_torchvision.py fields >> fields.jsonl
"""

import json
import sys
from functools import partial

import torch
import torchvision
from torch import nn
from torchvision.models.segmentation.deeplabv3 import DeepLabHead

SE = torchvision.ops.SqueezeExcitation
POOLS = {nn.MaxPool2d: nn.AvgPool2d, nn.MaxPool3d: nn.AvgPool3d}
INERT = (
    nn.BatchNorm2d,
    nn.BatchNorm3d,
    nn.LayerNorm,
    nn.ReLU,
    nn.ReLU6,
    nn.GELU,
    nn.SiLU,
    nn.Hardswish,
)


class UNet(nn.Module):
    """U-Net as in figure 1 of the paper: unpadded convolutions, cropped skips."""

    def __init__(self):
        super().__init__()
        sizes = (64, 128, 256, 512, 1024)
        self.down = nn.ModuleList(map(self.twice, (1, *sizes), sizes))
        self.up = nn.ModuleList(nn.ConvTranspose2d(2 * c, c, 2, 2) for c in sizes[-2::-1])
        self.join = nn.ModuleList(self.twice(2 * c, c) for c in sizes[-2::-1])
        self.head = nn.Conv2d(64, 2, 1)

    @staticmethod
    def twice(i, o):
        return nn.Sequential(nn.Conv2d(i, o, 3), nn.ReLU(), nn.Conv2d(o, o, 3), nn.ReLU())

    def forward(self, x):
        skips = []
        for number, block in enumerate(self.down):
            skips.append(x := block(nn.functional.avg_pool2d(x, 2) if number else x))
        for up, join, skip in zip(self.up, self.join, skips[-2::-1], strict=True):
            x = up(x)
            cuts = [(big - small) // 2 for big, small in zip(skip.shape, x.shape, strict=True)][2:]
            places = [slice(c, c + n) for c, n in zip(cuts, x.shape[2:], strict=True)]
            x = join(torch.cat([skip[:, :, *places], x], 1))
        return self.head(x)


def network(name):
    """A network of random weights by the name of its example."""
    if name == "aspp":
        return DeepLabHead(2048, 21).eval()
    if name == "unet":
        return UNet().eval()
    models = torchvision.models.video if name == "r2plus1d_18" else torchvision.models
    extra = {"aux_logits": False, "init_weights": False} if name == "inception_v3" else {}
    return getattr(models, name)(**extra).eval()


def trace(name, shape):
    """[path, output, parameters, MACs] of the modules that hold parameters, as they run."""
    model, rows = network(name), []

    def note(path, module, inputs, output):
        own = sum(weight.numel() for weight in module.parameters(recurse=False))
        counts, weight = output, getattr(module, "weight", None)
        if isinstance(module, nn.ConvTranspose2d):
            counts = inputs[0]
        macs = 0
        if isinstance(module, nn.modules.conv._ConvNd):
            macs = weight.numel() * counts[0, 0].numel()
        elif isinstance(module, nn.Linear):
            macs = weight.numel() * output[0, ..., 0].numel()
        rows.append([path, list(output.shape[1:]), own, macs])

    for path, module in model.named_modules():
        if any(True for _ in module.parameters(recurse=False)):
            module.register_forward_hook(partial(note, path))
    with torch.no_grad():
        output = model(torch.zeros(1, *shape))
    params = sum(weight.numel() for weight in model.parameters())
    buffers = sum(buffer.numel() for buffer in model.buffers())
    return {
        "name": name,
        "input": list(shape),
        "output": list(output.shape[1:]),
        "params": params,
        "buffers": buffers,
        "macs": sum(row[3] for row in rows),
        "rows": rows,
    }


def transparent(model, drop):
    """The same geometry with nothing that could hide a path: means for maxima, equal weights."""
    for path, module in list(model.named_modules()):
        new = None
        if type(module) in POOLS:
            new = POOLS[type(module)](
                module.kernel_size, module.stride, module.padding, module.ceil_mode
            )
        elif isinstance(module, (*INERT, *drop)):
            new = nn.Identity()
        if new is not None:
            *parents, last = path.split(".")
            setattr(model.get_submodule(".".join(parents)), last, new)
    for weight in model.parameters():
        nn.init.constant_(weight, 1 / max(weight[0].numel(), 1) if weight.dim() > 1 else 0)
    return model.double()


def field(name, tap, shape, axis=1, drop=(), units=2):
    """The input intervals that neighbouring units at the middle of a module's output see."""
    model, kept = transparent(network(name), drop), []
    model.get_submodule(tap).register_forward_hook(lambda m, i, output: kept.append(output))
    x = torch.ones(1, *shape, dtype=torch.float64, requires_grad=True)
    try:
        model(x)
    except RuntimeError:  # a head that wants the size it was built for
        assert kept
    (output,) = kept
    middle = [n // 2 for n in output.shape[2:]]
    record = {"module": tap, "map": output.shape[axis + 1], "out": [], "in": [], "touched": []}
    start = middle[axis - 1]
    for o in range(start, start + units):
        middle[axis - 1] = o
        (grad,) = torch.autograd.grad(output[0, :, *middle].sum(), x, retain_graph=True)
        seen = grad[0].transpose(0, axis).flatten(1).abs().sum(1).nonzero().flatten().tolist()
        if seen[0] == 0 or seen[-1] == shape[axis] - 1:
            raise ValueError(f"{name} needs a larger input")
        record["out"].append(o)
        record["in"].append([seen[0], seen[-1]])
        record["touched"].append(len(seen))
    return record


ROWS = {
    "vgg19": (3, 224, 224),
    "inception_v3": (3, 299, 299),
    "shufflenet_v2_x1_0": (3, 224, 224),
    "convnext_tiny": (3, 224, 224),
    "r2plus1d_18": (3, 16, 112, 112),
    "aspp": (2048, 65, 65),
    "unet": (1, 572, 572),
}
FIELDS = {
    "vgg11": [("features", (3, 700, 32))],
    "vgg13": [("features", (3, 700, 32))],
    "vgg19": [("features", (3, 900, 32))],
    "resnet34": [("layer2", (3, 900, 32)), ("layer4", (3, 2400, 32))],
    "resnet101": [("layer3", (3, 2400, 32)), ("layer4", (3, 2800, 32))],
    "resnet152": [("layer3", (3, 3200, 32)), ("layer4", (3, 4000, 32))],
    "resnext50_32x4d": [("layer3", (3, 900, 32)), ("layer4", (3, 1600, 32))],
    "squeezenet1_1": [("features", (3, 800, 32))],
    "inception_v3": [("Mixed_5d", (3, 900, 96)), ("Mixed_7c", (3, 3200, 96))],
    "shufflenet_v2_x1_0": [("stage2", (3, 600, 32)), ("conv5", (3, 2400, 32))],
    "convnext_tiny": [("features.1", (3, 600, 32)), ("features.7", (3, 4000, 32))],
    "mobilenet_v3_large": [("features", (3, 2400, 32), 1, (SE,))],
    "efficientnet_b0": [("features", (3, 3000, 32), 1, (SE,))],
    "r2plus1d_18": [
        ("layer2", (3, 8, 300, 16), 2),
        ("layer4", (3, 8, 1200, 16), 2),
        ("layer4", (3, 600, 16, 16), 1),
    ],
    "aspp": [("0.convs.3", (2048, 200, 8))],
    "unet": [("down.4", (1, 572, 188)), ("head", (1, 700, 252), 1, (), 16)],
}


def records(kind, names):
    """All records of a kind, or those of some networks."""
    if kind == "rows":
        yield from (trace(name, shape) for name, shape in ROWS.items())
        return
    for name in names or FIELDS:
        for tap, shape, *more in FIELDS[name]:
            axis = (more[0] if more else 1) - 1
            taps = [field(name, tap, shape, *more)]
            yield {"model": name, "input": list(shape), "axis": axis, "taps": taps}


if __name__ == "__main__":
    for record in records(sys.argv[1], sys.argv[2:]):
        sys.stdout.write(json.dumps(record, separators=(",", ":")) + "\n")
        sys.stdout.flush()
