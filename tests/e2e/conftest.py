import pytest

from samples.catalogue import load
from tests.host import Host


@pytest.fixture
def host(tmp_path):
    """The whole app: devhost, starter model, embedded index, a folder as storage."""
    app = Host(tmp_path)
    yield app
    app.stop()


@pytest.fixture(scope="session")
def samples():
    return {product.product_id: product for product in load()}
