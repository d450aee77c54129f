import { Flags } from '@oclif/core';
import { UsageError } from '../../support/errors.js';

/** A positive number of minutes, whole or not. */
export const minutesFlag = Flags.custom<number>({
  helpValue: 'N',
  parse: async (text) => {
    const minutes = Number(text);
    if (text.trim() !== '' && Number.isFinite(minutes) && minutes > 0) return minutes;
    throw new UsageError(`--minutes must be a number above 0, not ${text}`, { hint: 'For example --minutes 4.' });
  },
});
