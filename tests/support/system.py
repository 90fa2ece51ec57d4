"""The whole product: a data folder, the API, the CA. Told through the API, as its users do."""
import http.client
import json
import os
import shutil
import tempfile

from support.door import free_port, own_address
from support.sallyport import BUILD, SLOWNESS, Sallyport
from support.waiting import wait_for


class ApiError(AssertionError):
    """An answer that is no success. code and field are the API's own."""

    def __init__(self, status, body):
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body
        self.code = body.get("Code")
        self.field = body.get("Field")
        self.message = body.get("Message", "")


class System(Sallyport):
    """Started with start(), which returns when it serves. `call("nlb", "ListListeners")` asks the JSON
    API with the bootstrap's token."""

    def __init__(self, workers=2, environment=None, arguments=(), console=None):
        folder = tempfile.mkdtemp(prefix="sallyport-system-")
        os.chmod(folder, 0o755)
        super().__init__(folder, None, workers, environment, arguments)
        self.address = own_address()
        self.data_dir = os.path.join(folder, "data")
        self.bootstrap_file = os.path.join(folder, "bootstrap.json")
        self.master_key = os.path.join(folder, "master.key")
        self.api_port = free_port("127.0.0.1")
        self.console = console or "none"
        self.first = None

    def command(self):
        return [os.path.join(BUILD, "sallyportd"),
                "--data-dir", self.data_dir, "--workers", str(self.workers),
                "--socket", self.control_socket, "--api", f"127.0.0.1:{self.api_port}",
                "--console", self.console, "--master-key", self.master_key,
                "--bootstrap-file", self.bootstrap_file, *self.arguments]

    def start(self, write=False):
        super().start(write=False)
        if self.first is None:
            with open(self.bootstrap_file, encoding="utf-8") as file:
                self.first = json.load(file)
        return self

    def close(self):
        try:
            self.stop()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    # --- the JSON API

    def request(self, method, path, body=None, headers=None, timeout=30):
        """(status, headers, bytes) of one HTTP exchange."""
        connection = http.client.HTTPConnection("127.0.0.1", self.api_port,
                                                timeout=timeout * SLOWNESS)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def call(self, product, action, token=None, **parameters):
        headers = {"Content-Type": "application/json",
                   "Authorization": f"Bearer {token or self.first['token']}"}
        status, _, body = self.request("POST", f"/api/{product}/{action}",
                                       json.dumps(parameters), headers)
        answer = json.loads(body)
        if status != 200:
            raise ApiError(status, answer)
        return answer

    def nlb(self, action, **parameters):
        return self.call("nlb", action, **parameters)

    def cas(self, action, **parameters):
        return self.call("cas", action, **parameters)

    def pca(self, action, **parameters):
        return self.call("pca", action, **parameters)

    def own(self, action, **parameters):
        return self.call("sallyport", action, **parameters)

    def job(self, answer, timeout=15):
        """Waits for the job of an answer."""
        wait_for(lambda: self.nlb("GetJobStatus", JobId=answer["JobId"])["Status"] != "Processing",
                 timeout * SLOWNESS, f"job {answer['JobId']}")
        status = self.nlb("GetJobStatus", JobId=answer["JobId"])
        assert status["Status"] == "Succeeded", status
        return answer

    # --- what most tests need

    def balancer(self, **more):
        """An active load balancer on an address of its own; its id."""
        made = self.nlb("CreateLoadBalancer", AddressType="Intranet", VpcId="vpc-test",
                        ZoneMappings=[{"ZoneId": "zone-a", "VSwitchId": "vsw-a",
                                       "PrivateIPv4Address": self.address}], **more)
        return made["LoadbalancerId"]

    def group(self, *servers, **more):
        """A TCP server group; servers are (address, port). Its id."""
        made = self.nlb("CreateServerGroup", **{
            "ServerGroupName": "web", "VpcId": "vpc-test", "Protocol": "TCP", "Scheduler": "Rr",
            "ServerGroupType": "Ip",
            "HealthCheckConfig": {"HealthCheckInterval": 1, "HealthCheckConnectTimeout": 1}, **more})
        if servers:
            self.job(self.nlb("AddServersToServerGroup", ServerGroupId=made["ServerGroupId"],
                              Servers=[{"ServerId": address, "ServerType": "Ip", "Port": port,
                                        "Weight": 100} for address, port in servers]))
        return made["ServerGroupId"]

    def listener(self, balancer, group, port=None, **more):
        """A listener that is served; (id, port)."""
        port = port or free_port(self.address)
        made = self.nlb("CreateListener", **{
            "LoadBalancerId": balancer, "ServerGroupId": group, "ListenerPort": port,
            "ListenerProtocol": "TCP", **more})
        self.job(made)
        return made["ListenerId"], port

