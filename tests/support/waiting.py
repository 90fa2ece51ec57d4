"""Waiting for events. No test sleeps for a fixed time: it asks until the answer is there."""
import time


def wait_for(question, timeout=10.0, what="the event", pause=0.01):
    """Asks until the answer is true; the answer. AssertionError after the timeout."""
    deadline = time.monotonic() + timeout
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout} s in vain for {what}")
        time.sleep(pause)


class Stopwatch:
    def __enter__(self):
        self.begin = time.monotonic()
        return self

    def __exit__(self, *_):
        self.seconds = time.monotonic() - self.begin
