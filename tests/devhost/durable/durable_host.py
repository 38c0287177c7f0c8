"""A devhost process with the small durable app, whose functions use the library's client."""

import json

from tests.devhost.running_host import RunningHost, eventually

HOOKS = "/runtime/webhooks/durabletask"


class DurableAppHost(RunningHost):
    def start(self, name, instance, input_value=None):
        body = json.dumps(input_value)
        response = self.client.post(f"/api/start/{name}/{instance}", content=body)
        assert response.status_code == 202, response.text
        assert response.headers["location"].endswith(f"{HOOKS}/instances/{instance}")
        return instance

    def send(self, verb, instance, value=None):
        response = self.client.post(f"/api/send/{verb}/{instance}", content=json.dumps(value))
        return response.raise_for_status().text

    def status(self, instance):
        """Returns the status that the library's client sees; None for an unknown instance."""
        return self.client.get(f"/api/status/{instance}").raise_for_status().json()

    def is_in(self, instance, *states):
        return self.status(instance)["runtimeStatus"] in states

    def wait_until_ended(self, instance, *, seconds=20.0):
        states = ("Completed", "Failed", "Terminated")
        eventually(lambda: self.is_in(instance, *states), f"{instance} has ended", seconds=seconds)
        return self.status(instance)

    def run(self, name, input_value=None, *, seconds=20.0):
        instance = self.start(name, f"of-{name}", input_value)
        return self.wait_until_ended(instance, seconds=seconds)

    def history(self, instance):
        params = {"showHistory": "true", "showHistoryOutput": "true"}
        response = self.client.get(f"{HOOKS}/instances/{instance}", params=params)
        return response.json()["historyEvents"]
