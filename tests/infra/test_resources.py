"""The resources of the Bicep: the vault, the cache, the network, the logs, the budget."""

import json

import pytest

from infra.hooks import preprovision
from shared_code.domain.errors import Misconfigured
from shared_code.settings import Settings
from tests.bicep import INFRA, PARSED, decorators, default_of, module_params, settings_set


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


def test_a_key_in_the_vault_is_replaced_only_by_a_new_one():
    secrets = module_params("vault", "secrets.bicep")["secrets"]["operator"]
    assert secrets["type"] == "conditional"
    assert secrets["operands"]["condition"] == "hasNewKey"
    assert secrets["operands"]["false_value"] == []
    condition = PARSED["secrets.bicep"]["variables"]["hasNewKey"]["value"]["operator"]
    assert condition["type"] == "not"
    left_alone = condition["operands"]["bool_value"]["function"]["parameters"]
    assert left_alone == {"container": ["", "in-vault"], "item_to_find": "qdrantApiKey"}


def test_the_cache_is_one_that_its_api_knows_and_has_no_replica():
    """`NoCluster` came after 2025-04-01, and 2025-07-01 refuses a cluster that does not say
    whether it is open to the network ("'properties.publicNetworkAccess' is required")."""
    cache, database = (PARSED["redis.bicep"]["resources"][name] for name in ("cache", "database"))
    assert (cache["api_version"], database["api_version"]) == ("2025-07-01",) * 2
    properties = cache["config"]["properties"]
    assert properties["highAvailability"] == "Disabled"
    assert properties["publicNetworkAccess"] == "Enabled"
    assert database["config"]["properties"]["clusteringPolicy"] == "NoCluster"


def test_azd_offers_only_regions_with_flex_consumption():
    """The list is that of Microsoft's quickstart for Python; a canary region is left out."""
    location = decorators("location")
    regions = location["allowed"]
    assert regions == sorted(set(regions))
    assert {"westeurope", "northeurope", "francecentral", "eastus2", "southindia"} <= set(regions)
    assert not {"switzerlandnorth", "eastus2euap"} & set(regions)
    assert location["metadata"] == {"azd": {"type": "location"}}


def test_logs_have_a_daily_cap_and_somebody_hears_of_it():
    assert default_of("logDailyCapGb") == 1
    assert decorators("logDailyCapGb")["min_value"] == -1
    assert module_params("logs")["dailyQuotaGb"] == "logDailyCapGb"
    assert azd_parameters()["logDailyCapGb"] == "${LOG_DAILY_CAP_GB=1}"
    rules = {rule["name"]: rule for rule in PARSED["alerts.bicep"]["variables"]["rules"]["value"]}
    # as in Microsoft's "Set daily cap on Log Analytics workspace"
    assert rules["logs-capped"]["query"] == [
        "_LogOperation",
        'where Category =~ "Ingestion" and Detail contains "OverQuota"',
    ]


@pytest.mark.parametrize("name", ["QDRANT_REPLICATION", "QDRANT_SHARDS"])
def test_what_a_cluster_of_qdrant_needs_is_set_by_azd(name):
    """The Bicep takes the values that the app takes, and no others."""
    parameter = {"QDRANT_REPLICATION": "qdrantReplication", "QDRANT_SHARDS": "qdrantShards"}[name]
    assert azd_parameters()[parameter] == f"${{{name}=0}}"
    assert default_of(parameter) == 0
    assert settings_set()[name]["function"]["parameters"] == {"value_to_convert": parameter}
    lowest, highest = (decorators(parameter)[bound] for bound in ("min_value", "max_value"))
    for value in (lowest, highest):
        assert getattr(Settings.from_env({name: str(value)}), name.lower()) == value
    for value in (lowest - 1, highest + 1):
        with pytest.raises(Misconfigured, match=name):
            Settings.from_env({name: str(value)})


def test_the_apps_subnet_says_how_it_goes_out():
    """A newer version of the network API would leave a subnet that says nothing without a way to
    Qdrant, while storage, which has endpoints in the network, still answered."""
    subnets = module_params("network", "network.bicep")["subnets"]
    [subnet] = [subnet for subnet in subnets if subnet["name"] == "app"]
    assert subnet["defaultOutboundAccess"] is True
    gateway = subnet["natGatewayResourceId"]["operator"]["operands"]
    assert gateway["condition"] == "natGateway"
    assert gateway["false_value"] is None
    assert "gateway" in str(gateway["true_value"])
    resources = PARSED["network.bicep"]["resources"]
    for name in ("gateway", "address"):
        assert resources[name]["config"]["condition"] == "natGateway"


def test_a_nat_gateway_is_bought_by_nobody_who_did_not_ask():
    assert default_of("natGatewayEnabled") is False
    assert module_params("network")["natGateway"] == "natGatewayEnabled"
    assert "NAT gateway" in (INFRA.parent / "docs" / "costs.md").read_text()


def test_a_budget_tells_the_owners_and_the_one_who_gets_alerts():
    assert default_of("monthlyBudget") == 0
    params = module_params("budget")
    assert params["email"] == "alertEmail"
    start = params["start"]["operator"]["operands"]
    assert (start["true_value"], start["false_value"]) == ("thisMonth", "budgetStart")
    assert azd_parameters()["budgetStart"] == "${BUDGET_START=}"
    budget = PARSED["budget.bicep"]["resources"]["budget"]["config"]
    assert budget["name"] == preprovision.BUDGET
    notifications = budget["properties"]["notifications"].values()
    thresholds = {(rule["thresholdType"], rule["threshold"]) for rule in notifications}
    assert thresholds == {("Actual", 80), ("Actual", 100), ("Forecasted", 100)}
    for notification in notifications:
        assert notification["contactRoles"] == ["Owner"]
        assert notification["contactEmails"] == "emails"
