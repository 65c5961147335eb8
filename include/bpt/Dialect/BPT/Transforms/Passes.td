//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_DIALECT_BPT_TRANSFORMS_PASSES
#define BPT_DIALECT_BPT_TRANSFORMS_PASSES

include "mlir/Pass/PassBase.td"

def ApplyStrategyPass : Pass<"bpt-apply-strategy", "::mlir::ModuleOp"> {
  let summary = "Choose how operations are blocked, from a strategy file";
  let description = [{
    Runs `@__transform_main` of a file in the transform dialect on the module.
    The file takes either of two forms, or mixes them:

    * a **spec**: `transform.foreach_match` matches operations by name, type or
      shape and annotates them with `#bpt.strategy<...>`; the tiling passes
      that follow read the attribute;
    * a **script**: `transform.bpt.*` and upstream's `transform.structured.*`
      operations tile and fuse by themselves.

    `strategy` is a file or the name of a strategy that ships with BPT:
    `cpu` and `gpu`, the defaults; `hopper`, what differs on sm_90a;
    `memory-efficient`, attention alone in blocks; `memory-efficient-loss`, the
    loss as well; `none`, everything on whole tensors. Of several, `gpu,hopper`,
    each is applied to what those before it have made, and has the last word.
    `--bpt-apply-strategy=my_strategy.mlir` is short for
    `--bpt-apply-strategy="strategy=my_strategy.mlir"`.

    Errors: a file that cannot be read or parsed, that has no
    `@__transform_main`, or that changes nothing; a strategy whose option the
    operation does not read.

    Example of a spec's action:

    ```mlir
    transform.named_sequence @block(%op: !transform.any_op {transform.readonly}) {
      %s = transform.param.constant #bpt.strategy<rows = 64, keys = 256> -> !transform.any_param
      transform.annotate %op "bpt.strategy" = %s : !transform.any_op, !transform.any_param
      transform.yield
    }
    ```
  }];
  let options = [
    Option<"strategy", "strategy", "std::string", /*default=*/"\"cpu\"",
           "File of the strategy, or the name of one that ships with BPT; or "
           "several, separated by commas.">,
  ];
  let dependentDialects = ["::mlir::bpt::BPTDialect", "::mlir::transform::TransformDialect"];
}

