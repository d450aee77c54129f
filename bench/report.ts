import { alignColumns } from '../src/commands/shell/table.js';

/** Middle value of some measurements. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

export function printTable(header: readonly string[], rows: readonly (readonly string[])[]): void {
  for (const line of alignColumns([header, ...rows])) process.stdout.write(`${line}\n`);
}
