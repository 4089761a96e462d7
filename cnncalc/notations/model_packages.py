"""Packages of models that people install: what pip calls them, and where in them models are.

Only names: nothing is imported, and what isn't listed is found by its files alone.
"""

from __future__ import annotations

from cnncalc.notations.examples import example_names

__all__ = ["HOMES", "KNOWN", "advice", "pip_name"]

# By the name that is imported, where pip calls it otherwise.
RENAMED = {
    "cv2": "opencv-python",
    "PIL": "pillow",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
}
KNOWN = frozenset(
    [
        *("basicsr", "cv2", "efficientnet_pytorch", "einops", "fastai", "fvcore", "keras"),
        *("keras_cv", "keras_hub", "kornia", "lightning", "mmcv", "mmdet", "mmengine", "mmseg"),
        *("monai", "open_clip", "PIL", "pretrainedmodels", "pytorch_lightning", "scipy"),
        *("segmentation_models", "segmentation_models_pytorch", "skimage", "sklearn"),
        *("tensorflow", "timm", "torchaudio", "torchmetrics", "torchvision", "transformers"),
        *("ultralytics",),
    ]
)
# Where in a package the callables are that give models, beside the package itself.
HOMES = (
    "applications",
    "models",
    "networks.nets",
    "models.segmentation",
    "models.detection",
    "models.video",
    "models.optical_flow",
    "archs",
)
# Shipped examples of Keras's own networks, where they are called otherwise.
KERAS = {
    "ConvNeXtTiny": "convnext_tiny",
    "DenseNet121": "densenet121",
    "EfficientNetB0": "efficientnet_b0",
    "MobileNet": "mobilenet_v1",
    "MobileNetV2": "mobilenet_v2",
    "VGG16": "vgg16",
    "VGG19": "vgg19",
    "Xception": "xception",
}


def pip_name(package: str) -> str:
    """What pip calls a package."""
    return RENAMED.get(package, package)


def advice(path: str) -> str:
    """What to do about a name of a known package that isn't there."""
    package, _, rest = path.partition(".")
    package = "keras" if ".applications." in path else package
    name = rest.rpartition(".")[2]
    told = f"`pip install {pip_name(package)}`, or `--path DIR` with the folder that holds it"
    shipped = KERAS.get(name) if package == "keras" else name if package == "torchvision" else None
    if shipped in example_names():
        told += f"; the network alone is shipped: `cnncalc shape {shipped}`"
    return told
