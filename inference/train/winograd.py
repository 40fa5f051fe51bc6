"""Convolution with fewer multiplications, written as ordinary ONNX operators.

Winograd's minimal filtering: a tile of `side` x `side` outputs of a kernel of r x r comes from
n = side + r - 1 values squared, transformed, multiplied point by point and transformed back.
F(4x4, 5x5) needs 64 products a tile and channel pair where the plain convolution needs 400.
Source: Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2015), section 4;
the matrices are Cook-Toom's: Blahut, "Fast Algorithms for Signal Processing", chapter 5.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Final

import numpy as np

from inference.train.feature_map import Maps
from inference.train.folding import Weights
from inference.train.graph import GraphWriter

_POINTS: Final = tuple(map(Fraction, ("0", "1", "-1", "2", "-2", "1/2", "-1/2")))
"""Interpolation points besides infinity, the least harmful to float32 first."""
_NEIGHBORS: Final = ((0, 0), (0, 1), (1, 0), (1, 1))
"""Blocks that a patch reaches into: how many further down and to the right."""


@dataclass(frozen=True, slots=True)
class Transforms:
    """Matrices of F(side, r): y = output @ ((kernel @ g) * (input @ d)), n = side + r - 1."""

    input: Weights
    """(n, n)"""
    kernel: Weights
    """(n, r)"""
    output: Weights
    """(side, n)"""


def transforms(side: int, kernel_side: int) -> Transforms:
    """Return the matrices of F(side, kernel_side), exact up to the rounding to float64."""
    points = _POINTS[: side + kernel_side - 2]
    assert len(points) == side + kernel_side - 2
    factors = [prod(p - q for q in points if q != p) for p in points]
    whole = [[*_polynomial([q for q in points if q != p]), Fraction(0)] for p in points]
    return Transforms(
        input=_matrix([*whole, _polynomial(points)]),
        kernel=_matrix(
            [
                *(
                    [p**power / factor for power in range(kernel_side)]
                    for p, factor in zip(points, factors, strict=True)
                ),
                [Fraction(power == kernel_side - 1) for power in range(kernel_side)],
            ]
        ),
        output=_matrix(
            [[*(p**power for p in points), Fraction(power == side - 1)] for power in range(side)]
        ),
    )


class Winograd:
    """A convolution whose transformed kernels stand once in a graph, to be applied repeatedly."""

    def __init__(self, graph: GraphWriter, weight: Weights, side: int) -> None:
        """Store weight (out, in, r, r) for tiles of side x side outputs."""
        self._graph = graph
        self._side = side
        self._out_channels, channels, self._kernel_side, _ = weight.shape
        matrices = transforms(side, self._kernel_side)
        self._points = len(matrices.input) ** 2
        kernels = np.einsum(
            "fy,ocyx,gx->fgoc", matrices.kernel, weight, matrices.kernel, optimize=True
        ).reshape(self._points, self._out_channels, channels)
        order = _patch_order(side, self._kernel_side)
        self._forward = graph.numbers(_square(matrices.input)[:, order])
        self._kernels = graph.numbers(kernels)
        self._back = graph.numbers(_square(matrices.output))

    def convolve(self, source: Maps) -> Maps:
        """Append the convolution: stride 1, no padding, no bias.

        The source's size must be a multiple of `side`; a row and a column of tiles more than the
        outputs fill are needed, whatever they hold. The result has the source's width, of which
        the last `side` columns are meaningless, as are outputs that saw meaningless inputs.
        """
        graph, side, points = self._graph, self._side, self._points
        columns = source.width // side
        rows = source.height // side - 2
        count = source.batch * rows * columns
        patches = self._patches(source, rows * columns)
        spectrum = graph.add("MatMul", [self._forward, patches])
        spectrum = graph.reshape(spectrum, points, source.channels, count)
        product = graph.add("MatMul", [self._kernels, spectrum])
        product = graph.reshape(product, points, self._out_channels * count)
        tiles = graph.add("MatMul", [self._back, product])
        maps = self._out_channels * source.batch
        tiles = graph.reshape(tiles, 1, side**2 * maps, rows, columns)
        result = graph.add("DepthToSpace", [tiles], blocksize=side, mode="DCR")
        return Maps(result, self._out_channels, source.batch, rows * side, source.width)

    def _patches(self, source: Maps, tiles: int) -> str:
        """Append the patches of all tiles (n * n, channels * batch * tiles), see `_patch_order`.

        Counted through all columns, the block right of a block is the next one and the block
        below it `columns` further, so that each part of all patches is one run of blocks.
        """
        graph, side, columns = self._graph, self._side, source.width // self._side
        maps, overlap = source.channels * source.batch, self._kernel_side - 1
        blocks = graph.add("SpaceToDepth", [source.name], blocksize=side)
        blocks = graph.reshape(blocks, side, side, maps, source.height // side * columns)
        parts = []
        for down, right in _NEIGHBORS:
            height, width = (overlap if down else side), (overlap if right else side)
            first = down * columns + right
            bounds = ((0, 0, first), (height, width, first + tiles), (0, 1, 3))
            part = graph.add("Slice", [blocks, *(graph.shape(*bound) for bound in bounds)])
            parts.append(graph.reshape(part, height * width, maps * tiles))
        return graph.add("Concat", parts, axis=0)


def _patch_order(side: int, kernel_side: int) -> list[int]:
    """Return which value of a patch, counted row by row, each row of `_patches` holds.

    A patch is its own block of side x side and the first rows and columns of the next ones.
    """
    overlap = kernel_side - 1
    return [
        (down * side + y) * (side + overlap) + right * side + x
        for down, right in _NEIGHBORS
        for y in range(overlap if down else side)
        for x in range(overlap if right else side)
    ]


def _square(matrix: Weights) -> Weights:
    """Return the matrix that transforms both directions of a patch laid out row by row."""
    return np.asarray(np.kron(matrix, matrix), np.float64)


def _polynomial(roots: list[Fraction] | tuple[Fraction, ...]) -> list[Fraction]:
    """Return the coefficients, lowest power first, of the product of (x - root)."""
    coefficients = [Fraction(1)]
    for root in roots:
        shifted = [Fraction(0), *coefficients]
        scaled = [-root * value for value in coefficients] + [Fraction(0)]
        coefficients = [a + b for a, b in zip(shifted, scaled, strict=True)]
    return coefficients


def _matrix(rows: list[list[Fraction]]) -> Weights:
    return np.array([[float(value) for value in row] for row in rows])
