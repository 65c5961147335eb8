// RUN: bpt-opt %s | bpt-opt -o /dev/null
// RUN: %python %S/Inputs/check-examples.py %s %bpt_src_root/include/bpt/Dialect/BPT/IR/*.td

// The examples of the operations' documentation, word for word.

#layer = #bpt.strategy<rows = 128, keys = 128>
#hidden = #bpt.dropout<rate = 0.1, stream = 2>

func.func @attention(%q: tensor<1x?x8x64xf32>, %k: tensor<1x?x2x64xf32>, %v: tensor<1x?x2x64xf32>, %e: tensor<1x?x8x64xf32>) {
  %o = bpt.attention
      ins(%q, %k, %v : tensor<1x?x8x64xf32>, tensor<1x?x2x64xf32>, tensor<1x?x2x64xf32>)
      outs(%e : tensor<1x?x8x64xf32>) {causal} score {
    ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
      %cap = arith.constant 5.0e+01 : f32
      %d = arith.divf %s, %cap : f32
      %t = math.tanh %d : f32
      %r = arith.mulf %t, %cap : f32
      bpt.yield %r : f32
  } -> tensor<1x?x8x64xf32>
  return
}

func.func @attention_float8(%q8: tensor<1x512x8x64xf8E4M3FN>, %k8: tensor<1x512x2x64xf8E4M3FN>, %v8: tensor<1x512x2x64xf8E4M3FN>,
                            %qs: tensor<1x4x8x1xf32>, %ks: tensor<1x4x2x1xf32>, %vs: tensor<f32>, %h: tensor<1x512x8x64xbf16>) {
  %o = bpt.attention
      ins(%q8, %k8, %v8 : tensor<1x512x8x64xf8E4M3FN>, tensor<1x512x2x64xf8E4M3FN>, tensor<1x512x2x64xf8E4M3FN>)
      scales(%qs, %ks, %vs : tensor<1x4x8x1xf32>, tensor<1x4x2x1xf32>, tensor<f32>)
      outs(%h : tensor<1x512x8x64xbf16>)
      {query_blocks = array<i64: 1, 128, 1, 0>, key_blocks = array<i64: 1, 128, 1, 0>}
      -> tensor<1x512x8x64xbf16>
  return
}

