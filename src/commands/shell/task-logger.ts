import { LISTR_LOGGER_STDERR_LEVELS, ListrLogger, ListrLogLevels, type LoggerFieldOptions } from 'listr2';

/**
 * Logs the tasks of a command as plain lines. Of one that failed it says which, and leaves the reason to the failure that the
 * command renders: it has the place and the hint too.
 */
export class TaskLogger extends ListrLogger {
  constructor() {
    super({ toStderr: LISTR_LOGGER_STDERR_LEVELS });
  }

  override log(level: string, message: string, options?: LoggerFieldOptions): void {
    super.log(level, message, level === ListrLogLevels.FAILED ? undefined : options);
  }
}
