"""The states of an mbarrier: one thread takes it through its phases."""

import numpy as np

from harness import Buffer, Case, Exact, module

SHARED = ".shared .align 8 .b64 barrier;"


class Script:
    """Instructions on one mbarrier, and the answers expected of its queries."""

    def __init__(self, count):
        self.lines = ["  ld.param.u64 %q0, [p0];", "  mov.u32 %r41, barrier;",
                      f"  mbarrier.init.shared::cta.b64 [%r41], {count};"]
        self.expected = []
        self.tokens = 0

    def run(self, text):
        self.lines.append("  " + text)

    def token(self, text):
        """An operation that returns the state before it; gives the register."""
        register = f"%q{10 + self.tokens}"
        self.tokens += 1
        self.lines.append("  " + text.replace("TOKEN", register))
        return register

    def arrive(self, count=None):
        amount = "" if count is None else f", {count}"
        return self.token(f"mbarrier.arrive.shared::cta.b64 TOKEN, [%r41]{amount};")

    def record(self, register, expected):
        self.lines.append(f"  st.global.b32 [%q0+{4 * len(self.expected)}], {register};")
        self.expected.append(expected)

    def pending(self, token, expected):
        self.lines.append(f"  mbarrier.pending_count.b64 %r0, {token};")
        self.record("%r0", expected)

    def test(self, token, expected):
        self.lines.append(f"  mbarrier.test_wait.shared::cta.b64 %p0, [%r41], {token};")
        self.lines.append("  selp.b32 %r0, 1, 0, %p0;")
        self.record("%r0", expected)

    def parity(self, parity, expected):
        self.lines.append(f"  mbarrier.test_wait.parity.shared::cta.b64 %p0, [%r41], {parity};")
        self.lines.append("  selp.b32 %r0, 1, 0, %p0;")
        self.record("%r0", expected)

    def case(self, name):
        result = np.full(len(self.expected), 99, np.uint32)
        return Case(name, module("\n".join(self.lines), ["u64"], "sm_90", SHARED),
                    [Buffer(result, Exact(np.array(self.expected, np.uint32)))], block=(1, 1, 1))


def phases():
    script = Script(3)
    first = script.arrive()
    script.pending(first, 3)
    script.test(first, 0)
    second = script.arrive()
    script.pending(second, 2)
    script.parity(0, 0)
    # The phase before the first counts as complete.
    script.parity(1, 1)
    third = script.arrive()
    script.pending(third, 1)
    for token in (first, second, third):
        script.test(token, 1)
    script.parity(0, 1)
    script.parity(1, 0)
    fourth = script.arrive(2)
    script.pending(fourth, 3)
    script.test(fourth, 0)
    # The phase before is still known to be complete.
    script.test(third, 1)
    script.arrive()
    script.test(fourth, 1)
    script.parity(1, 1)
    script.parity(0, 0)
    return script.case("mbarrier.arrive")


def drop():
    script = Script(3)
    dropped = script.token("mbarrier.arrive_drop.shared::cta.b64 TOKEN, [%r41];")
    script.pending(dropped, 3)
    script.arrive()
    script.parity(0, 0)
    script.arrive()
    script.parity(0, 1)
    # From here on two arrivals are a phase.
    script.pending(script.arrive(), 2)
    script.parity(1, 0)
    script.pending(script.arrive(), 1)
    script.parity(1, 1)
    script.token("mbarrier.arrive_drop.shared::cta.b64 TOKEN, [%r41];")
    script.arrive()
    script.parity(0, 1)
    script.pending(script.arrive(), 1)
    script.parity(1, 1)
    return script.case("mbarrier.arrive_drop")


def transactions():
    script = Script(1)
    script.run("mbarrier.expect_tx.relaxed.cta.shared::cta.b64 [%r41], 64;")
    token = script.arrive()
    # No arrival is pending, but bytes are.
    script.test(token, 0)
    script.run("mbarrier.complete_tx.relaxed.cta.shared::cta.b64 [%r41], 48;")
    script.test(token, 0)
    script.run("mbarrier.complete_tx.relaxed.cta.shared::cta.b64 [%r41], 16;")
    script.test(token, 1)
    # Bytes may arrive before they are expected, within the phase.
    script.run("mbarrier.complete_tx.relaxed.cta.shared::cta.b64 [%r41], 32;")
    script.parity(1, 0)
    token = script.token("mbarrier.arrive.expect_tx.shared::cta.b64 TOKEN, [%r41], 32;")
    script.pending(token, 1)
    script.parity(1, 1)
    return script.case("mbarrier transactions")


def no_complete():
    script = Script(4)
    token = script.token("mbarrier.arrive.noComplete.shared::cta.b64 TOKEN, [%r41], 3;")
    script.pending(token, 4)
    script.parity(0, 0)
    last = script.arrive()
    script.pending(last, 1)
    script.parity(0, 1)
    script.run("mbarrier.inval.shared::cta.b64 [%r41];")
    # The memory may hold another barrier then.
    script.run("mbarrier.init.shared::cta.b64 [%r41], 2;")
    script.parity(0, 0)
    script.pending(script.arrive(2), 2)
    script.parity(0, 1)
    return script.case("mbarrier.arrive.noComplete")


def try_wait_case(random):
    """Warps hand a value round a ring of phases; try_wait may fail for no reason."""
    rounds = 6
    body = f"""
  ld.param.u64 %q0, [p0];
  mov.u32 %r41, barrier;
  mov.u32 %r42, slot;
  setp.eq.u32 %p0, %t, 0;
  @%p0 mbarrier.init.shared::cta.b64 [%r41], 64;
  @%p0 st.shared.b32 [%r42], 1;
  bar.sync 0;
  mov.u32 %r1, 0;
R:
  and.b32 %r2, %r1, 1;
  shl.b32 %r3, %r2, 5;
  setp.eq.u32 %p1, %t, %r3;
  @!%p1 bra S;
  ld.shared.b32 %r4, [%r42];
  mad.lo.u32 %r4, %r4, 3, %t;
  st.shared.b32 [%r42], %r4;
S:
  mbarrier.arrive.shared::cta.b64 _, [%r41];
W:
  mbarrier.try_wait.parity.shared::cta.b64 %p2, [%r41], %r2, 20;
  @!%p2 bra W;
  add.u32 %r1, %r1, 1;
  setp.lt.u32 %p3, %r1, {rounds};
  @%p3 bra R;
  ld.shared.b32 %r4, [%r42];
  mad.wide.u32 %q1, %t, 4, %q0;
  st.global.b32 [%q1], %r4;"""
    value = 1
    for i in range(rounds):
        value = value * 3 + (32 if i % 2 else 0)
    return Case("mbarrier.try_wait.parity", module(
        body, ["u64"], "sm_90", SHARED + "\n.shared .align 4 .b32 slot;"),
        [Buffer(np.zeros(64, np.uint32), Exact(np.full(64, value, np.uint32)))], block=(64, 1, 1))


def cases(random):
    return [phases(), drop(), transactions(), no_complete(), try_wait_case(random)]
