# What a choice leaves out of a schedule, which takes the place of the chip's own.
#
# RUN: env PYTHONPATH=%bpt_src_root/python %python %s

from types import SimpleNamespace

from bpt.tune.gpu_space import schedule_of
from bpt.tune.space import Choice


def left_out(name: str, overlap: int, ping_pong: int) -> dict[str, str]:
    values = ((f"{name}.schedule.overlap", overlap), (f"{name}.schedule.ping_pong", ping_pong))
    return schedule_of(Choice(values), SimpleNamespace(name=name))


assert left_out("linear", 1, 1) == {} and left_out("attention", 1, 1) == {}
assert left_out("linear", 0, 1) == {"overlap": "false"}
# The chip's schedule of attention leaves out persistence.
assert left_out("attention", 0, 1) == {"overlap": "false", "persistent": "false"}
assert left_out("attention_backward", 1, 0) == {"ping_pong": "false", "persistent": "false"}
