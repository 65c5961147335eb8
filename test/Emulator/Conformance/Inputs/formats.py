"""Floating-point formats: decoding and correct rounding, as the PTX ISA defines them."""

import dataclasses
import math
from fractions import Fraction

import numpy as np


@dataclasses.dataclass(frozen=True)
class Format:
    name: str
    width: int
    exponent_bits: int
    mantissa_bits: int
    # e4m3 has no infinity; its only NaN has all bits set.
    has_infinity: bool = True

    @property
    def bias(self):
        return (1 << (self.exponent_bits - 1)) - 1

    @property
    def minimum_exponent(self):
        return 1 - self.bias

    @property
    def sign_bit(self):
        return 1 << (self.exponent_bits + self.mantissa_bits)

    @property
    def infinity(self):
        assert self.has_infinity
        return ((1 << self.exponent_bits) - 1) << self.mantissa_bits

    @property
    def nan(self):
        """The canonical NaN of the PTX ISA: every bit but the sign."""
        return self.sign_bit - 1

    @property
    def maximum(self):
        return self.infinity - 1 if self.has_infinity else self.sign_bit - 2

    def decode(self, bits):
        """The values of an array of bit patterns, in double precision."""
        bits = np.asarray(bits).astype(np.uint64)
        if self.name == "f64":
            return bits.view(np.float64)
        mantissa = (bits & np.uint64((1 << self.mantissa_bits) - 1)).astype(np.float64)
        exponent = ((bits >> np.uint64(self.mantissa_bits)) &
                    np.uint64((1 << self.exponent_bits) - 1)).astype(np.int64)
        fraction = mantissa / 2.0**self.mantissa_bits
        value = np.where(exponent == 0, fraction, 1 + fraction)
        value = np.ldexp(value, np.maximum(exponent, 1) - self.bias)
        if self.has_infinity:
            special = exponent == (1 << self.exponent_bits) - 1
            value = np.where(special, np.where(mantissa == 0, np.inf, np.nan), value)
        else:
            value = np.where((bits & np.uint64(self.sign_bit - 1)) == self.nan, np.nan, value)
        return np.where(bits & np.uint64(self.sign_bit), -value, value)

    def value(self, bits):
        """What decode gives, for one Python integer and much faster."""
        magnitude = bits & (self.sign_bit - 1)
        exponent, mantissa = magnitude >> self.mantissa_bits, magnitude & self.mantissa_mask
        if self.is_nan(bits):
            return math.nan
        if self.has_infinity and magnitude == self.infinity:
            result = math.inf
        else:
            mantissa |= (exponent > 0) << self.mantissa_bits
            result = math.ldexp(mantissa, max(exponent, 1) - self.bias - self.mantissa_bits)
        return -result if bits & self.sign_bit else result

    @property
    def mantissa_mask(self):
        return (1 << self.mantissa_bits) - 1

    def is_nan(self, bits):
        magnitude = bits & (self.sign_bit - 1)
        return magnitude > self.infinity if self.has_infinity else magnitude == self.nan

    def round(self, value, mode="rn", saturate=False):
        """The bit pattern of a float or Fraction, rounded once."""
        if isinstance(value, float):
            if math.isnan(value):
                return self.nan
            if math.isinf(value):
                sign = self.sign_bit if value < 0 else 0
                if saturate or not self.has_infinity:
                    return sign | self.maximum
                return sign | self.infinity
            if value == 0:
                return self.sign_bit if math.copysign(1, value) < 0 else 0
            value = Fraction(value)
        if value == 0:
            return 0
        negative = value < 0
        magnitude = abs(value)
        exponent = floor_log2(magnitude)
        exponent = max(exponent, self.minimum_exponent)
        scaled = magnitude / Fraction(2) ** (exponent - self.mantissa_bits)
        bits = round_integer(scaled, mode, negative)
        bits += (exponent - self.minimum_exponent) << self.mantissa_bits
        if bits > self.maximum:
            to_infinity = mode in ("rn", "rna") or mode == ("rm" if negative else "rp")
            bits = self.maximum
            if to_infinity and not saturate and self.has_infinity:
                bits = self.infinity
        return bits | (self.sign_bit if negative else 0)

    def encode(self, values):
        """Rounds an array to nearest even."""
        flat = [self.round(float(v)) for v in np.asarray(values).ravel()]
        dtype = {8: np.uint8, 16: np.uint16, 32: np.uint32, 64: np.uint64}[self.width]
        return np.array(flat, dtype=np.uint64).astype(dtype).reshape(np.shape(values))

    def is_subnormal(self, bits):
        magnitude = bits & (self.sign_bit - 1)
        return 0 < magnitude < (1 << self.mantissa_bits)

    def flush(self, bits):
        return bits & self.sign_bit if self.is_subnormal(bits) else bits


def floor_log2(fraction):
    estimate = fraction.numerator.bit_length() - fraction.denominator.bit_length()
    return estimate if Fraction(2) ** estimate <= fraction else estimate - 1


def round_integer(magnitude, mode, negative=False):
    """Rounds a non-negative Fraction to an integer; the sign directs rm and rp."""
    floor = magnitude.numerator // magnitude.denominator
    rest = magnitude - floor
    if rest == 0:
        return floor
    half = Fraction(1, 2)
    up = {
        "rn": rest > half or (rest == half and floor & 1),
        "rna": rest >= half,
        "rz": False,
        "rm": negative,
        "rp": not negative,
    }[mode]
    return floor + 1 if up else floor


F16 = Format("f16", 16, 5, 10)
BF16 = Format("bf16", 16, 8, 7)
F32 = Format("f32", 32, 8, 23)
F64 = Format("f64", 64, 11, 52)
# Stored in the upper bits of 32.
TF32 = Format("tf32", 32, 8, 10)
E4M3 = Format("e4m3", 8, 4, 3, has_infinity=False)
E5M2 = Format("e5m2", 8, 5, 2)
FORMATS = {f.name: f for f in (F16, BF16, F32, F64, TF32, E4M3, E5M2)}


def decode_tf32(bits):
    """The tensor core reads the upper 19 bits of a 32-bit register."""
    return F32.decode(np.asarray(bits) & np.uint32(0xFFFFE000))
