"""What the Bicep makes: the vault, the cache, the network, the logs, the budget."""

import json

from tests.bicep import INFRA, PARSED, default_of, module_params


def azd_parameters():
    """Returns what azd fills the parameters with: environment variables and their defaults."""
    parameters = json.loads((INFRA / "main.parameters.json").read_text())["parameters"]
    return {name: parameter["value"] for name, parameter in parameters.items()}


def test_a_vault_can_be_purged_unless_somebody_asks_otherwise():
    """azd skips the purging of protected vaults, and the next `azd up` wants the same name."""
    assert default_of("purgeProtection") is False
    assert azd_parameters()["purgeProtection"] == "${PURGE_PROTECTION=false}"
    assert module_params("secrets")["purgeProtection"] == "purgeProtection"
    vault = module_params("vault", "secrets.bicep")
    assert vault["enablePurgeProtection"] == "purgeProtection"


def test_a_key_that_lies_in_the_vault_is_written_over_only_when_one_is_given():
    secrets = module_params("vault", "secrets.bicep")["secrets"]["operator"]
    assert secrets["type"] == "conditional"
    assert secrets["operands"]["condition"] == "keyIsGiven"
    assert secrets["operands"]["false_value"] == []
    condition = PARSED["secrets.bicep"]["variables"]["keyIsGiven"]["value"]["operator"]
    assert condition["type"] == "not"
    left_alone = condition["operands"]["bool_value"]["function"]["parameters"]
    assert left_alone == {"container": ["", "in-vault"], "item_to_find": "qdrantApiKey"}
