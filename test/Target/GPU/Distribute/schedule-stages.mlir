// RUN: bpt-opt %s --verify-diagnostics --bpt-gpu-schedule=stages=1

// expected-error@+1 {{is scheduled with stages = 1, but a copy that is ahead takes at least 2}}
gpu.module @kernels {
}
