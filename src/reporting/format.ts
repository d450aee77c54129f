/** How the report writes numbers. */

const ABSENT = '–';

/** `1.05 M`: three digits and a unit of thousands. */
export function compact(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return ABSENT;
  const units = ['', 'k', 'M', 'G', 'T'];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, Math.abs(value))) / 3)));
  if (power === 0) return String(Number(value.toPrecision(3)));
  return `${(value / 1000 ** power).toPrecision(3)} ${units[power]}`;
}

/** With so many digits after the point. */
export function fixed(value: number | undefined, digits: number): string {
  return value === undefined || !Number.isFinite(value) ? ABSENT : value.toFixed(digits);
}

/** With five digits that count. */
export function significant(value: number | undefined): string {
  return value === undefined || !Number.isFinite(value) ? ABSENT : value.toPrecision(5);
}

/** A value of a setting or of the environment, as it would be typed. */
export function literal(value: unknown): string {
  if (value === undefined) return ABSENT;
  if (Array.isArray(value)) return value.map(literal).join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
