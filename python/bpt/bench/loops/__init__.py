"""What the main loops of GPU kernels are made of, from their disassembly."""
