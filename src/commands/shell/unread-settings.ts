import { UsageError } from '../../support/errors.js';

/**
 * Refuses a `--set` that a command would not look at.
 *
 * @param read settings by their dotted paths; all below them are read too
 * @throws UsageError
 */
export function refuseUnread(assignments: readonly string[], read: readonly string[]): void {
  for (const assignment of assignments) {
    const name = assignment.split('=', 1)[0]!.trim();
    if (read.some((allowed) => name === allowed || name.startsWith(`${allowed}.`))) continue;
    throw new UsageError(`${name} would be ignored: this command does not read it`, {
      field: name,
      hint: `What can be set here: ${read.join(', ')}.`,
    });
  }
}