func.func @attention_dropout(%q: tensor<1x?x8x64xf32>, %k: tensor<1x?x2x64xf32>, %v: tensor<1x?x2x64xf32>, %e: tensor<1x?x8x64xf32>,
                             %seed: tensor<i64>) {
  %o = bpt.attention
      ins(%q, %k, %v : tensor<1x?x8x64xf32>, tensor<1x?x2x64xf32>, tensor<1x?x2x64xf32>)
      seed(%seed) outs(%e : tensor<1x?x8x64xf32>)
      {causal, dropout = #bpt.dropout<rate = 0.1>} -> tensor<1x?x8x64xf32>
  return
}

func.func @dropout(%x: tensor<1x?x768xf32>, %e: tensor<1x?x768xf32>, %seed: tensor<i64>) {
  %d = bpt.dropout ins(%x : tensor<1x?x768xf32>) seed(%seed)
      outs(%e : tensor<1x?x768xf32>) {dropout = #bpt.dropout<rate = 0.1, stream = 1>}
      -> tensor<1x?x768xf32>
  return
}

func.func @online_attention(%q: tensor<1x128x8x64xf32>, %k: tensor<1x256x8x64xf32>, %v: tensor<1x256x8x64xf32>,
                            %acc: tensor<1x128x8x64xf32>, %m: tensor<1x128x8xf32>, %l: tensor<1x128x8xf32>) {
  %r:3 = bpt.online_attention
      ins(%q, %k, %v : tensor<1x128x8x64xf32>, tensor<1x256x8x64xf32>, tensor<1x256x8x64xf32>)
      outs(%acc, %m, %l : tensor<1x128x8x64xf32>, tensor<1x128x8xf32>, tensor<1x128x8xf32>)
      -> tensor<1x128x8x64xf32>, tensor<1x128x8xf32>, tensor<1x128x8xf32>
  return
}

func.func @embedding(%ids: tensor<1x?xi32>, %table: tensor<30522x384xf32>, %e: tensor<1x?x384xf32>) {
  %x = bpt.embedding ins(%ids, %table : tensor<1x?xi32>, tensor<30522x384xf32>)
      outs(%e : tensor<1x?x384xf32>) -> tensor<1x?x384xf32>
  return
}

func.func @rotary_embedding(%q: tensor<1x?x8x64xf32>, %e: tensor<1x?x8x64xf32>) {
  %r = bpt.rotary_embedding ins(%q : tensor<1x?x8x64xf32>) outs(%e : tensor<1x?x8x64xf32>)
      {kind = #bpt.rotary_kind<half>, dim = 32 : i64} -> tensor<1x?x8x64xf32>
  return
}

func.func @cross_entropy(%h: tensor<1x?x64xf32>, %w: tensor<64x1000xf32>, %y: tensor<1x?xi32>, %e: tensor<1x?xf32>) {
  %loss = bpt.cross_entropy ins(%h, %w, %y : tensor<1x?x64xf32>, tensor<64x1000xf32>, tensor<1x?xi32>)
      outs(%e : tensor<1x?xf32>) {label_smoothing = 0.1 : f32, z_loss = 1.0e-4 : f32} -> tensor<1x?xf32>
  return
}

func.func @layer_norm(%x: tensor<1x?x768xf32>, %w: tensor<768xf32>, %b: tensor<768xf32>, %e: tensor<1x?x768xf32>) {
  %n = bpt.layer_norm ins(%x : tensor<1x?x768xf32>) weight(%w : tensor<768xf32>)
      bias(%b : tensor<768xf32>) outs(%e : tensor<1x?x768xf32>) {eps = 1.0e-5 : f32}
      -> tensor<1x?x768xf32>
  return
}

func.func @rms_norm(%x: tensor<1x?x768xf32>, %w: tensor<768xf32>, %e: tensor<1x?x768xf32>) {
  %n = bpt.rms_norm ins(%x : tensor<1x?x768xf32>) weight(%w : tensor<768xf32>)
      outs(%e : tensor<1x?x768xf32>) {eps = 1.0e-5 : f32} -> tensor<1x?x768xf32>
  return
}

func.func @linear(%o: tensor<1x?x12x64xf32>, %wo: tensor<12x64x768xf32>, %x: tensor<1x?x768xf32>) {
  %h = bpt.linear ins(%o, %wo : tensor<1x?x12x64xf32>, tensor<12x64x768xf32>)
      outs(%x : tensor<1x?x768xf32>) -> tensor<1x?x768xf32>
  return
}

func.func @scaled_linear(%x8: tensor<1x?x512xf8E4M3FN>, %w8: tensor<768x512xf8E4M3FN>, %xs: tensor<1x?x4xf32>,
                         %ws: tensor<6x4xf32>, %e: tensor<1x?x768xbf16>) {
  %y = bpt.linear ins(%x8, %w8 : tensor<1x?x512xf8E4M3FN>, tensor<768x512xf8E4M3FN>)
      scales(%xs, %ws : tensor<1x?x4xf32>, tensor<6x4xf32>)
      outs(%e : tensor<1x?x768xbf16>)
      {transposed, x_blocks = array<i64: 1, 1, 128>, weight_blocks = array<i64: 128, 128>}
      -> tensor<1x?x768xbf16>
  return
}

func.func @feed_forward(%x: tensor<1x?x64xf32>, %w1: tensor<64x256xf32>, %w2: tensor<256x64xf32>, %w3: tensor<64x256xf32>,
                        %z: tensor<1x?x64xf32>) {
  %y = bpt.feed_forward ins(%x, %w1, %w2 : tensor<1x?x64xf32>, tensor<64x256xf32>, tensor<256x64xf32>)
      gate(%w3 : tensor<64x256xf32>)
      outs(%z : tensor<1x?x64xf32>) {activation = #bpt.activation<silu>} -> tensor<1x?x64xf32>
  return
}

func.func @yield(%q: tensor<1x4x2x8xf32>) {
  %o = bpt.attention ins(%q, %q, %q : tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>) outs(%q : tensor<1x4x2x8xf32>) score {
    ^bb0(%score: f32, %b: index, %h: index, %i: index, %j: index):
      bpt.yield %score : f32
  } -> tensor<1x4x2x8xf32>
  return
}

func.func @attention_backward(%q: tensor<1x?x8x64xf32>, %k: tensor<1x?x2x64xf32>, %v: tensor<1x?x2x64xf32>, %do: tensor<1x?x8x64xf32>,
                              %m: tensor<1x?x8xf32>, %l: tensor<1x?x8xf32>, %delta: tensor<1x?x8xf32>, %dq: tensor<1x?x8x64xf32>, %dk: tensor<1x?x2x64xf32>, %dv: tensor<1x?x2x64xf32>) {
  %d:3 = bpt.attention_backward
      ins(%q, %k, %v : tensor<1x?x8x64xf32>, tensor<1x?x2x64xf32>, tensor<1x?x2x64xf32>)
      statistics(%m, %l : tensor<1x?x8xf32>, tensor<1x?x8xf32>)
      cotangent(%do, %delta : tensor<1x?x8x64xf32>, tensor<1x?x8xf32>)
      outs(%dq, %dk, %dv : tensor<1x?x8x64xf32>, tensor<1x?x2x64xf32>, tensor<1x?x2x64xf32>)
      {causal} -> tensor<1x?x8x64xf32>, tensor<1x?x2x64xf32>, tensor<1x?x2x64xf32>
  return
}

func.func @linear_weight_gradient(%x: tensor<1x?x64xf32>, %dy: tensor<1x?x8x16xf32>, %z: tensor<64x8x16xf32>) {
  %dw = bpt.linear_weight_gradient ins(%x, %dy : tensor<1x?x64xf32>, tensor<1x?x8x16xf32>)
      outs(%z : tensor<64x8x16xf32>) -> tensor<64x8x16xf32>
  return
}

func.func @embedding_gradient(%ids: tensor<1x?xi32>, %dx: tensor<1x?x64xf32>, %z: tensor<1000x64xf32>) {
  %dt = bpt.embedding_gradient ins(%ids, %dx : tensor<1x?xi32>, tensor<1x?x64xf32>)
      outs(%z : tensor<1000x64xf32>) -> tensor<1000x64xf32>
  return
}

func.func @cross_entropy_backward(%h: tensor<1x?x64xf32>, %w: tensor<64x1000xf32>, %y: tensor<1x?xi32>, %lse: tensor<1x?xf32>,
                                  %c: tensor<1x?xf32>, %dh: tensor<1x?x64xf32>, %dw: tensor<64x1000xf32>) {
  %d:2 = bpt.cross_entropy_backward
      ins(%h, %w, %y : tensor<1x?x64xf32>, tensor<64x1000xf32>, tensor<1x?xi32>)
      cotangent(%lse, %c : tensor<1x?xf32>, tensor<1x?xf32>)
      outs(%dh, %dw : tensor<1x?x64xf32>, tensor<64x1000xf32>)
      -> tensor<1x?x64xf32>, tensor<64x1000xf32>
  return
}

func.func @barrier(%x: tensor<1x?x64xf32>, %dy: tensor<1x?x64xf32>) {
  %again = bpt.barrier %x after %dy : tensor<1x?x64xf32>, tensor<1x?x64xf32>
  return
}
