from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Sample:
    product_id: str

    @property
    def images(self):
        return (Path(__file__).with_name("picture.webp"),)


def load():
    return [Sample("shoe"), Sample("mug")]


def sidecar(product):
    return {"name": f"A {product.product_id}", "description": "", "metadata": {}}
