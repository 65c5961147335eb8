#!/bin/sh
# Plays ptxas: the code it writes is an ELF header and the architecture.
# FAKE_PTXAS_LOG counts its runs; FAKE_PTXAS_FAIL lets it fail.
if [ "$1" = --version ]; then
  echo "Cuda compilation tools, release 99.1, V${FAKE_PTXAS_VERSION:-99.1.7}"
  echo "Build fake"
  exit 0
fi
[ -n "$FAKE_PTXAS_LOG" ] && echo "$2" >> "$FAKE_PTXAS_LOG"
if [ -n "$FAKE_PTXAS_FAIL" ]; then
  echo "ptxas kernels.ptx, line 3; error   : Not a name any opcode: 'fly'"
  echo "ptxas fatal   : Ptx assembly aborted due to errors"
  exit 255
fi
cat <<END
ptxas info    : 0 bytes gmem
ptxas info    : Compiling entry function 'copy' for 'sm_80'
ptxas info    : Function properties for copy
    0 bytes stack frame, 8 bytes spill stores, 16 bytes spill loads
ptxas info    : Used 24 registers, used 0 barriers, 384 bytes cmem[0]
END
while [ "$1" != -o ]; do shift; done
printf '\177ELF fake' > "$2"
