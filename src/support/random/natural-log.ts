const float = new Float64Array(1);
const bits = new Int32Array(float.buffer);

/**
 * Natural logarithm of a positive, finite, normal number, accurate to 2 units in the last place.
 *
 * `Math.log` may differ in its last bit between platforms; this uses only operations that IEEE 754 rounds exactly, so
 * parameters initialised from a seed are the same everywhere.
 */
export function naturalLog(x: number): number {
  float[0] = x;
  // x = mantissa · 2^exponent with the mantissa in [√½, √2).
  let exponent = ((bits[1]! >>> 20) & 0x7ff) - 1023;
  bits[1] = (bits[1]! & 0x000fffff) | 0x3ff00000;
  let mantissa = float[0]!;
  if (mantissa > Math.SQRT2) {
    mantissa *= 0.5;
    exponent += 1;
  }
  // ln m = 2 artanh s with s = (m − 1) / (m + 1), |s| < 0.172: eleven terms of the odd series reach 2^-53.
  const s = (mantissa - 1) / (mantissa + 1);
  const square = s * s;
  let series = 0;
  for (let odd = 21; odd >= 3; odd -= 2) series = (series + 1 / odd) * square;
  return exponent * Math.LN2 + 2 * (s + s * series);
}
