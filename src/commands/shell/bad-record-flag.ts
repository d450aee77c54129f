import { Flags } from '@oclif/core';

/** `--on-bad-record` of the commands that read documents and have no settings of a project to say it. */
export const badRecordFlag = Flags.option({
  summary: 'What to do with a record that cannot be read.',
  options: ['fail', 'skip'] as const,
  default: 'fail' as const,
})();
