"""Plays PyTorch on a GPU: everything takes 2 ms and computes nothing."""

from types import SimpleNamespace

__version__ = "0.0"
bfloat16 = "bf16"
version = SimpleNamespace(cuda="0.0")


class Tensor:
    shape = ()

    def __getattr__(self, name):
        return lambda *arguments, **options: self

    def __add__(self, other):
        return self

    __mul__ = __sub__ = __add__

    def unbind(self, dim):
        return [self] * 3


class Event:
    def __init__(self, enable_timing):
        self.calls = 0

    def record(self):
        self.calls = CALLS[0]

    def synchronize(self):
        pass

    def elapsed_time(self, end):
        return 2.0 * (end.calls - self.calls)


class inference_mode:
    def __enter__(self):
        pass

    def __exit__(self, *error):
        pass


# Attentions so far, which is what takes time.
CALLS = [0]
cuda = SimpleNamespace(Event=Event, is_available=lambda: True)


def rand(shape, device):
    return Tensor()
