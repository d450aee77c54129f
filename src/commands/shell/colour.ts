/** What decides whether output is coloured, as `process.stdout` has it. */
interface Output {
  isTTY?: boolean;
  hasColors?(count: number): boolean;
}

/** Whether to colour: as `NO_COLOR` and `FORCE_COLOR` say, else on terminals that can. */
export function usesColour(output: Output, env: Readonly<Record<string, string | undefined>>): boolean {
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false;
  if (env.FORCE_COLOR !== undefined) return !['0', 'false'].includes(env.FORCE_COLOR);
  return output.isTTY === true && output.hasColors?.(16) === true;
}
