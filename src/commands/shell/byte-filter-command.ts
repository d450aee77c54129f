import { BaseCommand } from '../base.js';
import { STANDARD_STREAM } from './compressed-streams.js';

/** A command that turns files into others, one after the other, and may write to standard output instead. */
export abstract class ByteFilterCommand extends BaseCommand {
  // oclif's manifest inherits nothing through a class without a static property of its own.
  static override enableJsonFlag = true;

  /**
   * Shows how far the work on one file is, unless its result goes to standard output.
   *
   * @param size bytes that will be done, where that is known
   */
  protected async withProgress<Result>(
    title: string,
    output: string,
    size: number | null,
    run: (progress: (bytes: number) => void) => Promise<Result>,
  ): Promise<Result> {
    if (output === STANDARD_STREAM) return run(() => {});
    const results: Result[] = [];
    await this.runTasks(
      [
        {
          title,
          task: async (_context, task) => {
            const reporter = this.progressOf(task);
            const total = size === null ? {} : { total: size };
            results.push(await run((done) => reporter.report({ done, ...total, unit: 'bytes' })));
          },
        },
      ],
      {},
    );
    return results[0]!;
  }
}
