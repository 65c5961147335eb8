// RUN: not bpt-opt %s --bpt-gpu-outline=threads=100 2>&1 | FileCheck %s
// CHECK: error: 'threads' is 100, but a block has a multiple of 32, at most 1024
module {}
