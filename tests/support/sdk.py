"""The real service's own clients (tests/sdk), run with Node.js."""
import json
import os
import subprocess

from support.sallyport import ROOT, SLOWNESS

MODULES = os.path.join(ROOT, "build", "sdk", "node_modules")
CLIENTS = ("openapi-client", "openapi-client-v2", "openapi-core", "pop-core", "rpc-client")


class SdkError(AssertionError):
    """What the client threw: its code, message and data (the body of the answer)."""

    def __init__(self, error):
        super().__init__(str(error))
        self.code = error.get("code")
        self.message = error.get("message")
        self.data = error.get("data") or {}


class Sdk:
    def __init__(self, system, client, secret=None, key=None):
        self.system = system
        self.client = client
        self.key = key or system.first["AccessKeyId"]
        self.secret = secret or system.first["AccessKeySecret"]

    def run(self, calls):
        """One process for many calls: a list of (answer, error) of which one is None."""
        order = {"client": self.client, "endpoint": f"127.0.0.1:{self.system.api_port}",
                 "key": self.key, "secret": self.secret, "region": "cn-hangzhou", "calls": calls}
        done = subprocess.run(["node", os.path.join(ROOT, "tests", "sdk", "call.js")],
                              input=json.dumps(order), capture_output=True, text=True, check=False,
                              timeout=60 * SLOWNESS, env={**os.environ, "NODE_PATH": MODULES})
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        assert len(lines) == len(calls), done.stdout + done.stderr
        return [(line.get("answer"), line.get("error")) for line in lines]

    def call(self, action, version="2022-04-30", method="POST", place="body", **parameters):
        answer, error = self.run([{"action": action, "version": version, "method": method,
                                   "place": place, "parameters": parameters}])[0]
        if error is not None:
            raise SdkError(error)
        return answer
