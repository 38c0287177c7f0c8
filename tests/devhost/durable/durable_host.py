"""A devhost process that plays the small durable app, spoken to through the library's client."""

import json

from tests.devhost.running_host import Running, eventually

HOOKS = "/runtime/webhooks/durabletask"


class Durable(Running):
    def start(self, name, instance, given=None):
        body = json.dumps(given)
        response = self.client.post(f"/api/start/{name}/{instance}", content=body)
        assert response.status_code == 202, response.text
        assert response.headers["location"].endswith(f"{HOOKS}/instances/{instance}")
        return instance

    def tell(self, verb, instance, given=None):
        response = self.client.post(f"/api/tell/{verb}/{instance}", content=json.dumps(given))
        return response.raise_for_status().text

    def status(self, instance):
        """As the library's client sees it; None for an instance that is not there."""
        return self.client.get(f"/api/status/{instance}").raise_for_status().json()

    def is_in(self, instance, *states):
        return self.status(instance)["runtimeStatus"] in states

    def ended(self, instance, *, seconds=20.0):
        states = ("Completed", "Failed", "Terminated")
        eventually(lambda: self.is_in(instance, *states), f"{instance} has ended", seconds=seconds)
        return self.status(instance)

    def run(self, name, given=None, *, seconds=20.0):
        return self.ended(self.start(name, f"of-{name}", given), seconds=seconds)

    def history(self, instance):
        asked = {"showHistory": "true", "showHistoryOutput": "true"}
        found = self.client.get(f"{HOOKS}/instances/{instance}", params=asked).json()
        return found["historyEvents"]
