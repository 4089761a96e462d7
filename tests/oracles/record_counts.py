"""How counts.jsonl was made: what other tools print for the same networks.

Run it by hand, once for each tool (two of them are called `thop`), with torch, torchvision and
the development group `counts` installed; it prints one JSON line for each network.
Nothing here knows cnncalc.

    for tool in torchvision fvcore torchinfo thop ptflops ptflops-aten pytorch keras; do
        python tests/oracles/record_counts.py $tool; done > tests/oracles/counts.jsonl
    pip install ultralytics-thop    # in the place of thop
    python tests/oracles/record_counts.py ultralytics-thop >> tests/oracles/counts.jsonl
"""

import contextlib
import importlib.metadata
import io
import json
import sys
import types
import warnings

import counted_networks as ours
import torch

IMAGE = (3, 224, 224)
TORCHVISION = {
    "alexnet": IMAGE,
    "vgg16": IMAGE,
    "resnet18": IMAGE,
    "resnet50": IMAGE,
    "resnext50_32x4d": IMAGE,
    "densenet121": IMAGE,
    "mobilenet_v2": IMAGE,
    "mobilenet_v3_large": IMAGE,
    "efficientnet_b0": IMAGE,
    "convnext_tiny": IMAGE,
    "squeezenet1_1": IMAGE,
    "shufflenet_v2_x1_0": IMAGE,
    "vit_b_16": IMAGE,
}
OURS = {
    "small": (3, 32, 32),
    "layers": (3, 32, 32),
    "volumes": (1, 8, 16, 16),
    "sound": (1, 4000),
    "UNet": (3, 64, 64),
    "Functional": (3, 32, 32),
    "Attention": (3, 32, 32),
    "LongShortTermMemory": (50, 32),
    "GatedRecurrentUnit": (50, 32),
}
KERAS = {
    "vgg16": ("VGG16", IMAGE),
    "densenet121": ("DenseNet121", IMAGE),
    "mobilenet_v1": ("MobileNet", IMAGE),
    "xception": ("Xception", (3, 299, 299)),
}
PACKAGES = {"ptflops-aten": "ptflops", "pytorch": "torch"}


def torchvision_models():
    """The models of torchvision, which need none of its compiled operators."""
    sys.modules.setdefault("torchvision._meta_registrations", types.ModuleType("absent"))
    import torchvision

    return torchvision.models


def network(name):
    if name in OURS:
        return getattr(ours, name)().eval()
    return getattr(torchvision_models(), name)().eval()


def of_torchvision(name, _):
    """GMACs of its own tables."""
    if name in OURS:
        return None
    return torchvision_models().get_model_weights(name).DEFAULT.meta["_ops"]


def of_fvcore(name, size):
    from fvcore.nn import FlopCountAnalysis

    found = FlopCountAnalysis(network(name), torch.zeros(1, *size))
    return found.unsupported_ops_warnings(False).uncalled_modules_warnings(False).total()


def of_torchinfo(name, size):
    import torchinfo

    return torchinfo.summary(network(name), (1, *size), verbose=0).total_mult_adds


def of_thop(name, size):
    import thop

    return int(thop.profile(network(name), (torch.zeros(1, *size),), verbose=False)[0])


def of_ptflops(name, size, backend="pytorch"):
    from ptflops import get_model_complexity_info

    how = {"as_strings": False, "print_per_layer_stat": False, "backend": backend}
    return int(get_model_complexity_info(network(name), size, **how)[0])


def of_ptflops_aten(name, size):
    return of_ptflops(name, size, "aten")


def of_pytorch(name, size):
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        network(name)(torch.zeros(1, *size))
    return counter.get_total_flops()


def of_keras(name, _):
    """With KERAS_BACKEND=torch, as with any other."""
    import keras

    return getattr(keras.applications, KERAS[name][0])(weights=None).count_params()


TOOLS = {
    "torchvision": of_torchvision,
    "fvcore": of_fvcore,
    "torchinfo": of_torchinfo,
    "thop": of_thop,
    "ultralytics-thop": of_thop,
    "ptflops": of_ptflops,
    "ptflops-aten": of_ptflops_aten,
    "pytorch": of_pytorch,
    "keras": of_keras,
}


def main():
    tool = sys.argv[1]
    version = importlib.metadata.version(PACKAGES.get(tool, tool))
    of_keras = {name: size for name, (_, size) in KERAS.items()}
    for name, size in (of_keras if tool == "keras" else OURS | TORCHVISION).items():
        with contextlib.redirect_stdout(io.StringIO()):
            count = TOOLS[tool](name, size)
        if count is not None:
            record = {"network": name, "input": size, "tool": tool, "version": version}
            sys.stdout.write(json.dumps(record | {"count": count}) + "\n")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    torchvision_models()  # before the tools that import it
    main()
