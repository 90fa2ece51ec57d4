"""Out of descriptors: the door stops accepting, keeps serving, says so, and recovers by itself."""
from support.clients import RawClient, attempt, connect
from support.waiting import Stopwatch, wait_for

DESCRIPTORS = 400


def limited(sallyport):
    sallyport.workers = 1
    command = sallyport.command()
    sallyport.command = lambda: ["prlimit", f"--nofile={DESCRIPTORS}:{DESCRIPTORS}", *command]


def test_without_descriptors_it_keeps_serving_and_recovers(door):
    port, backend = door.mutual(HandshakeTimeout=60)
    limited(door.sallyport)
    sallyport = door.start()
    admitted = connect(door, port, door.pki.good)
    assert admitted.request() == "ECS01"

    silent = [RawClient(door.address, port) for _ in range(DESCRIPTORS // 2)]
    paused = sallyport.wait_event("accept_paused")
    assert "descriptors" in paused["error"]
    held = sallyport.listener_status(port)["connections"]
    assert 0 < held < DESCRIPTORS // 2

    assert admitted.request() == "ECS01"                     # keeps serving
    assert sallyport.metrics().sum("sallyport_server_connections_active") == 1  # and answering: the reserve
    assert sallyport.reload().returncode == 0

    # Said once a second, not once a connection.
    with Stopwatch() as watch:
        sallyport.wait_event("accept_paused", count=3)
    assert len(sallyport.events("accept_paused")) <= 4 + watch.seconds

    for client in silent:
        client.close()
    wait_for(lambda: attempt(door, port, door.pki.good) == "ECS01", 10, "it to accept again")
    assert admitted.request() == "ECS01"
    admitted.close()
    assert backend.connections == 2