def CheckSizesPass : Pass<"bpt-check-sizes", "::mlir::func::FuncOp"> {
  let summary = "Compare at run time the sizes that are not known before";
  let description = [{
    A verifier compares the sizes that types state. For dynamic ones this pass
    asks every operation of the function (not those inside a score region or the
    body of a linalg operation) through `RuntimeVerifiableOpInterface` and
    inserts its checks before it: operands that share a dimension have the same
    size, a slice lies inside its tensor. What is known after all folds away in
    canonicalization; what fails at run time ends the program with the line of
    the operation instead of a read out of bounds.

    ```mlir
    %r = bpt.linear ins(%x, %w : tensor<1x?x?xf32>, tensor<64x8xf32>) ...
    ```
    becomes
    ```mlir
    %same = arith.cmpi eq, %dim, %c64 : index
    cf.assert %same, "model.mlir:3:8: error: 'bpt.linear' op ... size of 'weight' ..."
    %r = bpt.linear ins(%x, %w : tensor<1x?x?xf32>, tensor<64x8xf32>) ...
    ```
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
                           "::mlir::cf::ControlFlowDialect", "::mlir::scf::SCFDialect",
                           "::mlir::tensor::TensorDialect"];
}

def OutlineRepeatsPass : Pass<"bpt-outline-repeats", "::mlir::ModuleOp"> {
  let summary = "Make calls of one function of equal layers";
  let description = [{
    What compiling takes grows with what there is to compile, and the layers of a
    model are one program on different weights. This pass looks in every block of
    a function for operations that repeat, makes a private function `@main_layer`
    of one repeat, and calls of all of them.

    Repeats are sequences of operations that follow each other, the same in
    names, attributes, types and regions, that read the same results of each
    other within a repeat. What they read from outside are arguments: the result
    of the repeat before, weights, what a forward pass keeps for its backward
    pass. What others read of a repeat are results. What costs nothing stands
    outside of the sequence and is cloned into the function: constants, sizes,
    views, `tensor.empty` and fills of such; so it makes no difference whether
    layers share it. A size is not passed if an argument is known to have it.

    ```mlir
    func.func @main(%x: tensor<1x8x2x4xf32>, %v: tensor<1x8x2x4xf32>) -> tensor<1x8x2x4xf32> {
      %e = tensor.empty() : tensor<1x8x2x4xf32>
      %y = bpt.attention ins(%x, %x, %v : tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>)
          outs(%e : tensor<1x8x2x4xf32>) -> tensor<1x8x2x4xf32>
      %z = bpt.attention ins(%y, %y, %v : tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>)
          outs(%e : tensor<1x8x2x4xf32>) -> tensor<1x8x2x4xf32>
      return %z : tensor<1x8x2x4xf32>
    }
    ```
    becomes
    ```mlir
    func.func private @main_layer(%x: tensor<1x8x2x4xf32>, %v: tensor<1x8x2x4xf32>) -> tensor<1x8x2x4xf32> {
      %e = tensor.empty() : tensor<1x8x2x4xf32>
      %y = bpt.attention ins(%x, %x, %v : ...) outs(%e : tensor<1x8x2x4xf32>) -> tensor<1x8x2x4xf32>
      return %y : tensor<1x8x2x4xf32>
    }
    func.func @main(%x: tensor<1x8x2x4xf32>, %v: tensor<1x8x2x4xf32>) -> tensor<1x8x2x4xf32> {
      %y = call @main_layer(%x, %v) : ...
      %z = call @main_layer(%y, %v) : ...
      return %z : tensor<1x8x2x4xf32>
    }
    ```

    A function's boundary is one that blocks of rows do not cross, so it has to be
    where a tensor is stored in any case: a repeat has to contain an operation
    that reads a tensor at all rows (attention, or its gradient), or a call of a
    function that does, and to read a result of the one before. Where repeats
    begin is where least is passed from one to the next: a layer's input. What is
    cheap to compute again by blocks of rows, such as a norm, is computed again on
    both sides of the boundary, unless a repeat gives it to the next, so that it
    is not stored either. Of repeats within repeats those become a function that
    leave least to compile. A slice that differs from repeat to repeat would be
    copied to be an argument, so operations that read such ones are not the same;
    nor are those whose attributes say which layer they are in, as the streams of
    `#bpt.dropout` do.

    An operation of the function has the places of all operations that it stands
    for. A remark (`--remarks-filter=bpt-outline-repeats`) says what was found.
  }];
  let statistics = [
    Statistic<"numFunctions", "functions", "Number of functions made">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
                           "::mlir::tensor::TensorDialect"];
}

def DifferentiatePass : Pass<"bpt-differentiate", "::mlir::ModuleOp"> {
  let summary = "Add the gradient of a function, by reverse-mode differentiation";
  let description = [{
    Adds `@main_vjp` to the module: the arguments of `@main`, then a cotangent
    for every floating-point result; it returns the results of `@main`, then the
    gradient of every floating-point argument, in order, in the argument's type.
    Every operation brings its vector-Jacobian product through
    `DifferentiableOpInterface`; bodies and score regions are differentiated
    through `ScalarDerivativeOpInterface`. `@main` stays as it is.

    What is kept between the forward and the backward pass is a policy; the rest
    is computed again, in order, from what was kept, behind `bpt.barrier`:

    | `keep` | per layer |
    |---|---|
    | `nothing` | its input |
    | `attention` | its input, attention's output and statistics |
    | `everything` | every value that a gradient reads |

    A layer begins where, between one attention and the next, least is alive.
    The input of the first layer is what the arguments give, and the layer that
    the loss follows is one with it. A remark
    (`--remarks-filter=bpt-differentiate`) says what was kept and its bytes.

    A function that is called gets two of its own, which its calls share:
    `@f_forward`, with the results of `@f` and then what is kept of it (or `@f`
    itself, if nothing else is), and `@f_backward`, which takes the arguments it
    reads, the cotangents and what was kept, and returns the gradients. A call
    counts as a layer; its results are always kept.

    ```mlir
    func.func @main(%x: tensor<1x?x64xf32> {bpt.name = "x"}, %w: tensor<64x8xf32> {bpt.name = "w"}) -> tensor<1x?x8xf32> {
      %y = bpt.linear ins(%x, %w : ...) ...
      return %y : tensor<1x?x8xf32>
    }
    ```
    with `wrt=w` gets beside it
    ```mlir
    func.func @main_vjp(%x, %w, %dy: tensor<1x?x8xf32> {bpt.name = "cotangent"}) -> (tensor<1x?x8xf32>, tensor<64x8xf32>) {
      %y = bpt.linear ins(%x, %w : ...) ...
      %again = bpt.barrier %x after %dy : ...
      %dw = bpt.linear_weight_gradient ins(%again, %dy : ...) ...
      return %y, %dw : tensor<1x?x8xf32>, tensor<64x8xf32>
    }
    ```

    With `accumulate` the gradients are no results: each is added, in f32, to
    what a further argument holds, a memref `gradient.NAME` that the function
    writes in place. So the gradients of several batches are summed, and none
    exists twice.

    Errors: a function that is not there, has no floating-point result or is
    more than one block; a name in `wrt` that no argument has; an operation
    without a gradient; a gradient wanted of a value that a score region reads; a
    gradient through a call of a function that has no body, is more than one
    block or calls itself.

    Source: Liu and Abbeel 2023, section 3; Griewank and Walther 2008.
  }];
  let options = [
    Option<"function", "function", "std::string", /*default=*/"\"main\"",
           "Name of the function to differentiate.">,
    ListOption<"wrt", "wrt", "std::string",
               "Names (bpt.name) of the arguments whose gradients are wanted; all floating-point ones if left out.">,
    Option<"accumulate", "accumulate", "bool", /*default=*/"false",
           "Add the gradients to memref arguments, in place.">,
    Option<"keep", "keep", "::mlir::bpt::KeepPolicy", /*default=*/"::mlir::bpt::KeepPolicy::Nothing",
           "What is kept between the forward and the backward pass.",
           [{::llvm::cl::values(
             clEnumValN(::mlir::bpt::KeepPolicy::Nothing, "nothing", "the input of each layer"),
             clEnumValN(::mlir::bpt::KeepPolicy::Attention, "attention", "and attention's output and statistics"),
             clEnumValN(::mlir::bpt::KeepPolicy::Everything, "everything", "every value that a gradient reads"))}]>,
  ];
  let dependentDialects = ["::mlir::bpt::BPTDialect", "::mlir::func::FuncDialect",
                           "::mlir::bufferization::BufferizationDialect"];
}

def MaterializePass : Pass<"bpt-materialize", "::mlir::func::FuncOp"> {
  let summary = "Make tensors of attention's probabilities and of hidden activations";
  let description = [{
    What this project is compared with. Attention becomes three operations on
    whole tensors: the products of queries and keys with what happens to scores
    (scale, bias, score region, masks), `linalg.softmax`, and the products of
    probabilities and values; the feed-forward network becomes two projections
    and its activation. Differentiated after that with `keep=everything`, a
    function keeps the probabilities `[B, H, Sq, Sk]` and the hidden activations
    of every layer, once each, as frameworks do.

    Probabilities are f32. A row that keeps no key has NaN for them, as a softmax
    of nothing has in the frameworks.

    ```mlir
    %o = bpt.attention ins(%q, %k, %v : tensor<1x5x2x8xf32>, tensor<1x5x2x8xf32>, tensor<1x5x2x8xf32>)
        outs(%e : tensor<1x5x2x8xf32>) {causal} -> tensor<1x5x2x8xf32>
    ```
    becomes
    ```mlir
    %s = linalg.generic ... ins(%q, %k) ...            // [1, 2, 5, 5]
    %m = linalg.generic ... ins(%s) ...                // scale and mask
    %p = linalg.softmax dimension(3) ins(%m) ...
    %o = linalg.generic ... ins(%p, %v) ...
    ```

    Errors: attention that gives a log-sum-exp or statistics, or that tiling has
    made a part of another.

    Source: Vaswani et al. 2017, section 3.2.1.
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect", "::mlir::bpt::BPTDialect",
                           "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
                           "::mlir::tensor::TensorDialect"];
}

def DisableDropoutPass : Pass<"bpt-disable-dropout"> {
  let summary = "Make dropout drop nothing, as for evaluation";
  let description = [{
    A model is trained with dropout and used without. Functions keep the seeds
    that they take, which nothing reads any more.

    ```mlir
    func.func @main(%x: tensor<1x4x8xf32>, %seed: tensor<i64>) -> tensor<1x4x8xf32> {
      %y = bpt.dropout ins(%x : tensor<1x4x8xf32>) seed(%seed) outs(%x : tensor<1x4x8xf32>)
          {dropout = #bpt.dropout<rate = 0.1>} -> tensor<1x4x8xf32>
      return %y : tensor<1x4x8xf32>
    }
    ```
    becomes
    ```mlir
    func.func @main(%x: tensor<1x4x8xf32>, %seed: tensor<i64>) -> tensor<1x4x8xf32> {
      return %x : tensor<1x4x8xf32>
    }
    ```

    Source: Srivastava et al. 2014, section 1.
  }];
}

def AdamWPass : Pass<"bpt-adamw", "::mlir::ModuleOp"> {
  let summary = "Add the update of a function's parameters, by AdamW";
  let description = [{
    Adds `@main_adamw` to the module, one step of AdamW on the floating-point
    arguments of `@main` (or those that `wrt` names). Its arguments, written in
    place:

    | | type |
    |---|---|
    | `step` | `tensor<i64>`, from 1; read |
    | `NAME` of every parameter | a memref of its type |
    | `gradient.NAME` of every parameter | a memref of its shape, f32; zero after |
    | `moment1.NAME`, `moment2.NAME` of every parameter | as its gradient; zero at first |

    The results are the norm of all gradients together, before clipping, and the
    learning rate, both `tensor<f32>`. With t the step, g the gradient, W and T
    the options `warmup` and `steps`:

    ```
    norm = sqrt(Σ g²)                                  (summed in f64)
    g    = g · min(1, clip / (norm + 1e-6))            (unless clip is 0)
    η    = learning-rate · t / W                       (t < W)
         = min + (learning-rate − min) · (1 + cos(π · clamp((t − W) / (T − W), 0, 1))) / 2
    m    = β1 · m + (1 − β1) · g
    v    = β2 · v + (1 − β2) · g²
    w    = w · (1 − η · weight-decay)                  (tensors of rank 2 and more)
    w    = w − η · m / (1 − β1ᵗ) / (sqrt(v / (1 − β2ᵗ)) + ε)
    ```

    Elements are computed in f32, the scalars of a step in f64. A step whose norm
    is not finite sets the gradients to zero and changes nothing else.

    ```mlir
    func.func @main(%x: tensor<1x8x4xf32> {bpt.name = "x"}, %w: tensor<4x4xf32> {bpt.name = "w"}) -> tensor<1x8x4xf32>
    ```
    with `wrt=w` gets beside it
    ```mlir
    func.func @main_adamw(%step: tensor<i64>, %w: memref<4x4xf32>, %g: memref<4x4xf32>, %m: memref<4x4xf32>, %v: memref<4x4xf32>) -> (tensor<f32>, tensor<f32>)
    ```

    Errors: a function that is not there; a name in `wrt` that no argument has;
    a parameter that is no tensor of f32, bf16 or f16; a number out of range.

    Source: Loshchilov and Hutter 2019, algorithm 2 (decoupled weight decay);
    Kingma and Ba 2015; Pascanu, Mikolov and Bengio 2013 (clipping).
  }];
  let options = [
    Option<"function", "function", "std::string", /*default=*/"\"main\"",
           "Name of the function whose arguments are updated.">,
    ListOption<"wrt", "wrt", "std::string",
               "Names (bpt.name) of the parameters; all floating-point arguments if left out.">,
    Option<"learningRate", "learning-rate", "double", /*default=*/"3e-4",
           "The highest learning rate.">,
    Option<"minLearningRate", "min-learning-rate", "double", /*default=*/"-1",
           "The learning rate at the end; a tenth of the highest if negative.">,
    Option<"warmup", "warmup", "int64_t", /*default=*/"0",
           "Steps until the highest learning rate.">,
    Option<"steps", "steps", "int64_t", /*default=*/"0",
           "Steps until the lowest learning rate; 0: it stays the highest.">,
    Option<"beta1", "beta1", "double", /*default=*/"0.9",
           "Decay of the gradients' mean.">,
    Option<"beta2", "beta2", "double", /*default=*/"0.95",
           "Decay of the mean of their squares.">,
    Option<"epsilon", "epsilon", "double", /*default=*/"1e-8",
           "Added to the square root.">,
    Option<"weightDecay", "weight-decay", "double", /*default=*/"0.1",
           "How fast matrices decay, per unit of the learning rate.">,
    Option<"clip", "clip", "double", /*default=*/"1",
           "The highest norm of all gradients together; 0: any.">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::bpt::BPTDialect",
                           "::mlir::bufferization::BufferizationDialect",
                           "::mlir::func::FuncDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::math::MathDialect", "::mlir::tensor::TensorDialect"];
}

def ExpandLossPass : Pass<"bpt-expand-loss", "::mlir::func::FuncOp"> {
  let summary = "Compute label smoothing and z-loss from the loss without them";
  let description = [{
    Replaces every `bpt.cross_entropy` that has options by one that has not, and
    by `linalg` on its results: with mean[b,s] the mean of a row's logits, which is
    hidden · (1/V · Σ_v weight[:,v]) and takes no logits,

    ```
    (1 − ε) · loss + ε · (lse − mean) + ζ · lse²
    ```

    where the label counts, 0 elsewhere. `bpt-differentiate` does the same, so the
    gradients of the options come from those of the operations that are left.

    ```mlir
    %l = bpt.cross_entropy ins(%h, %w, %y : ...) outs(%e : ...) {z_loss = 1.0e-4 : f32} -> tensor<1x?xf32>
    ```
    becomes
    ```mlir
    %p:2 = bpt.cross_entropy ins(%h, %w, %y : ...) outs(%e, %e2 : ...) -> tensor<1x?xf32>, tensor<1x?xf32>
    %l = linalg.generic ... ins(%p#0, %p#1, %y : ...) { %p#0 + 1.0e-4 * %p#1 * %p#1 }
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def ExpandScalesPass : Pass<"bpt-expand-scales", "::mlir::func::FuncOp"> {
  let summary = "Give every row and column of a product of f8E4M3FN its scale";
  let description = [{
    A tile of rows or columns need not consist of whole blocks that share a scale.
    The scales of `bpt.linear` are repeated along rows and columns, so that there is
    one for each, and a tile has its own; blocks of inputs stay, and so does
    what is one scale for all rows or all columns. Of `bpt.attention` every row of
    every head gets its scale. A scale then takes four bytes
    for each row and block of inputs; with blocks of 128 that is a 32nd of what it
    scales.

    ```mlir
    %y = bpt.linear ins(%x, %w : tensor<1x64x512xf8E4M3FN>, tensor<512x768xf8E4M3FN>)
        scales(%xs, %ws : tensor<1x64x4xf32>, tensor<4x6xf32>) outs(%e : tensor<1x64x768xbf16>)
        {x_blocks = array<i64: 1, 1, 128>, weight_blocks = array<i64: 128, 128>} -> tensor<1x64x768xbf16>
    ```
    becomes
    ```mlir
    %r = linalg.broadcast ins(%ws : tensor<4x6xf32>) outs(%t : tensor<4x6x128xf32>) dimensions = [2]
    %s = tensor.collapse_shape %r [[0], [1, 2]] : tensor<4x6x128xf32> into tensor<4x768xf32>
    %y = bpt.linear ins(%x, %w : tensor<1x64x512xf8E4M3FN>, tensor<512x768xf8E4M3FN>)
        scales(%xs, %s : tensor<1x64x4xf32>, tensor<4x768xf32>) outs(%e : tensor<1x64x768xbf16>)
        {x_blocks = array<i64: 1, 1, 128>, weight_blocks = array<i64: 128, 1>} -> tensor<1x64x768xbf16>
    ```
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def TransposeWeightsPass : Pass<"bpt-transpose-weights", "::mlir::func::FuncOp"> {
  let summary = "Transpose the weights of products of f8E4M3FN";
  let description = [{
    Warpgroups of sm_90a multiply elements of 8 bits only as they follow one another
    along the sum: the weight must be `transposed`. One that is not becomes so,
    with its scales, before the products. That reads and writes the weight once,
    instead of in each block of rows; a weight that is stored transposed costs
    nothing.

    ```mlir
    %y = bpt.linear ins(%x, %w : tensor<1x64x512xf8E4M3FN>, tensor<512x768xf8E4M3FN>)
        outs(%e : tensor<1x64x768xbf16>) -> tensor<1x64x768xbf16>
    ```
    becomes
    ```mlir
    %t = linalg.transpose ins(%w : tensor<512x768xf8E4M3FN>)
        outs(%o : tensor<768x512xf8E4M3FN>) permutation = [1, 0]
    %y = bpt.linear ins(%x, %t : tensor<1x64x512xf8E4M3FN>, tensor<768x512xf8E4M3FN>)
        outs(%e : tensor<1x64x768xbf16>) {transposed} -> tensor<1x64x768xbf16>
    ```
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def TransposeValuesPass : Pass<"bpt-transpose-values", "::mlir::func::FuncOp"> {
  let summary = "Transpose the values of attention of f8E4M3FN";
  let description = [{
    Warpgroups of sm_90a multiply elements of 8 bits only as they follow one another
    along the sum, which for values are the keys. The pass makes values of f8E4M3FN,
    and their scales, `value_transposed` before the attention, if warpgroups can
    multiply it: with at least 64 rows of queries, a number of keys that 16 divides, so
    that the hardware can copy rows of them, heads of at most 128 components that 16
    divides, and no dropout, which raises probabilities. Other attention is widened
    (bpt-widen-attention).

    ```mlir
    %o = bpt.attention ins(%q, %k, %v : tensor<1x512x8x64xf8E4M3FN>, ...) outs(%e : ...)
    ```
    becomes
    ```mlir
    %t = linalg.transpose ins(%v : tensor<1x512x8x64xf8E4M3FN>)
        outs(%u : tensor<1x8x64x512xf8E4M3FN>) permutation = [0, 2, 3, 1]
    %o = bpt.attention ins(%q, %k, %t : tensor<1x512x8x64xf8E4M3FN>, ...) outs(%e : ...) {value_transposed}
    ```
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def WidenAttentionPass : Pass<"bpt-widen-attention", "::mlir::func::FuncOp"> {
  let summary = "Widen the operands of attention of f8E4M3FN to 16 bits";
  let description = [{
    For attention whose values are not transposed (bpt-transpose-values).
    Tensor cores multiply bf16 with sums of f32, and bf16 holds every f8E4M3FN: the
    scores are the same. Probabilities are rounded to bf16 then, which has 16 times as
    many steps between powers of two as f8E4M3FN, and room for small scales that f16
    has not. Without scales, a destination of f16 has operands of f16. Query, key and value are written once in twice their size; their scales
    stay.

    ```mlir
    %o = bpt.attention ins(%q, %k, %v : tensor<1x?x8x64xf8E4M3FN>, ...) scales(%s, %s, %s : ...) outs(%e : ...)
    ```
    becomes
    ```mlir
    %w = linalg.generic ... ins(%l : tensor<1x?x512xf8E4M3FN>) outs(%t : tensor<1x?x512xbf16>) { arith.extf }
    %r = tensor.expand_shape %w ... : tensor<1x?x512xbf16> into tensor<1x?x8x64xbf16>
    %o = bpt.attention ins(%r, ... : tensor<1x?x8x64xbf16>, ...) scales(%s, %s, %s : ...) outs(%e : ...)
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def RemoveBarriersPass : Pass<"bpt-remove-barriers", "::mlir::func::FuncOp"> {
  let summary = "Drop the barriers between forward and backward pass";
  let description = [{
    Replaces every `bpt.barrier` by the value that it holds back. Run when no
    pass that would make one of equal operations comes before buffers are made.

    ```mlir
    %again = bpt.barrier %x after %dy : tensor<1x?x64xf32>, tensor<1x?x64xf32>
    %y = bpt.linear ins(%again, %w : ...) ...
    ```
    becomes
    ```mlir
    %y = bpt.linear ins(%x, %w : ...) ...
    ```
  }];
}

def TileChunksPass : Pass<"bpt-tile-chunks", "::mlir::func::FuncOp"> {
  let summary = "Compute layers chunk by chunk, to bound what they store";
  let description = [{
    Where operations of a layer get loops over blocks of their own (GPUs, where
    each such loop is a kernel), their results pass from one to the next through
    memory: activations of all rows. This pass makes loops over *chunks* of the
    strategy's `chunk` rows around them, one after the other, so that these
    results exist for the rows of one chunk only, whatever the length of the
    sequence. `bpt-tile-rows` then cuts what is in a chunk into blocks.

    A result is stored for all rows if it leaves the row-parallel operations or
    if some operation reads it at all rows: keys, values, the output of a layer.
    As in `bpt-tile-rows` one loop is made for each of them, and cheap operations
    are computed in each; loops over the same chunks that do not depend on each
    other (keys and values) become one. `fuse = false` does not matter here.

    A chunk never crosses entries of the batch, but holds as many whole ones as
    fit. One chunk needs no loop.

    ```mlir
    %n = bpt.rms_norm ins(%x : tensor<1x16384x64xf32>) ... {bpt.strategy = #bpt.strategy<rows = 64, chunk = 4096, fuse = false>}
    %y = bpt.linear ins(%n, %w : ...) ... {bpt.strategy = #bpt.strategy<rows = 64, chunk = 4096, fuse = false>}
    ```
    becomes
    ```mlir
    %y = scf.for %i = %c0 to %c16384 step %c4096 iter_args(%out = %e) -> (tensor<1x16384x64xf32>) {
      %rows = tensor.extract_slice %x[0, %i, 0] [1, 4096, 64] [1, 1, 1] : ...
      %n = bpt.rms_norm ins(%rows : tensor<1x4096x64xf32>) ...
      %y = bpt.linear ins(%n, %w : ...) ...
      %next = tensor.insert_slice %y into %out[0, %i, 0] [1, 4096, 64] [1, 1, 1] : ...
      scf.yield %next : tensor<1x16384x64xf32>
    }
    ```

    Errors: operations computed in one loop that ask for different chunks.

    Source: Liu and Abbeel 2023, section 3.
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
                           "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"];
  let statistics = [
    Statistic<"numLoops", "loops", "Number of loops over chunks">,
  ];
}

def TileSumsPass : Pass<"bpt-tile-sums", "::mlir::func::FuncOp"> {
  let summary = "Compute gradients chunk by chunk, in loops that carry their sums";
  let description = [{
    The gradients of weights, keys and values are sums over the rows of the
    sequence; what they are made of (activations computed again, their
    cotangents) is row by row. This pass finds all of it from the sums whose
    strategy says `chunk`, and makes loops over chunks of rows that compute a
    chunk of what is row by row and add to the sums, which they carry. One
    chunk's activations are all that exists at a time.

    What one loop needs at all rows (keys and values, and their gradients) is
    made by a loop before it, so a layer's backward pass is three loops: keys
    and values again; everything up to the gradients of queries, keys and
    values; the gradients of what keys and values are made of. Cheap operations
    that read one stored tensor are computed in each loop that needs them.

    Chunks never cross entries of the batch. Chunks are added in order, so sums
    have the same bits always.

    ```mlir
    %dx = bpt.linear ins(%dy, %wt : tensor<1x4096x64xf32>, ...) ...
    %dw = bpt.linear_weight_gradient ins(%x, %dy : tensor<1x4096x64xf32>, ...) outs(%zero : ...)
        {bpt.strategy = #bpt.strategy<chunk = 512>} ...
    ```
    becomes
    ```mlir
    %d:2 = scf.for %i = %c0 to %c4096 step %c512 iter_args(%dx0 = %e, %dw0 = %zero) -> (...) {
      %dyi = tensor.extract_slice %dy[0, %i, 0] [1, 512, 64] [1, 1, 1] : ...
      %xi = tensor.extract_slice %x[0, %i, 0] [1, 512, 64] [1, 1, 1] : ...
      %dxi = bpt.linear ins(%dyi, %wt : ...) ...
      %dw1 = bpt.linear_weight_gradient ins(%xi, %dyi : ...) outs(%dw0 : ...) ...
      %dx1 = tensor.insert_slice %dxi into %dx0[0, %i, 0] [1, 512, 64] [1, 1, 1] : ...
      scf.yield %dx1, %dw1 : ...
    }
    ```

    Errors: sums of one block of operations that ask for different chunks.

    Source: Liu and Abbeel 2023, section 3.
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
                           "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"];
  let statistics = [
    Statistic<"numLoops", "loops", "Number of loops over chunks">,
  ];
}

def TileColumnsPass : Pass<"bpt-tile-columns", "::mlir::func::FuncOp"> {
  let summary = "Cut gradients of weights into blocks of columns that run in parallel";
  let description = [{
    A sum over rows cannot be cut along the rows without a sum for each thread.
    Its columns can: this pass makes a parallel loop over blocks of the
    strategy's `columns` columns of `bpt.linear_weight_gradient` and
    `bpt.embedding_gradient`. Every element is summed by one thread, in order.

    With `rows`, which is for GPUs, a block of `bpt.linear_weight_gradient` is
    `columns` of its inputs as well, and sums `rows` rows at a time, in a loop:
    that is what fits on chip.

    ```mlir
    %dw = bpt.linear_weight_gradient ins(%x, %dy : tensor<1x512x64xf32>, tensor<1x512x256xf32>) outs(%z : ...)
        {bpt.strategy = #bpt.strategy<columns = 128>} -> tensor<64x256xf32>
    ```
    becomes
    ```mlir
    %dw = scf.forall (%j) = (0) to (256) step (128) shared_outs(%out = %z) -> (tensor<64x256xf32>) {
      %dyj = tensor.extract_slice %dy[0, 0, %j] [1, 512, 128] [1, 1, 1] : ...
      %zj = tensor.extract_slice %out[0, %j] [64, 128] [1, 1] : ...
      %dwj = bpt.linear_weight_gradient ins(%x, %dyj : ...) outs(%zj : ...) ...
      scf.forall.in_parallel { tensor.parallel_insert_slice %dwj into %out[0, %j] ... }
    }
    ```
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::scf::SCFDialect",
                           "::mlir::tensor::TensorDialect"];
}

def SeparateGradientsPass : Pass<"bpt-separate-gradients", "::mlir::func::FuncOp"> {
  let summary = "Give the gradients of queries, and those of keys, their own loops";
  let description = [{
    Replaces every `bpt.attention_backward` whose strategy says `separate` by two:
    of the gradients of queries (and of the bias), whose rows are parallel, and of
    those of keys and values, whose keys are. One loop over both has one owner of
    all sums, a batch entry and a head, which is too few for a GPU; with two, the
    scores and the cotangents of the probabilities are computed twice, 7 products
    for 5, and every sum still has one owner and one order. The second has the
    strategy's `rows` and `keys` the other way around: both are of one form, a
    block that holds its sums and steps over what they are sums of.

    ```mlir
    %d:3 = bpt.attention_backward ins(...) ... outs(%dq, %dk, %dv : ...)
        {bpt.strategy = #bpt.strategy<rows = 64, keys = 32, separate = true>}
    ```
    becomes
    ```mlir
    %d0 = bpt.attention_backward ins(...) ... outs(%dq : ...)
        {gradients = #bpt.attention_gradients<query>,
         bpt.strategy = #bpt.strategy<rows = 64, keys = 32, separate = true>}
    %d1:2 = bpt.attention_backward ins(...) ... outs(%dk, %dv : ...)
        {gradients = #bpt.attention_gradients<key_value>,
         bpt.strategy = #bpt.strategy<rows = 32, keys = 64, separate = true>}
    ```

    With `separate_values` the second is two as well, of `key` and of `value`: 8
    products, but a block by key holds the sums of one gradient instead of two,
    which of wide heads do not fit in registers.

    Source: Dao 2023 (FlashAttention-2), section 3.2.
  }];
  let dependentDialects = ["::mlir::bpt::BPTDialect"];
}

def SplitLossGradientsPass : Pass<"bpt-split-loss-gradients", "::mlir::func::FuncOp"> {
  let summary = "Make three products of the gradients of a loss";
  let description = [{
    Replaces every `bpt.cross_entropy_backward` whose strategy says `store_hidden`
    by products of matrices, of one block of `vocab` words after the other: the
    logits of the block, whose gradient is stored in the element type of the
    hidden states, the product of that with the transposed block of the weight,
    and the gradient of the block. The products get the strategy's `rows` and
    `columns`. The gradient of the logits is the epilogue of the first.

    ```mlir
    %dh, %dw = bpt.cross_entropy_backward ins(%h, %w, %y : tensor<1x64x32xbf16>, tensor<32x1000xbf16>, tensor<1x64xi32>) ...
        {bpt.strategy = #bpt.strategy<rows = 32, columns = 64, vocab = 128, store_hidden = true>}
    ```
    becomes
    ```mlir
    #s = #bpt.strategy<rows = 32, columns = 64, fuse = false>
    %dh, %dw = scf.for %v = %c0 to %c1000 step %c128 ... {
      %z = bpt.linear ins(%h, %block : ...) outs(%zero : tensor<1x64x?xf32>) {bpt.strategy = #s}
      %g = linalg.generic ... ins(%lse, %y, %c, %z : ...) outs(%e : tensor<1x64x?xbf16>)
      %a = bpt.linear ins(%g, %transposed : ...) outs(%sum_h : ...) {bpt.strategy = #s}
      %b = bpt.linear_weight_gradient ins(%h, %g : ...) outs(%sum_w_block : ...) {bpt.strategy = #s}
      ...
    }
    ```
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
                           "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"];
}

def SplitFeedForwardPass : Pass<"bpt-split-feed-forward", "::mlir::func::FuncOp"> {
  let summary = "Make two projections of feed-forward networks";
  let description = [{
    Replaces every `bpt.feed_forward` whose strategy says `store_hidden` by the
    projections that it is made of. The activations of the hidden units are
    stored in the element type of the input; the sums that they are made of stay
    f32. The projections get the strategy's `rows`, `columns` and `chunk`.

    `bpt-tile-rows` then makes two loops: biases, activation and gate are the
    epilogue of the first. Where a block of rows times the whole hidden axis does
    not pay (a GPU: the sums of a block do not fit in its registers), these are
    two plain matrix products.

    ```mlir
    %y = bpt.feed_forward ins(%x, %w1, %w2 : tensor<1x512x768xbf16>, ...) outs(%r : ...)
        {activation = #bpt.activation<gelu>, bpt.strategy = #bpt.strategy<rows = 64, columns = 64, store_hidden = true>}
    ```
    becomes
    ```mlir
    #s = #bpt.strategy<rows = 64, columns = 64>
    %u = bpt.linear ins(%x, %w1 : ...) outs(%zero : tensor<1x512x3072xf32>) {bpt.strategy = #s ...}
    %z = linalg.generic ... ins(%u : ...) outs(%e : tensor<1x512x3072xbf16>) { gelu, arith.truncf }
    %y = bpt.linear ins(%z, %w2 : ...) outs(%r : tensor<1x512x768xbf16>) {bpt.strategy = #s}
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::math::MathDialect", "::mlir::tensor::TensorDialect"];
}

def TileRowsPass : Pass<"bpt-tile-rows", "::mlir::func::FuncOp"> {
  let summary = "Fuse layers into parallel loops over blocks of query rows";
  let description = [{
    Once keys and values exist, every operation of a transformer layer is
    parallel along the rows of the query sequence. This pass cuts the rows into
    blocks of the strategy's `rows` and computes all operations of a layer for
    one block before the next, in one `scf.forall`.

    It decides which results must exist as a whole tensor, and makes one loop
    for each of them, into which everything else is fused:

    * a result that leaves the row-parallel operations (returned, or read by
      something else), or that some operation reads at all rows: keys, values;
    * a result that several loops need and that is not cheap to compute again.
      Norms and element-wise operations of one input are computed again, since
      reading their input costs as much as reading their result;
    * a result of an operation whose strategy says `fuse = false`. If that is
      read only by an element-wise operation of results in the same places (the
      sum with the residual, an activation), this one is the **epilogue** of the
      loop, and its result is what is stored.

    Where the strategy of the operation that a loop is made for, or of the one
    whose epilogue that is, says `heads` or `columns`, the same loop runs over
    blocks of heads, or of the result's columns, as well.

    Before:

    ```mlir
    %n = bpt.layer_norm ins(%x : tensor<1x4096x64xf32>) outs(%e : tensor<1x4096x64xf32>)
        {eps = 1.0e-5 : f32, bpt.strategy = #bpt.strategy<rows = 128>} -> tensor<1x4096x64xf32>
    %y = linalg.add ins(%x, %n : tensor<1x4096x64xf32>, tensor<1x4096x64xf32>)
        outs(%e : tensor<1x4096x64xf32>) -> tensor<1x4096x64xf32>
    ```

    After:

    ```mlir
    %y = scf.forall (%i) = (0) to (4096) step (128) shared_outs(%out = %e) -> (tensor<1x4096x64xf32>) {
      %rows = tensor.extract_slice %x[0, %i, 0] [1, 128, 64] [1, 1, 1] : ...
      %n = bpt.layer_norm ins(%rows : tensor<1x128x64xf32>) ...
      %y = linalg.add ins(%rows, %n : ...) ...
      scf.forall.in_parallel { tensor.parallel_insert_slice %y into %out[0, %i, 0] ... }
    }
    ```

    A remark (category `bpt-tile-rows`) names each loop's operations.
    Operations fused into a loop must agree with it on `rows`; a size that would
    be ignored is an error.

    Source: Liu and Abbeel 2023, section 3; tile and fuse as in upstream's
    `scf::tileConsumerAndFuseProducersUsingSCF`.
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::scf::SCFDialect",
                           "::mlir::tensor::TensorDialect"];
  let statistics = [
    Statistic<"numLoops", "loops", "Number of loops over row blocks">,
    Statistic<"numFused", "fused", "Number of operations fused into a loop">,
  ];
}

def TileKeysPass : Pass<"bpt-tile-keys", "::mlir::func::FuncOp"> {
  let summary = "Turn attention into loops over key blocks with online softmax";
  let description = [{
    Makes every `bpt.attention` a loop over batch entries and heads, and inside
    it loops of `bpt.online_attention` over key blocks of the strategy's `keys`
    (all keys at once where it gives none).

    Blocks that the causal mask or the window excludes for every row of the
    tile are never visited, and blocks in which they exclude nothing are
    computed without a mask: there are up to three loops, in order of the keys:
    blocks cut by the window's far edge, whole blocks, and blocks cut by the
    diagonal (or by the window's near edge, or by the end of the keys).

    Where the strategy gives `score_rows`, the rows of a block take turns inside
    each block of keys, so many at a time, and those that a mask excludes from all
    of these keys are skipped: what is packed of the keys serves all of them.

    With `group_heads`, the heads of one query row that share keys stay together:
    they are the rows of one product (a remark says so), which reads the keys once.

    `bpt.attention_backward` becomes a parallel loop over batch entries and key
    heads, in it a loop over `rows` rows, in that the loops over key blocks, and
    in these the turns of `score_rows` rows. Of the gradient of queries alone, rows are parallel as well; of those of keys
    and values alone the loops change places: blocks of keys are parallel, and the
    up to three loops are over the rows that see them, which of several heads that
    share the keys they take head by head.

    ```mlir
    // rows [%i, %i + 128) of a causal attention over 4096 keys, keys = 128
    %whole = scf.for %k = %c0 to %first_masked step %c128 iter_args(...) { bpt.online_attention ... }
    %all = scf.for %k = %first_masked to %last step %c128 iter_args(...) { bpt.online_attention ... {causal} ... }
    ```

    Source: Liu and Abbeel 2023, section 3; Rabe and Staats 2021.
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
                           "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"];
}

def TileHiddenPass : Pass<"bpt-tile-hidden", "::mlir::func::FuncOp"> {
  let summary = "Turn feed-forward networks into loops over blocks of hidden units";
  let description = [{
    Tiles every `bpt.feed_forward` whose strategy sets `hidden` along its hidden
    axis, a reduction: one block of act(x W1) exists at a time and adds its
    share to the result. The bias of the second projection goes into the
    destination first, and a destination that is not f32 is accumulated in f32
    and rounded once.

    ```mlir
    %y = scf.for %f = %c0 to %c3072 step %c768 iter_args(%sum = %init) -> (tensor<1x128x768xf32>) {
      %w1 = tensor.extract_slice %w1[0, %f] [768, 768] [1, 1] : ...
      %w2 = tensor.extract_slice %w2[%f, 0] [768, 768] [1, 1] : ...
      %next = bpt.feed_forward ins(%x, %w1, %w2 : ...) outs(%sum : ...) ...
      scf.yield %next : tensor<1x128x768xf32>
    }
    ```
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect", "::mlir::scf::SCFDialect",
                           "::mlir::tensor::TensorDialect"];
}

def DecomposePass : Pass<"bpt-decompose", "::mlir::func::FuncOp"> {
  let summary = "Replace bpt operations by linalg";
  let description = [{
    Asks every operation of the dialect for its decomposition
    (`AggregatedOpInterface`) until none is left. It accepts tiled and untiled
    operations alike: an untiled attention becomes the unfused computation with
    its whole matrix of scores.
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
                           "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"];
}

def HoistInvariantsPass : Pass<"bpt-hoist-invariants", "::mlir::func::FuncOp"> {
  let summary = "Move what does not change out of the loops inside a block";
  let description = [{
    Loop-invariant code motion for blocks on tensors: the scaled query leaves the
    loop over keys, rotary angles leave the loop over heads. Two things stay that
    upstream's pass would move: a `linalg.fill`, which starts a destination that
    the loop then overwrites (outside it would have to be copied back in every
    iteration), and everything in an `scf.forall`, since a value computed before
    a parallel loop is a whole tensor instead of a block.

    ```mlir
    scf.for %k = ... {
      %q = linalg.generic ... ins(%query) ...  // moves before the loop
      %z = linalg.fill ... outs(%scores)       // stays
    ```

    What an element-wise operation computes of a tile that a loop around comes
    back to is computed once, of all the tiles, before that loop: the query of
    a block, where blocks of scores are smaller (`score_rows`) and take turns
    inside the loop over keys. This needs room for the whole, which is given
    where it is known to have at most `max-elements` elements.

    ```mlir
    scf.for %k = ... {
      scf.for %i = ... {
        %tile = tensor.extract_slice %query[%i, 0] [16, 64] [1, 1]
        %q = linalg.generic ... ins(%tile) ...  // of %query, before the loop over %k
    ```
  }];
  let options = [
    Option<"maxElements", "max-elements", "int64_t", /*default=*/"131072",
           "Elements of the largest tensor that tiles are computed of at once.">
  ];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"
  ];
}

#endif // BPT_DIALECT_BPT_TRANSFORMS_PASSES
