"""One picture through the image processor of transformers and through ours, and how far apart."""

import functools
import json

import numpy as np
import torch
import transformers

from model_export.loading.checkout import Checkout
from model_export.loading.preprocessing import read_preprocessing
from model_export.loading.random_models import randomise
from shared_code.adapters.clip.preprocess import Preprocess
from shared_code.settings import Settings
from shared_code.wiring import open_encoder
from tests.preprocessing import LIMIT, spec

EQUAL = 0.01
"""Grey levels: pixels are whole ones, so this leaves room for float32 alone."""

_CLIP = {
    "crop_size": 224,
    "do_center_crop": True,
    "do_normalize": True,
    "do_resize": True,
    "image_mean": [0.48145466, 0.4578275, 0.40821073],
    "image_std": [0.26862954, 0.26130258, 0.27577711],
    "resample": 3,
    "size": 224,
}
_SIGLIP = {
    "do_normalize": True,
    "do_rescale": True,
    "do_resize": True,
    "image_mean": [0.5, 0.5, 0.5],
    "image_std": [0.5, 0.5, 0.5],
    "resample": 3,
    "rescale_factor": 1 / 255,
    "size": {"height": 224, "width": 224},
}
CHECKPOINTS = {
    "clip-vit-base-patch32": (_CLIP, 224),
    "clip-vit-large-patch14-336": ({**_CLIP, "crop_size": 336, "size": 336}, 336),
    "siglip-base-patch16-224": (_SIGLIP, 224),
    "siglip2-base-patch16-256": (
        {**_SIGLIP, "resample": 2, "size": {"height": 256, "width": 256}},
        256,
    ),
}


class Both:
    """A checkpoint's preprocessing, theirs and ours. Pictures are float32 [3, side, side]."""

    def __init__(self, name, folder):
        facts, side = CHECKPOINTS[name]
        (folder / "preprocessor_config.json").write_text(json.dumps(facts))
        clip = name.startswith("clip")
        kind = transformers.CLIPImageProcessorPil if clip else transformers.SiglipImageProcessorPil
        self.processor = kind.from_pretrained(folder)
        read = read_preprocessing(Checkout(folder, name, "local folder", "none"), side)
        self.side = side
        self.spec = spec(
            read.resize,
            size=(side, side),
            interpolation=read.interpolation,
            mean=read.mean,
            std=read.std,
        )

    def ours(self, data):
        return Preprocess(self.spec, max_pixels=LIMIT)(data)

    def theirs(self, picture):
        features = self.processor(picture, return_tensors="np")["pixel_values"][0]
        return features.astype(np.float32)

    def levels(self, ours, theirs):
        """How far apart two inputs are, in grey levels of the picture."""
        std = np.array(self.spec.std, np.float32)[:, None, None]
        return np.abs(ours - theirs) * std * 255

    def check_equal(self, data, picture):
        assert self.levels(self.ours(data), self.theirs(picture)).max() <= EQUAL

    def cosines(self, ours, theirs):
        """Yields the cosine of the two inputs for each tower that takes this size."""
        towers = [random_tower(self.side)]
        if self.side == 224:
            towers.append(starter().encode_images)
        for tower in towers:
            first, second = tower([ours, theirs])
            yield float(first @ second)


@functools.cache
def starter():
    return open_encoder(Settings())


@functools.cache
def random_tower(side):
    config = transformers.CLIPVisionConfig(image_size=side)  # else as ViT-B/32
    model = transformers.CLIPVisionModelWithProjection(config).eval()
    randomise(model)

    def embed_pictures(pictures):
        with torch.inference_mode():
            features = model(torch.from_numpy(np.stack(pictures))).image_embeds
        return torch.nn.functional.normalize(features, dim=-1).numpy()

    return embed_pictures
