"""A model of how long kernels take on a whole GPU, from what the emulator counts of
a small instance: no measurement (docs/gpu-counters.md)."""

from __future__ import annotations

from typing import Any

# The second level of cache, through which all blocks read, gives so many times what
# memory does.
LEVEL2 = 2


def model_kernel(kernel: dict[str, Any], overlaps: bool) -> dict[str, Any]:
    """Of a kernel that bpt-runner --profile has counted, in a grid that is large
    enough to keep every multiprocessor busy."""
    model = kernel["model"]
    blocks = kernel["grid"][0] * kernel["grid"][1] * kernel["grid"][2]
    # The counts are of the busiest multiprocessor, of as many as have a block.
    share = min(1.0, blocks / model["multiprocessors"])
    cycles = {pipe: count * share for pipe, count in model["cycles"].items()}
    least = max(cycles.values())
    # Products of warpgroups read while they multiply.
    tensor, shared = cycles.pop("tensor"), cycles["shared memory"]
    read = kernel["counters"]["wgmma_shared_bytes"]
    all_bytes = read + 128 * kernel["counters"]["shared_wavefronts"]
    of_products = shared * read / all_bytes if all_bytes else 0
    cycles["shared memory"] = shared - of_products
    apart = max(tensor, of_products) + max(cycles.values())
    us_of_cycle = model["lower_bound_us"] / max(model["cycles"].values())
    from_level2 = model["uncached_us"] / LEVEL2
    least_us, apart_us = (max(bound * us_of_cycle, from_level2) for bound in (least, apart))
    # Blocks and warpgroups that run at the same time make it the former, and so does a
    # product that runs while its own warps compute.
    us = (least_us + apart_us) / 2 if overlaps else apart_us
    return {
        "name": kernel["name"],
        "us": us,
        "tensor_share": tensor * us_of_cycle / us,
        "least_us": least_us,
        "apart_us": apart_us,
        "registers": kernel.get("registers"),
        "spill_bytes": kernel.get("spill_bytes", 0),
        "serializes": kernel.get("serializes", False),
        "threads": kernel["block"][0],
        "shared_bytes": kernel["shared_bytes"],
    }


def model_kernels(kernels: list[dict[str, Any]], overlaps: bool) -> tuple[float, list[dict[str, Any]]]:
    """Milliseconds of all of them, and what is known of each."""
    known = [model_kernel(kernel, overlaps) for kernel in kernels]
    return sum(kernel["us"] for kernel in known) * 1e-3, known


def is_sound(kernels: list[dict[str, Any]]) -> bool:
    """Whether ptxas, where it was asked, found registers for all of them."""
    return not any(kernel["spill_bytes"] or kernel["serializes"] for kernel in kernels)
