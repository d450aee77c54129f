import { Command, type Interfaces } from '@oclif/core';
import type { ListrDefaultRenderer, ListrSimpleRenderer, ListrTask, ListrTaskWrapper } from 'listr2';
import type { PluginRegistry } from '../plugins/registry.js';
import { UsageError } from '../support/errors.js';
import { describeFailure, failureAsJson, renderFailure } from './shell/failure.js';
import { describePluginProblems } from './shell/plugin-lines.js';
import { ProgressReporter } from './shell/progress.js';
import { listenForStop, type StopRequest } from './shell/stop-signal.js';

/** Milliseconds between two states of one progress line, on a terminal and in a log file. */
const LIVE_INTERVAL = 100;
const LOG_INTERVAL = 10_000;

/** One step of a command's work, as `runTasks` takes it. */
export type Task<Context> = ListrTask<Context, ListrDefaultRenderer, ListrSimpleRenderer>;
/** What a task's function receives: its title and output can be set while it runs. */
export type RunningTask<Context> = ListrTaskWrapper<Context, ListrDefaultRenderer, ListrSimpleRenderer>;

/**
 * What all commands share: `--json`, failures rendered without a stack trace, exit codes (0 done, 1 failed, 2 bad
 * usage, 130 stopped cleanly), progress, stop signals and plugins.
 *
 * A command's `run` returns what `--json` prints, and prints the same for people by `this.log`, which `--json` silences.
 * Heavy libraries are imported inside `run`.
 */
export abstract class BaseCommand extends Command {
  static override enableJsonFlag = true;

  private stopRequest: StopRequest | undefined;

  /**
   * Runs tasks in order: a live list on a terminal, plain lines elsewhere, nothing under `--json`. An error of a task
   * ends the list and is thrown; the list marks the task alone, since the error is rendered when it arrives at the command.
   */
  protected async runTasks<Context extends object>(tasks: Task<Context>[], context: Context): Promise<Context> {
    const [{ Listr }, { TaskLogger }] = await Promise.all([import('listr2'), import('./shell/task-logger.js')]);
    const list = new Listr<Context, 'default', 'simple'>(tasks, {
      fallbackRenderer: 'simple',
      fallbackRendererCondition: () => !process.stdout.isTTY,
      rendererOptions: { showErrorMessage: false },
      fallbackRendererOptions: { logger: new TaskLogger() },
      silentRendererCondition: () => this.jsonEnabled(),
      // Stop signals are handled here, so that work can end cleanly.
      registerSignalListeners: false,
    });
    return list.run(context);
  }

  /**
   * Runs the only task of a command, and shows how many bytes it has done.
   *
   * @param size bytes that will be done, where that is known; otherwise `run` may tell it with its progress
   */
  protected async runOnBytes<Result>(
    title: string,
    size: number | null,
    run: (progress: (bytes: number, of?: number) => void) => Promise<Result>,
  ): Promise<Result> {
    const results: Result[] = [];
    await this.runTasks(
      [
        {
          title,
          task: async (_context, task) => {
            const reporter = this.progressOf(task);
            const progress = (done: number, total = size): void =>
              reporter.report({ done, ...(total !== null && { total }), unit: 'bytes' });
            results.push(await run(progress));
          },
        },
      ],
      {},
    );
    return results[0]!;
  }

  /** Shows how far a task is, in its output: often on a terminal, every ten seconds in a log. */
  protected progressOf<Context>(task: RunningTask<Context>): ProgressReporter {
    const show = (line: string): void => {
      task.output = line;
    };
    return new ProgressReporter(show, process.stdout.isTTY ? LIVE_INTERVAL : LOG_INTERVAL);
  }

  /** Aborted by the first SIGINT, SIGTERM or SIGUSR2, from the first use on; a second signal kills the process. */
  protected get stopSignal(): AbortSignal {
    this.stopRequest ??= listenForStop((name) =>
      process.stderr.write(`${name}: stopping cleanly; send it again to stop at once.\n`),
    );
    return this.stopRequest.signal;
  }

  /** All compressors and backends. Plugins that could not be loaded are named on stderr, unless `quietly`. */
  protected async loadPlugins({ quietly = false } = {}): Promise<PluginRegistry> {
    const { loadRegistry } = await import('../plugins/discovery.js');
    const registry = await loadRegistry(this.config);
    if (!quietly && !this.jsonEnabled())
      for (const line of describePluginProblems(registry)) process.stderr.write(`${line}\n`);
    return registry;
  }

  /** @throws UsageError for a flag whose value is empty, as `-o "$OUTPUT"` of a script that forgot to set it: no flag takes that */
  protected override async parse<
    Flags extends Interfaces.OutputFlags<Interfaces.FlagInput>,
    BaseFlags extends Interfaces.OutputFlags<Interfaces.FlagInput>,
    Arguments extends Interfaces.OutputArgs<Interfaces.ArgInput>,
  >(
    options?: Interfaces.Input<Flags, BaseFlags, Arguments>,
    argv?: string[],
  ): Promise<Interfaces.ParserOutput<Flags, BaseFlags, Arguments>> {
    const parsed = await super.parse(options, argv);
    const empty = parsed.raw.find(({ type, input }) => type === 'flag' && input === '');
    if (empty?.type === 'flag')
      throw new UsageError(`--${empty.flag} has an empty value`, { hint: 'Give it one, or leave it out.' });
    return parsed;
  }

  /** oclif looks for cycles and colours first, by names of all properties: for a million numbers that takes minutes. */
  protected override logJson(json: unknown): void {
    if (process.stdout.isTTY) super.logJson(json);
    else process.stdout.write(`${JSON.stringify(json, null, 2)}\n`);
  }

  protected override async catch(error: Error): Promise<void> {
    // `this.exit(0)` arrives here too.
    if ('code' in error && error.code === 'EEXIT') throw error;
    const failure = describeFailure(error);
    if (this.jsonEnabled()) this.logJson(failureAsJson(failure));
    else process.stderr.write(renderFailure(failure, process.env.DEBUG === '*'));
    this.exit(failure.exitCode);
  }

  protected override async finally(error: Error | undefined): Promise<void> {
    this.stopRequest?.release();
    await super.finally(error);
  }
}
