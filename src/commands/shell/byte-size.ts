import { UsageError } from '../../support/errors.js';

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
};

/**
 * A size as people write it: `500MB`, `1.5 GiB`, or bytes.
 *
 * @throws UsageError naming the flag if it is none, or less than a byte
 */
export function byteSize(flag: string, text: string): number {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim()) ?? [];
  const factor = UNITS[unit.toLowerCase()];
  const bytes = factor === undefined || number === '' ? 0 : Math.floor(Number(number) * factor);
  if (bytes >= 1 && Number.isSafeInteger(bytes)) return bytes;
  throw new UsageError(`${flag} ${text} is no size`, { hint: 'Write it as in 500MB, 5GB or 2GiB.' });
}
