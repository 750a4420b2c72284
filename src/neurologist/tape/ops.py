"""What kind of op an autograd node is.

Activations and losses are the catalogue's to name; the table here holds the rest, by autograd's own names without
"Backward0". A name that is in neither is "unknown" and stays in the graph. To add an op, add its name to its kind.
"""

from __future__ import annotations

from functools import cache

from torch.autograd.graph import Node

from neurologist import catalogue

KINDS: dict[str, str] = {
    name: kind
    for kind, names in {
        "linear": "Addmm Mm Addmv Mv Linear AddmmActivation",
        "matmul": "Bmm Baddbmm Addbmm Dot Einsum Matmul",
        "conv": "Convolution ConvolutionOverrideable MkldnnConvolution CudnnConvolution SlowConv2D",
        "normalisation": "NativeBatchNorm CudnnBatchNorm MiopenBatchNorm BatchNormImplIndex NativeLayerNorm "
        "NativeGroupNorm FusedRmsNorm RmsNorm",
        "attention": "ScaledDotProductFlashAttentionForCpu ScaledDotProductFlashAttention "
        "ScaledDotProductEfficientAttention ScaledDotProductCudnnAttention ScaledDotProductFusedAttentionOverrideable",
        "recurrent": "MkldnnRnnLayer CudnnRnn MiopenRnn ThnnFusedLstmCell ThnnFusedGruCell LstmMps",
        "embedding": "Embedding EmbeddingBag EmbeddingRenorm",
        "dropout": "NativeDropout FusedDropout",
        "pooling": "MaxPool2DWithIndices MaxPool3DWithIndices MaxPool1D AvgPool2D AvgPool3D AvgPool1D "
        "AdaptiveAvgPool2D AdaptiveAvgPool3D MkldnnAdaptiveAvgPool2D AdaptiveMaxPool2D FractionalMaxPool2D",
        "reduction": "Mean Sum Prod Max Min Amax Amin Var VarMean Std StdMean Norm LinalgVectorNorm Logsumexp Cumsum "
        "Trace Nansum Median",
        "arithmetic": "Add Sub Rsub Mul Div Neg Pow Exp Exp2 Expm1 Log Log2 Log10 Log1P Sqrt Rsqrt Reciprocal Abs Sin "
        "Cos Tan Asin Acos Atan Atan2 Sinh Cosh Sinc Erf Erfc Erfinv Square Clamp ClampMin ClampMax Maximum Minimum "
        "Where Lerp Addcmul Addcdiv Sgn Sign Floor Ceil Round Remainder Xlogy Threshold Softshrink Hardshrink Glu "
        "Logaddexp Hypot Frac Trunc MaskedFill",
        "shape": "View UnsafeView ReshapeAlias Reshape T Transpose Permute Squeeze Unsqueeze Expand Cat Stack Split "
        "SplitWithSizes UnsafeSplit Unbind Slice Select Index IndexSelect IndexPut IndexAdd Gather Scatter ScatterAdd "
        "Narrow Clone Alias Copy CopySlices AsStrided ToCopy Repeat Flip Roll Pad ConstantPadNd ReflectionPad2D "
        "ReplicationPad2D UpsampleNearest2D UpsampleBilinear2D MaskedSelect MaskedScatter Diagonal Tril Triu Unfold "
        "PixelShuffle Detach Chunk Movedim Real Imag ViewAsReal ViewAsComplex SliceScatter Contiguous LiftFresh "
        "RepeatInterleave Sort Topk Fill Zero Values NestedGetValues NestedViewFromJagged NestedViewFromBuffer "
        "NestedTensorFromTensorList NestedTensorFromMask ToPaddedTensor NestedFromPadded NestedFromPaddedTensor",
        "checkpoint": "CheckpointFunction",
        "compiled": "CompiledFunction",
    }.items()
    for name in names.split()
}
# Kinds through which a unit's value passes unchanged, so that "what feeds this op" may look through them.
TRANSPARENT = frozenset({"shape", "dropout"})


@cache
def short(name: str) -> str:
    """Autograd's class name without its suffix: "ReluBackward0" -> "Relu"."""
    return name.rsplit("::", 1)[-1].split("Backward", 1)[0] or name


def classify(node: Node) -> tuple[str, str | None]:
    """Kind of an autograd node, and its member in the catalogue if it has one."""
    name = node.name()
    if _is_activation(name) and (activation := catalogue.by_autograd(name, node)):
        distribution = activation.vector and (activation.range.hi <= 1 or activation.range.lo >= 0)
        return "softmax" if distribution else "activation", activation.name
    return _other(name)


@cache
def _is_activation(name: str) -> bool:
    return catalogue.by_autograd(name) is not None


@cache
def _other(name: str) -> tuple[str, str | None]:
    loss = catalogue.loss_by_autograd(name)
    return ("loss", loss.name) if loss else (KINDS.get(short(name), "unknown"), None)


@cache
def loss_of(function: str) -> str | None:
    """The catalogue's name of the loss that a torch.nn.functional function computes."""
    loss = catalogue.loss_by_function(function)
    return loss.name if loss else None
